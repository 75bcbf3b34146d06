package daemon

import "heartbeatd/internal/auth"

// Keys is the key table.
type Keys = *auth.Keys

// Reread is what the files say now.
type Reread struct {
	Keys         Keys // nil: authkeys is as it was, or broken
	Err          error
	Notes        []Note
	OtherChanged bool   // ha.cf or haresources
	Refused      []Note // why the next start would fail because of that; empty if it would not
}

// reload is SIGHUP: the log files are opened anew, and authkeys is read again. A broken
// authkeys changes nothing; 3.0.6 ends the daemon over it. The files are read beside the loop,
// one reading at a time.
func (d *daemon) reload() {
	d.log.Reopen()
	if q := d.scripts.hooks; q != nil {
		go q.Reread()
	}
	d.reconsiderPrograms()
	if d.opt.Reread == nil {
		return
	}
	if d.reading {
		d.again = true
		return
	}
	d.reading = true
	go func() {
		r := d.opt.Reread()
		d.ask(func() { d.reread(r) })
	}()
}

func (d *daemon) reread(r Reread) {
	d.reading = false
	for _, n := range r.Notes {
		d.logLine(n.Level, n.Text)
	}
	switch {
	case r.Err != nil:
		d.logLine("ERROR", "authkeys is broken, the keys in force stay: "+r.Err.Error())
	case r.Keys != nil:
		d.logLine("info", "Rereading authentication file.")
		d.keys = r.Keys
		d.lineKeys.Store(r.Keys)
		d.beatsAnew()
	case !r.OtherChanged:
		d.logLine("info", "Configuration unchanged.")
	}
	for _, n := range r.Refused {
		d.logLine(n.Level, n.Text)
	}
	switch {
	case len(r.Refused) > 0:
		d.logLine("ERROR", "ha.cf or haresources has changed and would be REFUSED: heartbeat runs on as it is, but would not start again")
	case r.OtherChanged:
		d.logLine("WARN", "ha.cf or haresources has changed: that takes effect at the next start of heartbeat")
	}
	if d.again {
		d.again = false
		d.reload()
	}
}
