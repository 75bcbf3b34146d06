package simulate

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const document = "../../docs/guarantees.md"

var (
	quoted   = regexp.MustCompile("`([^`]+)`")
	ruleName = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+(\.txt)?$|^(converges|order|traffic)$`)
	testName = regexp.MustCompile(`^Test[A-Z]\w*$`)
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestGuaranteesNameRealTests holds docs/guarantees.md against what there is: every name in it exists, every
// rule of the simulator is named, and every promise says what holds it.
func TestGuaranteesNameRealTests(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range judgeDocument(string(text), holders(t)) {
		t.Error(fault)
	}
}

// TestGuaranteesAreJudged breaks the document in each way.
func TestGuaranteesAreJudged(t *testing.T) {
	names := map[string]bool{"one-owner": true, "power-cut": true, "TestX": true}
	for text, want := range map[string]string{
		"- **A.** B. Held by `one-owner`, `power-cut`, `TestX`.\n": "",
		"- **A.** B. Held by `one-ownr`.\n":                        "one-ownr",
		"- **A.** B. Held by `TestY`.\n":                           "TestY",
		"- **A.** B.\n":                                            "says not what holds it",
		"- **Not promised**: `TestX`.\n":                           "",
		"A. Held by nothing.\n":                                    "names nothing",
	} {
		got := strings.Join(judgeNames(text, names), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := strings.Join(judgeDocument("Held by `one-owner`.", holders(t)), "; "); !strings.Contains(got, "takeover-in-time is not named") {
		t.Errorf("a rule that is not named is not missed: %s", got)
	}
}

func judgeDocument(text string, names map[string]bool) []string {
	faults := judgeNames(text, names)
	for _, r := range RuleNames() {
		if !strings.Contains(text, "`"+r+"`") {
			faults = append(faults, "rule "+r+" is not named")
		}
	}
	return faults
}

// judgeNames looks at each item of a list and each paragraph.
func judgeNames(text string, names map[string]bool) (faults []string) {
	for _, item := range strings.Split(strings.ReplaceAll(text, "\n- ", "\n\n- "), "\n\n") {
		begin, _, _ := strings.Cut(strings.TrimSpace(item), "\n")
		_, held, says := strings.Cut(item, "Held by")
		switch {
		case says && !quoted.MatchString(held):
			faults = append(faults, "names nothing that holds it: "+begin)
		case !says && strings.HasPrefix(strings.TrimSpace(item), "- **") && !strings.Contains(item, "ot promised") && !strings.Contains(item, "not yet"):
			faults = append(faults, "says not what holds it: "+begin)
		}
		for _, m := range quoted.FindAllStringSubmatch(item, -1) {
			if n := m[1]; (testName.MatchString(n) || ruleName.MatchString(n)) && !names[n] {
				faults = append(faults, "there is no "+n+": "+begin)
			}
		}
	}
	return faults
}

// holders are all rules, scenarios and tests.
func holders(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, r := range RuleNames() {
		names[r] = true
	}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case filepath.Base(filepath.Dir(path)) == "scenarios" && filepath.Ext(path) == ".txt":
			names[d.Name()], names[strings.TrimSuffix(d.Name(), ".txt")] = true, true
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
				names[m[1]] = true
			}
		}
		return nil
	})
	if err != nil || len(names) < 200 {
		t.Fatalf("%d names: %v", len(names), err)
	}
	return names
}
