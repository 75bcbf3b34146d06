package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the | lines of testdata/scenarios; read every difference before you commit it")

// TestScenarios plays every script and compares what the nodes did with what is written there.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenarios/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d scenarios: %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Play(string(want))
			if err != nil {
				t.Fatal(err)
			}
			if got == string(want) {
				return
			}
			if *update {
				if err := os.WriteFile(f, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("the nodes did something else; to see it: go test ./internal/scenario -run TestScenarios/%s -update && git diff", filepath.Base(f))
		})
	}
}

// TestAheadChangesNothing plays every script again with beats that are handed over before they are
// due. The nodes must do the same at the same times. Left out are those in which the daemon itself is held
// up, and those with random loss: which of two datagrams of one moment comes first is another then.
func TestAheadChangesNothing(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/scenarios/*.txt")
	same := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if held.Match(text) {
			continue
		}
		same++
		head := "options ahead=on\n"
		got, err := Play(head + string(text))
		if err != nil {
			t.Fatal(err)
		}
		if byNode(got) != byNode(head+string(text)) {
			t.Errorf("%s: with beats ahead of time the nodes do something else:\n%s", filepath.Base(f), firstDifference(byNode(got), byNode(head+string(text))))
		}
	}
	if same < 65 {
		t.Errorf("only %d scripts were compared", same)
	}
}

var held = regexp.MustCompile(`(?m)^(stall|loss|options .*ahead)`)

// byNode sorts what happened by node: the order of what two nodes do at one moment is nobody's.
func byNode(text string) string {
	lines := strings.Split(text, "\n")
	node := func(l string) string {
		if f := strings.Fields(l); len(f) > 2 && f[0] == "|" {
			if f[1] == "ran" {
				return l
			}
			return f[2]
		}
		return ""
	}
	sort.SliceStable(lines, func(i, k int) bool { return node(lines[i]) < node(lines[k]) })
	return strings.Join(lines, "\n")
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer"
}
