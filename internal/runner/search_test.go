package runner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFind: the first place that has it as a program; those of /usr/local are among the places.
func TestFind(t *testing.T) {
	root := t.TempDir()
	var places []string
	for i, mode := range []os.FileMode{0, 0o644, 0o755, 0o755} { // a directory of that name, a file, programs
		dir := filepath.Join(root, string(rune('a'+i)))
		places = append(places, dir)
		path := filepath.Join(dir, "tool")
		if mode == 0 {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if mode != 0 {
			if err := os.WriteFile(path, nil, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	list := strings.Join(places, ":")
	if got, err := findIn(list, "tool"); err != nil || got != filepath.Join(places[2], "tool") {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := findIn(list, "other"); err == nil || err.Error() != "other is not installed" {
		t.Error(err)
	}
	own := filepath.Join(places[3], "tool")
	if got, err := Find(own); err != nil || got != own {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := Find(filepath.Join(places[1], "tool")); err == nil {
		t.Errorf("%s is no program", got)
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if !slices.Contains(filepath.SplitList(SearchPath), dir) {
			t.Errorf("%s is not searched", dir)
		}
	}
}
