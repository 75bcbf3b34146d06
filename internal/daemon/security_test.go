package daemon

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesRealTests keeps docs/security.md honest: each promise (a line that begins with "- **")
// names a test, and every test it names exists.
func TestSecurityNamesRealTests(t *testing.T) {
	doc, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir("..", func(path string, e os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(code, -1) {
			exists[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	for _, m := range named.FindAllStringSubmatch(string(doc), -1) {
		if !exists[m[1]] {
			t.Errorf("docs/security.md names %s, which does not exist", m[1])
		}
	}
	promises := regexp.MustCompile(`(?m)^- \*\*`).Split(string(doc), -1)[1:]
	if len(promises) < 20 {
		t.Errorf("%d promises found", len(promises))
	}
	for _, p := range promises {
		p, _, _ = strings.Cut(p, "\n\n")
		if !named.MatchString(p) {
			t.Errorf("a promise without a test: %.80s", p)
		}
	}
}
