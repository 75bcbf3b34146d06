package interop

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// lineRule is a line of the table of log lines, whose first lines tell how to read it.
type lineRule struct {
	line      int
	sign      string
	condition string // "" for always
	entry     int    // 0: no difference at all
	pattern   *regexp.Regexp
}

// rule is what the line says, in the form of the rules in code.
func (r *lineRule) rule() rule {
	if r.entry == 0 {
		return noDifference
	}
	return rule{name: fmt.Sprintf("lines.txt:%d", r.line), entry: r.entry}
}

func parseLines(name, table string) ([]lineRule, error) {
	var rules []lineRule
	for i, line := range strings.Split(table, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseLineRule(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		r.line = i + 1
		rules = append(rules, r)
	}
	return rules, nil
}

func parseLineRule(line string) (lineRule, error) {
	f := strings.Fields(line)
	if len(f) < 3 {
		return lineRule{}, fmt.Errorf("want: SIGN ENTRY PATTERN")
	}
	var r lineRule
	r.sign, r.condition, _ = strings.Cut(f[0], "/")
	if len(r.sign) != 1 || !strings.Contains("-+<>~", r.sign) {
		return lineRule{}, fmt.Errorf("unknown sign %s", r.sign)
	}
	if r.condition != "" && conditions[r.condition] == nil {
		return lineRule{}, fmt.Errorf("unknown condition %s", r.condition)
	}
	// Only what needs no decision of ours may go without an entry.
	if f[1] != "." || r.sign == "-" || r.sign == "+" {
		n, err := strconv.Atoi(f[1])
		if err != nil || n < 1 {
			return lineRule{}, fmt.Errorf("want the number of an entry, got %s", f[1])
		}
		r.entry = n
	}
	// What follows the two words, with its own blanks.
	rest := strings.TrimSpace(line[len(f[0]):])
	pattern, err := regexp.Compile(strings.TrimSpace(rest[len(f[1]):]))
	if err != nil {
		return lineRule{}, err
	}
	r.pattern = pattern
	return r, nil
}

// lineRule finds what the table says of a line that only one run has: the judge for '-', the other
// for '+'. Nil is for nothing. What has an entry goes before what has none.
func (c *comparison) lineRule(i int, node string, sign byte, line string) *rule {
	with, without := c.sides(sign)
	var found *rule
	for n := range c.lines {
		l := &c.lines[n]
		if !l.pattern.MatchString(line) || l.condition != "" && !conditions[l.condition](c, with, i, node) {
			continue
		}
		var applies bool
		switch l.sign {
		case "-":
			applies = is(with, i, node, C) && is(without, i, node, H)
		case "+":
			applies = is(with, i, node, H) && is(without, i, node, C)
		case "<":
			applies = sign == '-' && is(with, i, node, C)
		case ">":
			applies = sign == '+' && is(with, i, node, C) && is(without, i, node, C)
		case "~":
			applies = true
		}
		if applies && (found == nil || found.entry == 0) {
			r := l.rule()
			found = &r
		}
	}
	return found
}

// condition tells whether a rule counts for a node in a segment; with is the run that has the line.
type condition func(c *comparison, with *Observation, i int, node string) bool

// conditions are the words after a sign.
var conditions = map[string]condition{
	"loss":     func(c *comparison, _ *Observation, i int, _ string) bool { return c.losing(i) },
	"cpeer":    func(_ *comparison, with *Observation, i int, node string) bool { return is(with, i, peer(node), C) },
	"stopping": saying("Heartbeat shutdown in progress"),
	"early":    saying(" is stopping"),
	"heldup":   saying("This node was held up for "),
	"leaving": func(c *comparison, with *Observation, i int, node string) bool {
		return saying("Heartbeat shutdown in progress")(c, with, i, peer(node))
	},
	"notice": func(c *comparison, with *Observation, i int, node string) bool {
		notice := saying("Received shutdown notice from ")
		return notice(c, with, i, node) || i > 0 && notice(c, with, i-1, node)
	},
}

func peer(node string) string {
	if node == Nodes[0] {
		return Nodes[1]
	}
	return Nodes[0]
}

// saying is the condition that a node wrote a line in the segment, in either run.
func saying(text string) condition {
	return func(c *comparison, _ *Observation, i int, node string) bool {
		for _, o := range []*Observation{c.judge, c.other} {
			for _, l := range o.Segments[i].Log[node] {
				if strings.Contains(l.Text, text) {
					return true
				}
			}
		}
		return false
	}
}

// losing tells whether datagrams are lost by order of the scenario in a segment.
func (c *comparison) losing(segment int) bool {
	n, lossy := 0, map[string]bool{}
	for _, st := range c.script.Steps {
		switch st.Verb {
		case "settle":
			if n == segment && len(lossy) > 0 {
				return true
			}
			n++
		case "loss":
			if st.Args[1] != "0" {
				lossy[st.Args[0]] = true
			} else if n != segment { // in the last segment of a loss there still was one
				delete(lossy, st.Args[0])
			}
		}
	}
	return false
}
