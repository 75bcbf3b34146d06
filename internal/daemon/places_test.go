package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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
			filepath.Join(m.d.opt.Paths.RunDir, "children"):      home,
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
		filepath.Join(m.d.opt.Paths.RunDir, "children"):      0o700 | os.ModeDir,
		filepath.Join(m.d.opt.Paths.RunDir, "hb_generation"): 0o644,
		m.d.opt.Paths.LibDir:                                 0o755 | os.ModeDir,
		filepath.Join(m.d.opt.Paths.LibDir, "hb_generation"): 0o644,
		filepath.Join(m.d.opt.Paths.LibDir, "hb_uuid"):       0o644,
	} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v, want %v", path, info, err, mode)
		}
	}
	for _, words := range []string{"rsctmp is not a directory: removed", "scripts is not a directory: removed", "children is not a directory: removed", "BROKEN previous generation"} {
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

// TestNotesOfOthersAreRemoved: what stands in the directories of notes is believed, and written through; nothing may
// be there from the time when somebody else could write to them.
func TestNotesOfOthersAreRemoved(t *testing.T) {
	for name, open := range map[string]func(dir string) error{
		"all may write":       func(dir string) error { return os.Chmod(dir, 0o777) },
		"it was another's":    func(dir string) error { return os.Chown(dir, 65534, 65534) },
		"it was ours already": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if name == "it was another's" && os.Geteuid() != 0 {
				if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
					t.Fatal("cannot run here, and HEARTBEATD_NEED_ROOT=1 forbids to skip")
				}
				t.Skip("only root makes directories of others")
			}
			more := 0
			if name == "all may write" {
				more = 1100 // more than one look shows
			}
			m := trapped(t, func(m *machine, victim string) {
				for _, dir := range []string{filepath.Join(m.d.opt.Paths.RunDir, "scripts"), filepath.Join(m.d.opt.Paths.RunDir, "children")} {
					if err := errors.Join(os.Mkdir(dir, 0o700), os.Symlink(victim, filepath.Join(dir, "4194303")),
						os.WriteFile(filepath.Join(dir, "x"), nil, 0o600), unix.Mkfifo(filepath.Join(dir, "y"), 0o600), os.Mkdir(filepath.Join(dir, "z"), 0o700)); err != nil {
						t.Fatal(err)
					}
					for i := range more {
						if err := os.WriteFile(filepath.Join(dir, "x"+strconv.Itoa(i)), nil, 0o600); err != nil {
							t.Fatal(err)
						}
					}
					if open != nil {
						if err := open(dir); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
			for _, dir := range []string{filepath.Join(m.d.opt.Paths.RunDir, "scripts"), filepath.Join(m.d.opt.Paths.RunDir, "children")} {
				info, err := os.Lstat(dir)
				if err != nil || info.Mode() != 0o700|os.ModeDir || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
					t.Errorf("%s: %v %v", dir, info, err)
				}
				left, err := os.ReadDir(dir)
				if want := map[bool]int{true: 4, false: 0}[open == nil]; err != nil || len(left) != want {
					t.Errorf("%s: %d entries (%v), want %d", dir, len(left), err, want)
				}
			}
		})
	}
}

// newPlace is a directory that goes with the test: when nobody writes there any more. Scripts and goroutines that a test
// has not waited for may still make files while it goes.
func newPlace(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "machine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := os.RemoveAll(dir)
		for end := time.Now().Add(time.Minute); err != nil && time.Now().Before(end); err = os.RemoveAll(dir) {
			time.Sleep(5 * time.Millisecond)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return dir
}
