package runner

import (
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestHungDiskHoldsUpItsScriptOnly: while the file of a script cannot be read, this process goes on, its collector of
// garbage included. A lease on the file does what a hanging disk does: whoever opens it waits.
func TestHungDiskHoldsUpItsScriptOnly(t *testing.T) {
	s := newSite(t)
	path := s.script("web", "echo here")
	f, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const lease = 1024 // F_SETLEASE
	var held error
	for range 100 { // whoever has just written it may still have it open
		if _, held = unix.FcntlInt(f.Fd(), lease, unix.F_WRLCK); held == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if held != nil {
		t.Skipf("no lease on a file of this file system: %v", held)
	}
	s.Start(1, "web", "start")
	begin := time.Now()
	for time.Since(begin) < time.Second {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	took := time.Since(begin)
	select {
	case r := <-s.done:
		t.Fatalf("it ran without its file: %+v", r)
	default:
	}
	if _, err := unix.FcntlInt(f.Fd(), lease, unix.F_UNLCK); err != nil {
		t.Fatal(err)
	}
	if r := <-s.done; r.RC != 0 || r.Stdout != "here\n" {
		t.Errorf("%+v", r)
	}
	// Held up, the collector waits until the kernel takes the lease away, after 45 s.
	if took > 20*time.Second {
		t.Errorf("the process stood still for %v", took)
	}
}
