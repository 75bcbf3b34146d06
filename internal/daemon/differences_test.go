package daemon

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDifferencesNameRealTests keeps docs/differences.md honest: every scenario and every test
// it names exists.
func TestDifferencesNameRealTests(t *testing.T) {
	doc, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	err = filepath.WalkDir("..", func(path string, e os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			code.Write(b)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(doc), -1) {
		if !strings.Contains(code.String(), "func "+m[1]+"(") {
			t.Errorf("docs/differences.md names %s, which does not exist", m[1])
		}
	}
	entries := regexp.MustCompile(`\n\d+\. `).Split(strings.Split(string(doc), "## Dangers")[0], -1)[1:]
	if len(entries) < 50 {
		t.Errorf("%d entries found", len(entries))
	}
	for i, e := range entries {
		if !regexp.MustCompile("cenarios? `|`(Test|Fuzz)|Rig: ").MatchString(e) {
			t.Errorf("difference %d names no test: %.60s", i+1, e)
		}
	}
	text := strings.Join(strings.Fields(string(doc)), " ")
	for _, m := range regexp.MustCompile("[Ss]cenarios? ((?:`[a-z-]+`,? ?(?:and )?)+)").FindAllStringSubmatch(text, -1) {
		for _, s := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(m[1], -1) {
			if _, err := os.Stat("../../testdata/scenarios/" + s[1] + ".txt"); err != nil {
				t.Errorf("docs/differences.md names scenario %s: %v", s[1], err)
			}
		}
	}
}
