package interop

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// entryTitle is the begin of an entry of docs/differences.md: "12. **A title.** Text".
var entryTitle = regexp.MustCompile(`^(\d+)\. \*\*(.*?)\*\*`)

// Entries reads the titles of docs/differences.md.
func Entries(document string) map[int]string {
	titles := map[int]string{}
	lines := bufio.NewScanner(strings.NewReader(document))
	for lines.Scan() {
		if m := entryTitle.FindStringSubmatch(lines.Text()); m != nil {
			n, _ := strconv.Atoi(m[1])
			titles[n] = strings.TrimSuffix(m[2], ".")
		}
	}
	return titles
}

// Table tells of each entry which scenarios it explains, and by which rules; one that is used
// and does not exist too.
func Table(w io.Writer, titles map[int]string, all []Difference) {
	scripts, rules := map[int]map[string]bool{}, map[int]map[string]bool{}
	for _, d := range all {
		if d.Entry == 0 {
			continue
		}
		if scripts[d.Entry] == nil {
			scripts[d.Entry], rules[d.Entry] = map[string]bool{}, map[string]bool{}
		}
		scripts[d.Entry][d.Script] = true
		rules[d.Entry][brief(d.By)] = true
	}
	for _, n := range slices.Sorted(maps.Keys(scripts)) {
		title, ok := titles[n]
		if !ok {
			title = "NO SUCH ENTRY"
		}
		fmt.Fprintf(w, "%3d. %s\n     %s: %s\n", n, title,
			strings.Join(slices.Sorted(maps.Keys(rules[n])), ", "), some(slices.Sorted(maps.Keys(scripts[n]))))
	}
}

// Idle tells which entries nothing needed.
func Idle(w io.Writer, titles map[int]string, all []Difference) {
	needed := map[int]bool{}
	for _, d := range all {
		needed[d.Entry] = true
	}
	var idle []string
	for _, n := range slices.Sorted(maps.Keys(titles)) {
		if !needed[n] {
			idle = append(idle, strconv.Itoa(n))
		}
	}
	if len(idle) > 0 {
		fmt.Fprintf(w, "No scenario needs: %s\n", strings.Join(idle, " "))
	}
}

// counted is a number of things in words.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// brief is what explains a difference without the scenario's details.
func brief(by string) string {
	if strings.HasPrefix(by, "differs") {
		return "differs"
	}
	return by
}

// some are the first names of many; scenarios by hand go before generated ones.
func some(names []string) string {
	const shown = 8
	slices.SortStableFunc(names, func(a, b string) int {
		return strings.Count(a, "seed-") - strings.Count(b, "seed-")
	})
	if len(names) <= shown {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], " "), len(names)-shown)
}
