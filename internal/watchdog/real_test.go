//go:build integration && long

package watchdog

import (
	"os"
	"testing"
	"time"
)

// TestRealDevice needs a kernel with a watchdog, and a machine that may be watched: it opens the device, and
// disarms it at once.
func TestRealDevice(t *testing.T) {
	name := os.Getenv("HEARTBEATD_WATCHDOG")
	if name == "" {
		t.Skip("set HEARTBEATD_WATCHDOG=/dev/watchdog on a machine with softdog")
	}
	l := &lines{}
	d := Open(name, time.Minute, l.log)
	d.Tickle()
	d.Disarm()
	l.want(t, "notice: Using watchdog device: "+name)
}
