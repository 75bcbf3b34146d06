package stonith

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hanging makes a device whose parameters cannot be read until the test lets go: a disk that is gone.
func hanging(t *testing.T, change func(*Config)) (d *Device, l *logged, dir string, letGo func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "parameters")
	if err := unix.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	d, l, dir = device(t, "echo >>$HERE/ran", func(c *Config) {
		c.File, c.Words, c.Limit = file, nil, 50*time.Millisecond
		if change != nil {
			change(c)
		}
	})
	d.grace = 50 * time.Millisecond
	return d, l, dir, func() { w.Close() }
}

// reset fails the test if there is no answer.
func reset(t *testing.T, d *Device) Result {
	t.Helper()
	done := make(chan Result, 1)
	go func() { done <- d.Reset("node2") }()
	select {
	case r := <-done:
		return r
	case <-time.After(time.Minute):
		t.Fatal("fencing hangs")
		return Result{}
	}
}

// TestHangingInTheKernelIsGivenUp: fencing goes on though an attempt cannot be ended; when it wakes it resets nobody.
func TestHangingInTheKernelIsGivenUp(t *testing.T) {
	for _, kind := range []string{"external/test", meatware} {
		d, l, dir, letGo := hanging(t, func(c *Config) { c.Type = kind })
		for range 2 { // another attempt may be made
			if r := reset(t, d); r.OK || r.Code != 1 || !strings.Contains(r.Output, "cannot be ended: given up") || !strings.Contains(l.text(), "ERROR STONITH device "+kind) {
				t.Fatalf("%s: %+v\n%s", kind, r, l.text())
			}
		}
		letGo()
		for end := time.Now().Add(time.Minute); lost(d) > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("they never end")
			}
		}
		if _, err := os.Stat(dir + "/ran"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: an attempt that was given up resets the node: %v", kind, err)
		}
	}
}

func lost(d *Device) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// TestGivenUpAttemptStartsNothing, however late it wakes.
func TestGivenUpAttemptStartsNothing(t *testing.T) {
	d, _, dir := device(t, "echo >>$HERE/ran", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := d.attempt(ctx, "reset", "node2", make(chan int, 1)); r.OK {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(dir + "/ran"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is run: %v", err)
	}
}

// TestHangingAttemptsAreBounded: each keeps a thread of the daemon.
func TestHangingAttemptsAreBounded(t *testing.T) {
	d, _, dir := device(t, "echo >>$HERE/ran", nil)
	d.lost = mostLost
	if r := d.Reset("node2"); r.OK || r.Output != errLost.Error() {
		t.Errorf("%+v", r)
	}
	d.lost--
	if r := d.Reset("node2"); !r.OK {
		t.Errorf("%+v", r)
	}
	if got := read(t, dir+"/ran"); got != "\n" {
		t.Errorf("%q", got)
	}
}

// TestOneAttemptAtATime at a node; the device is asked beside it.
func TestOneAttemptAtATime(t *testing.T) {
	d, _, dir := device(t, `[ $5 = -S ] && exit 0; echo >>$HERE/ran; mkfifo $HERE/fifo; echo >$HERE/waits; read x <$HERE/fifo`, nil)
	done := make(chan Result, 1)
	go func() { done <- d.Reset("node2") }()
	await(t, dir+"/waits")
	if r := d.Reset("node2"); r.OK || r.Output != errBusy.Error() {
		t.Errorf("%+v", r)
	}
	if r := d.Check(); !r.OK {
		t.Errorf("%+v", r)
	}
	if err := os.WriteFile(dir+"/fifo", []byte("yes\n"), 0); err != nil {
		t.Fatal(err)
	}
	if r := <-done; !r.OK || read(t, dir+"/ran") != "\n" {
		t.Errorf("%+v", r)
	}
}
