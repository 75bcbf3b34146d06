package pidfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestHandover: from the first daemon's start to the second's end nobody else gets the lock.
func TestHandover(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	first, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(when string) {
		t.Helper()
		var running *RunningError
		if _, err := Create(path); !errors.As(err, &running) || running.PID != os.Getpid() {
			t.Errorf("%s: %v, want that it runs already", when, err)
		}
	}
	fd, err := unix.FcntlInt(first.Lock().Fd(), unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	refused("in between")
	os.Remove(path)
	second, err := Adopt(path, os.NewFile(uintptr(fd), "lock"))
	if err != nil || second.Warning != nil {
		t.Fatal(err, second.Warning)
	}
	if pid, err := Read(path); err != nil || pid != os.Getpid() {
		t.Errorf("the pid file says %d, %v", pid, err)
	}
	refused("afterwards")
	if err := second.Remove(); err != nil {
		t.Fatal(err)
	}
	third, err := Create(path)
	if err != nil {
		t.Fatalf("the lock was not given back: %v", err)
	}
	third.Remove()
	stranger, _ := os.Create(filepath.Join(t.TempDir(), "other"))
	holder, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Remove()
	other, err := os.OpenFile(lockPath(path), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Adopt(path, other); err == nil {
		t.Error("a file without the lock was taken for the lock")
	}
	stranger.Close()
}
