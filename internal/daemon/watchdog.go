package daemon

import (
	"time"

	"heartbeatd/internal/watchdog"
)

// guard is the watchdog device. It is tickled by the loop between two events, so that it resets a machine whose
// daemon cannot decide any more, whatever else still goes on there.
type guard struct {
	dog    *watchdog.Dog
	ticker *time.Ticker
	rhythm <-chan time.Time // nil: there is none
}

// openWatchdog arms the device. 3.0.6: when the links are open; tickled every keepalive.
func (d *daemon) openWatchdog() {
	c := d.opt.Config
	d.disarmOther()
	if c.Watchdog == "" {
		return
	}
	if g := &d.watchdog; g.dog == nil {
		if g.dog = d.inheritedDog(); g.dog == nil {
			g.dog = watchdog.Open(c.Watchdog, c.Deadtime, d.logLine)
		}
		if g.dog == nil {
			return
		}
		g.ticker = time.NewTicker(c.Keepalive)
		g.rhythm = g.ticker.C
	}
}

// starveWatchdog leaves the device to do what a reboot could not.
func (d *daemon) starveWatchdog() {
	g := &d.watchdog
	if g.dog == nil {
		return
	}
	g.ticker.Stop()
	g.rhythm = nil
	d.logLine("CRIT", "Watchdog device "+d.opt.Config.Watchdog+" is left to reset this machine")
}

// closeWatchdog disarms it. Until the very end a machine that hangs is reset: 3.0.6 disarms before it releases
// the first resource.
func (d *daemon) closeWatchdog() {
	g := &d.watchdog
	if g.dog == nil {
		return
	}
	g.ticker.Stop()
	if d.handedOver {
		g.dog.Leave()
		return
	}
	g.dog.Disarm()
	g.dog, g.rhythm = nil, nil
}
