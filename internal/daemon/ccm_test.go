package daemon

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
	"testing"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
)

// TestPlaceForCCM: it has one that is its user's where it is configured, and only there.
func TestPlaceForCCM(t *testing.T) {
	name, uid := "nobody", uint32(65534)
	if os.Geteuid() != 0 {
		me, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		name, uid = me.Username, uint32(os.Geteuid())
	} else if u, err := user.Lookup(name); err != nil || u.Uid != "65534" {
		t.Fatalf("this machine has no user nobody: %v", err)
	}
	for _, program := range []string{"ccm -d", "other"} {
		m := newMachine(t, linktest.New(nil, 1, "eth0"), "node1", func(c *config.Config) {
			c.Children = []config.Child{{User: name, Command: "/usr/lib/heartbeat/" + program}}
		})
		m.d.makePlaces()
		note := filepath.Join(m.d.opt.Paths.RunDir, "children", "1")
		if err := errors.Join(os.MkdirAll(filepath.Dir(note), 0o700), os.WriteFile(note, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		m.d.openPrograms()
		m.d.programs.timer.Stop()
		m.until("the notes of an earlier daemon are gone", func() bool { // beside this, and the directory goes with the test
			_, err := os.Stat(note)
			return err != nil
		})
		info, err := os.Lstat(filepath.Join(m.d.opt.Paths.RunDir, "ccm"))
		if program == "other" {
			if err == nil {
				t.Error("it is there though no ccm is configured")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); info.Mode() != os.ModeDir|0o750 || st.Uid != uid {
			t.Errorf("mode %v, user %d", info.Mode(), st.Uid)
		}
	}
}
