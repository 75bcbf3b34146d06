package daemon

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"heartbeatd/etc"
	"heartbeatd/internal/runner"
)

// TestOnlyOurScriptIsDoneWithin: what an administrator has put under the name of an address script is run.
func TestOnlyOurScriptIsDoneWithin(t *testing.T) {
	ours, err := fs.ReadFile(etc.AddressScripts, "ha.d/resource.d/IPaddr2")
	if err != nil {
		t.Fatal(err)
	}
	other, err := fs.ReadFile(etc.AddressScripts, "ha.d/resource.d/IPaddr")
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte{}, ours...)
	changed[len(changed)-2]++
	d := &daemon{}
	path := filepath.Join(t.TempDir(), "IPaddr2")
	if err := os.WriteFile(path, ours, 0o755); err != nil {
		t.Fatal(err)
	}
	if d.ownScript(runner.Command{Path: path}) == nil {
		t.Error("ours is not done within")
	}
	if err := os.WriteFile(path+".new", changed, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if d.ownScript(runner.Command{Path: path}) != nil {
		t.Error("changed since, it is still done within")
	}
	for _, tt := range []struct {
		name, file string
		content    []byte
		within     bool
	}{
		{"as shipped", "IPaddr2", ours, true},
		{"one byte changed", "IPaddr2", changed, false},
		{"something added", "IPaddr2", append(append([]byte{}, ours...), '\n'), false},
		{"cut off", "IPaddr2", ours[:len(ours)-1], false},
		{"another of ours", "IPaddr2", other, false},
		{"another name", "myaddr", ours, false},
		{"none", "IPaddr2", nil, false},
	} {
		path := filepath.Join(t.TempDir(), tt.file)
		if tt.content != nil {
			if err := os.WriteFile(path, tt.content, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if got := (&daemon{}).ownScript(runner.Command{Path: path, Args: []string{"192.0.2.1"}}) != nil; got != tt.within {
			t.Errorf("%s: done within: %v", tt.name, got)
		}
	}
}
