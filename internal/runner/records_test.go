package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestHostileRecords: what others may have put where scripts are noted.
func TestHostileRecords(t *testing.T) {
	r := records{dir: t.TempDir()}
	victim := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(victim, []byte("root:secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := exec.Command("sleep", "1000")
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	defer old.Wait()
	defer old.Process.Kill()
	pid := old.Process.Pid
	t.Run("a link is not written through", func(t *testing.T) {
		if err := os.Symlink(victim, r.path(pid)); err != nil {
			t.Fatal(err)
		}
		r.add(pid, "web start")
		if b, _ := os.ReadFile(victim); string(b) != "root:secret" {
			t.Errorf("another file was written: %q", b)
		}
		if got := r.left(t); len(got) != 1 || got[0].pid != pid || got[0].line != "web start" {
			t.Errorf("found: %+v", got)
		}
	})
	t.Run("numbers that mean everybody", func(t *testing.T) {
		for _, n := range []int{1, os.Getpid(), 0, -1, -pid} {
			begun, _ := startTime(n)
			if err := os.WriteFile(r.path(n), []byte(begun+"\nall\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.left(t); len(got) != 0 {
			t.Errorf("would be killed or waited for: %+v", got)
		}
	})
	begun, _ := startTime(pid)
	t.Run("a FIFO", func(t *testing.T) {
		if err := unix.Mkfifo(r.path(pid), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := r.left(t); len(got) != 0 {
			t.Errorf("found: %+v", got)
		}
	})
	t.Run("a link", func(t *testing.T) {
		if err := os.WriteFile(victim, []byte(begun+"\nlinked\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, r.path(pid)); err != nil {
			t.Fatal(err)
		}
		if got := r.left(t); len(got) != 0 {
			t.Errorf("found: %+v", got)
		}
	})
	t.Run("a link to what has no end", func(t *testing.T) {
		if err := os.Symlink("/dev/zero", r.path(pid)); err != nil {
			t.Fatal(err)
		}
		if got := r.left(t); len(got) != 0 {
			t.Errorf("found: %+v", got)
		}
	})
	t.Run("a long record", func(t *testing.T) {
		if err := os.WriteFile(r.path(pid), []byte(begun+"\n"+strings.Repeat("x", 1<<20)), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := r.left(t); len(got) != 1 || len(got[0].line) > recordMax {
			t.Errorf("found: %d", len(got))
		}
	})
	t.Run("another user's record", func(t *testing.T) {
		if err := os.WriteFile(r.path(pid), []byte(begun+"\nweb\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(r.path(pid), 65534, 65534); err != nil {
			needRoot(t, "no file of another user can be had", err)
		}
		if got := r.left(t); len(got) != 0 {
			t.Errorf("found: %+v", got)
		}
	})
}

// left is what of an earlier daemon still runs, as the records say. Nothing is done to it.
func (r *records) left(t *testing.T) (found []orphan) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.each(func(string, string) {}, "scripts", func(o orphan) { found = append(found, o) })
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
	}
	if entries, err := os.ReadDir(r.dir); err != nil || len(entries) > 0 {
		t.Errorf("records left behind: %v %v", entries, err)
	}
	return found
}
