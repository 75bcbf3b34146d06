package cli

import (
	"errors"
	"testing"

	"heartbeatd/internal/config"
)

// TestNewResourcesNeedTheirScripts: a word with a slip of the pen takes no running group down at a reload.
func TestNewResourcesNeedTheirScripts(t *testing.T) {
	locate := func(word string) error {
		if word == "web" || word == "db" {
			return nil
		}
		return errors.New("Cannot locate resource script " + word)
	}
	before := []config.Group{{Home: "node1", Resources: []string{"web", "gone"}, Where: "haresources:1"}}
	for _, c := range []struct {
		name string
		now  []config.Group
		want string
	}{
		{"as it was", before, ""},
		{"a script that was missing before, in another group", []config.Group{{Resources: []string{"web"}}, {Resources: []string{"gone"}}}, ""},
		{"a new one that is there", []config.Group{{Resources: []string{"web", "gone", "db"}}}, ""},
		{"a new one that is not", []config.Group{{Resources: []string{"web"}}, {Resources: []string{"db", "wbe"}, Where: "haresources:2"}},
			"haresources:2: wbe: Cannot locate resource script wbe"},
	} {
		got := ""
		for _, n := range unstartable(before, c.now, locate) {
			got += n.Text
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
