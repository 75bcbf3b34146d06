package daemon

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"heartbeatd/etc"
	"heartbeatd/internal/address"
	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/runner"
)

// TestAddressIsPutUpWithin: the daemon itself does what our script would, and says what that would say.
func TestAddressIsPutUpWithin(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	newMachine(t, network, "node2", nil).start()
	a := newMachine(t, network, "node1", func(c *config.Config) {
		c.Groups = append(c.Groups, config.Group{Home: "node1", Resources: []string{"IPaddr2::192.0.2.1/24/nosuch0"}})
	})
	ours, err := fs.ReadFile(etc.AddressScripts, "ha.d/resource.d/IPaddr2")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "ha.d", "resource.d", "IPaddr2"), ours, 0o755); err != nil {
		t.Fatal(err)
	}
	a.start()
	// Run as a script it would call this test's program, which says no such thing.
	a.untilLog("IPaddr2 192.0.2.1/24/nosuch0 start: ERROR: " + address.ErrNoInterface.Error())
}

// TestUnknownStatusOfAnAddress: where the kernel cannot be asked the address may be here.
func TestUnknownStatusOfAnAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "IPaddr2")
	ours, err := fs.ReadFile(etc.AddressScripts, "ha.d/resource.d/IPaddr2")
	if err == nil {
		err = os.WriteFile(path, ours, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	status := (&daemon{}).ownScript(runner.Command{Path: path, Args: []string{"192.0.2.1/24"}})
	if rc := status("status", io.Discard, io.Discard); rc != address.ExitNotRunning {
		t.Fatalf("exit %d of an address that is not here", rc)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0 // no socket can be opened
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	rc := status("status", io.Discard, io.Discard)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if done := scriptDone(runner.Result{RC: rc}); !done.Unsure {
		t.Errorf("exit %d counts as an answer", rc)
	}
}

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
