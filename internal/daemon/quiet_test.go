package daemon

import (
	"os"
	"strings"
	"testing"
)

// TestWatcherSleeps: one thread may be late, and it is neither the first nor one that carries beats.
func TestWatcherSleeps(t *testing.T) {
	if _, err := os.Stat("/proc/self/timerslack_ns"); err != nil {
		t.Skipf("this kernel has no timerslack_ns: %v", err)
	}
	letWatcherSleep()
	late := 0
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, _ := os.ReadFile("/proc/" + e.Name() + "/timerslack_ns") // a thread may have gone
		if strings.TrimSpace(string(b)) == watcherSlack {
			late++
		}
	}
	if own, _ := os.ReadFile("/proc/self/timerslack_ns"); late != 1 || strings.TrimSpace(string(own)) == watcherSlack {
		t.Errorf("%d threads may be late; the first: %s", late, own)
	}
}
