package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/link/linktest"
)

// trapped is a machine where somebody has put things into the daemon's directories before its first
// start; victim is a file that links there lead to.
func trapped(t *testing.T, set func(m *machine, victim string)) *machine {
	t.Helper()
	m := newMachine(t, linktest.New(nil, 1, "eth0"), "node1", nil)
	victim := filepath.Join(m.dir, "shadow")
	for _, dir := range []string{m.d.opt.Paths.RunDir, m.d.opt.Paths.LibDir} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(victim, []byte("root:secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	set(m, victim)
	m.d.wait = func(time.Duration) {}
	m.d.openLog()
	t.Cleanup(func() { m.d.log.Close(time.Second) })
	done := make(chan error, 1)
	go func() { done <- m.d.open() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the daemon hangs at its start")
	}
	t.Cleanup(func() { m.d.links.Close() })
	m.d.log.Flush()
	info, err := os.Stat(victim)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(victim); string(text) != "root:secret" || info.Mode().Perm() != 0o600 {
		t.Errorf("another file was changed: mode %v, %q", info.Mode(), text)
	}
	return m
}

// TestLinksInOurDirectories: the daemon writes and changes modes as root.
func TestLinksInOurDirectories(t *testing.T) {
	home := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	m := trapped(t, func(m *machine, victim string) {
		for link, to := range map[string]string{
			filepath.Join(m.d.opt.Paths.RunDir, "rsctmp"):        home,
			filepath.Join(m.d.opt.Paths.RunDir, "scripts"):       home,
			filepath.Join(m.d.opt.Paths.RunDir, "hb_generation"): victim,
			filepath.Join(m.d.opt.Paths.LibDir, "hb_generation"): victim,
			filepath.Join(m.d.opt.Paths.LibDir, "hb_uuid"):       victim,
		} {
			if err := os.Symlink(to, link); err != nil {
				t.Fatal(err)
			}
		}
	})
	if info, err := os.Stat(home); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("another directory was opened to all: %v %v", info, err)
	}
	for path, mode := range map[string]os.FileMode{
		m.d.opt.Paths.RunDir:                                 0o755 | os.ModeDir,
		filepath.Join(m.d.opt.Paths.RunDir, "rsctmp"):        0o755 | os.ModeDir | os.ModeSticky,
		filepath.Join(m.d.opt.Paths.RunDir, "scripts"):       0o700 | os.ModeDir,
		filepath.Join(m.d.opt.Paths.RunDir, "hb_generation"): 0o644,
		m.d.opt.Paths.LibDir:                                 0o755 | os.ModeDir,
		filepath.Join(m.d.opt.Paths.LibDir, "hb_generation"): 0o644,
		filepath.Join(m.d.opt.Paths.LibDir, "hb_uuid"):       0o644,
	} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v, want %v", path, info, err, mode)
		}
	}
	for _, words := range []string{"rsctmp is not a directory: removed", "scripts is not a directory: removed", "BROKEN previous generation"} {
		if !strings.Contains(m.log(), words) {
			t.Errorf("the log does not say %q:\n%s", words, m.log())
		}
	}
}

// TestEndlessFilesInOurDirectories: nobody makes the start wait, or eat the memory.
func TestEndlessFilesInOurDirectories(t *testing.T) {
	m := trapped(t, func(m *machine, _ string) {
		if err := unix.Mkfifo(filepath.Join(m.d.opt.Paths.LibDir, "hb_generation"), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, link := range []string{filepath.Join(m.d.opt.Paths.RunDir, "hb_generation"), filepath.Join(m.d.opt.Paths.LibDir, "hb_uuid")} {
			if err := os.Symlink("/dev/zero", link); err != nil {
				t.Fatal(err)
			}
		}
	})
	if !strings.Contains(m.log(), "hb_generation: it is not a regular file") {
		t.Errorf("the log does not say what is wrong:\n%s", m.log())
	}
	for _, name := range []string{"hb_generation", "hb_uuid"} {
		if info, err := os.Lstat(filepath.Join(m.d.opt.Paths.LibDir, name)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}
