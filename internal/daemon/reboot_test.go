package daemon

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// starved says that nobody tickles the device any more, and that the node goes on.
func (m *machine) starved(t *testing.T, tickles func() int) {
	t.Helper()
	m.untilLog("CRIT: Watchdog device " + m.d.opt.Config.Watchdog + " is left to reset this machine")
	before := tickles()
	time.Sleep(10 * m.d.opt.Config.Keepalive)
	if after := tickles(); after > before+1 { // one may have been on its way
		t.Errorf("tickled %d times more", after-before)
	}
	if s := m.status(); s.State != "active" {
		t.Errorf("it is %s", s.State)
	}
}

// TestRebootByWatchdog: where a reboot is needed and none can be had, the device is left to do it.
func TestRebootByWatchdog(t *testing.T) {
	m, tickles := watched(t)
	m.until("it is tickled", func() bool { return tickles() > 2 })
	rebooter{each: time.Minute, gone: time.Minute}.reboot(m.d, "a stop script has failed", []string{"/bin/false"}, []string{"/nowhere/reboot"})
	m.untilLog("CRIT: a stop script has failed, and this machine could not be rebooted")
	m.starved(t, tickles)
}

// TestRebootThatHangs: a command that never ends keeps neither the next one nor the watchdog from what they are for.
func TestRebootThatHangs(t *testing.T) {
	m, tickles := watched(t)
	m.until("it is tickled", func() bool { return tickles() > 2 })
	pid, second := filepath.Join(m.dir, "pid"), filepath.Join(m.dir, "second")
	hang := m.script("hang", "echo $$ >"+pid+"\nexec sleep 1000\n")
	t.Cleanup(func() {
		m.until("the hanging command has begun", func() bool { b, _ := os.ReadFile(pid); return strings.HasSuffix(string(b), "\n") })
		b, _ := os.ReadFile(pid)
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && n > 1 {
			syscall.Kill(n, syscall.SIGKILL)
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		rebooter{each: 300 * time.Millisecond, gone: time.Minute}.reboot(m.d, "a stop script has failed", []string{hang, "-nf"}, []string{m.script("fails", "echo >"+second+"\nexit 1\n"), "6"})
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits for a command that hangs")
	}
	m.untilLog("ERROR: " + hang + " -nf has not ended within 300ms")
	m.untilLog("CRIT: a stop script has failed, and this machine could not be rebooted")
	m.until("the second command has run", func() bool { _, err := os.Stat(second); return err == nil })
	m.starved(t, tickles)
}

// TestRebootThatDoesNothing: a command that says the machine will be gone is believed for a while only.
func TestRebootThatDoesNothing(t *testing.T) {
	m, tickles := watched(t)
	m.until("it is tickled", func() bool { return tickles() > 2 })
	rebooter{each: time.Minute, gone: time.Second}.reboot(m.d, "a stop script has failed", []string{"/bin/true"}, []string{"/nowhere/reboot"})
	m.untilLog("CRIT: a stop script has failed, and this machine still runs 1s after /bin/true")
	m.starved(t, tickles)
}

// TestRebootFromHungDisk: a command that cannot be read holds up neither the process nor the next command. A lease on
// the file does what a hanging disk does: whoever opens it waits.
func TestRebootFromHungDisk(t *testing.T) {
	m, tickles := watched(t)
	m.until("it is tickled", func() bool { return tickles() > 2 })
	f, err := os.Open(m.script("reboot", "exit 0\n"))
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
	begin := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		rebooter{each: 300 * time.Millisecond, gone: time.Minute}.reboot(m.d, "a stop script has failed", []string{f.Name(), "-nf"}, []string{"/bin/false"})
	}()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(10 * time.Millisecond):
			runtime.GC()
		}
	}
	// Held up, the collector waits until the kernel takes the lease away, after 45 s.
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("the process stood still for %v", took)
	}
	m.starved(t, tickles)
	if _, err := unix.FcntlInt(f.Fd(), lease, unix.F_UNLCK); err != nil {
		t.Fatal(err)
	}
}
