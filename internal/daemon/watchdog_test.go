package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
)

// watched is a machine with a file for a watchdog device, and its peer, both running.
func watched(t *testing.T) (m *machine, tickles func() int) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	m = newMachine(t, network, "node1", nil)
	device := filepath.Join(m.dir, "watchdog")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m.d.opt.Config.Watchdog = device
	newMachine(t, network, "node2", nil).start()
	m.start()
	return m, func() int {
		b, err := os.ReadFile(device)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "V") && !strings.HasSuffix(string(b), "V") {
			t.Errorf("written after it was disarmed: %q", b)
		}
		return len(b)
	}
}

// TestWatchdog: tickled by the loop and by nothing else, disarmed at a clean stop.
func TestWatchdog(t *testing.T) {
	m, tickles := watched(t)
	m.untilLog("notice: Using watchdog device: " + m.d.opt.Config.Watchdog)
	for _, want := range []int{3, 6} {
		m.until("it is tickled", func() bool { return tickles() >= want })
	}
	m.d.ask(func() { // the loop hangs in here
		before := tickles()
		time.Sleep(10 * m.d.opt.Config.Keepalive)
		if after := tickles(); after > before+1 { // one may have been on its way
			t.Errorf("tickled %d times while nobody could decide", after-before)
		}
	})
	now := tickles()
	m.until("it is tickled again", func() bool { return tickles() >= now+3 })
	m.stop()
	if b, _ := os.ReadFile(m.d.opt.Config.Watchdog); !strings.HasSuffix(string(b), "V") {
		t.Errorf("not disarmed: %q", b)
	}
}

// TestWatchdogWhileStopping: a machine that hangs while it releases its resources is reset.
func TestWatchdogWhileStopping(t *testing.T) {
	m, tickles := watched(t)
	m.until("web runs", m.runs)
	hang := filepath.Join(m.dir, "hang-at-stop")
	os.WriteFile(hang, nil, 0o644)
	script := filepath.Join(m.d.opt.Config.Dir, "resource.d", "web")
	text, _ := os.ReadFile(script)
	os.WriteFile(script+".new", []byte(strings.Replace(string(text), "stop) ", "stop) while [ -e "+hang+" ]; do sleep 0.05; done; ", 1)), 0o755)
	os.Rename(script+".new", script)
	stopped := make(chan struct{})
	go func() { defer close(stopped); m.stop() }()
	m.untilLog("Giving up all HA resources.")
	now := tickles()
	m.until("it is tickled during the stop", func() bool { return tickles() >= now+5 })
	if b, _ := os.ReadFile(m.d.opt.Config.Watchdog); strings.Contains(string(b), "V") {
		t.Error("disarmed before the resources are released")
	}
	os.Remove(hang)
	<-stopped
}

// TestWithoutWatchdogDevice: said, and lived without.
func TestWithoutWatchdogDevice(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	m := newMachine(t, network, "node1", func(c *config.Config) { c.Watchdog = "/nowhere/watchdog" })
	newMachine(t, network, "node2", nil).start()
	m.start()
	m.until("web runs", m.runs)
	m.untilLog("ERROR: Cannot open watchdog device: /nowhere/watchdog: no such file or directory")
}
