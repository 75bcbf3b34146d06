package daemon

import (
	"time"

	"heartbeatd/internal/apphb"
)

// witness is apphbd, which says when this daemon hangs. It is told by the loop, as the watchdog is.
type witness struct {
	client *apphb.Client
	ticker *time.Ticker
	rhythm <-chan time.Time // nil: there is none
}

// openApphb begins to register. 3.0.6: when the links are open; a word every keepalive.
func (d *daemon) openApphb() {
	c := d.opt.Config
	if !c.UseApphbd {
		return
	}
	ticker := time.NewTicker(c.Keepalive)
	d.witness = witness{
		client: apphb.Open(apphb.Config{Path: d.opt.Paths.Apphb, Deadtime: c.Deadtime, Warntime: c.Warntime, Log: d.logLine}),
		ticker: ticker, rhythm: ticker.C,
	}
}

// closeApphb signs off.
func (d *daemon) closeApphb() {
	if d.witness.client != nil {
		d.witness.ticker.Stop()
		d.witness.client.Close()
	}
}
