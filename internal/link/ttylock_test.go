package link

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSerialLock(t *testing.T) {
	p := newPort(t)
	locks := t.TempDir()
	name := filepath.Join(locks, "LCK..ttyS0")
	write := func(pid int) {
		t.Helper()
		if err := os.WriteFile(name, fmt.Appendf(nil, "%10d\n", pid), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(os.Getppid())
	s := openSerialOn(t, p, Options{Locks: locks, Retry: 10 * time.Millisecond})
	if err := s.medium(0).Err; !strings.Contains(err, "cannot lock line "+p.path) {
		t.Errorf("opened in spite of a lock: %q", err)
	}
	write(1 << 30) // no such process
	awaitTrue(t, "it is open", func() bool { return s.medium(0).Open })
	if text, err := os.ReadFile(name); err != nil || string(text) != fmt.Sprintf("%10d\n", os.Getpid()) {
		t.Errorf("lock file: %q %v", text, err)
	}
	s.Close()
	if left, _ := filepath.Glob(filepath.Join(locks, "*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	write(os.Getppid())
	if os.Chown(name, 12345, 12345) == nil { // not everybody may
		s = openSerialOn(t, p, Options{Locks: locks})
		if !s.medium(0).Open {
			t.Errorf("kept off by the lock of a user: %+v", s.medium(0))
		}
		s.Close()
	}
	_ = os.Remove(name)
	// What a user may put there, and what no user can have put there for long.
	for _, bait := range []func() error{
		func() error { return os.Symlink("/dev/zero", name) },
		func() error { return unix.Mkfifo(name, 0o666) },
		func() error { return os.WriteFile(name, []byte("no pid"), 0o644) },
		func() error { return os.WriteFile(name, nil, 0o644) },
		func() error { return os.MkdirAll(filepath.Join(name, "not empty"), 0o755) },
	} {
		if err := bait(); err != nil {
			t.Fatal(err)
		}
		s = openSerialOn(t, p, Options{Locks: locks})
		if !s.medium(0).Open {
			t.Errorf("state: %+v", s.medium(0))
		}
		s.Close()
	}
	// No place for locks is no reason to have no link.
	s = openSerialOn(t, p, Options{Locks: filepath.Join(locks, "none")})
	if !s.medium(0).Open {
		t.Errorf("state: %+v", s.medium(0))
	}
}
