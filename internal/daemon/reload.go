package daemon

import (
	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
)

// Keys is the key table.
type Keys = *auth.Keys

// Reread is what the files say now.
type Reread struct {
	Keys    Keys // nil: authkeys is as it was, or broken
	Err     error
	Notes   []Note
	Files   config.Files
	Changed string // in ha.cf and haresources, in words; "": nothing
	Refused []Note // why they cannot be used; empty if they can
}

// reload is SIGHUP: the log files are opened anew, and the files are read again, beside the loop, one reading at a time.
// New keys are taken as they are. For a new ha.cf or haresources the daemon replaces itself (replace.go). What is broken
// changes nothing; 3.0.6 ends the daemon over a broken authkeys.
func (d *daemon) reload() {
	d.log.Reopen()
	if q := d.scripts.hooks; q != nil {
		go q.Reread()
	}
	d.reconsiderPrograms()
	d.read()
}

// read reads the files beside the loop.
func (d *daemon) read() {
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
		d.opt.Files.Authkeys = r.Files.Authkeys
		d.beatsAnew()
	case r.Changed == "" && len(r.Refused) == 0 && !d.silent && !d.operatorWants():
		d.logLine("info", "Configuration unchanged.")
	}
	d.silent = false
	d.rethink(r)
	if d.again {
		d.again = false
		d.reload()
	}
}

// operatorWants says that a replacement was asked for and has not begun.
func (d *daemon) operatorWants() bool {
	return d.replacement.forced || d.replacement.wish != nil && d.replacement.wish.program
}

// rethink begins a replacement where the files ask for one, or an operator, and ends one that is not needed any more.
func (d *daemon) rethink(r Reread) {
	forced := d.replacement.forced
	for _, n := range r.Refused {
		d.logLine(n.Level, n.Text)
	}
	switch {
	case d.stopping:
		d.renounce("this node is stopping")
	case r.Err != nil:
		d.renounce("authkeys is broken")
	case len(r.Refused) > 0:
		d.logLine("ERROR", "ha.cf or haresources has changed and is REFUSED: heartbeat runs on as it is; mend that before it starts again")
		d.renounce("ha.cf or haresources is refused: see the log")
	case d.opt.Program == "" && r.Changed != "":
		d.logLine("WARN", "ha.cf or haresources has changed: that takes effect at the next start of heartbeat")
	case d.opt.Program != "" && (r.Changed != "" || forced):
		d.want(wish{files: r.Files, changed: r.Changed != "", what: r.Changed, program: forced})
	case d.replacement.wish != nil && !d.replacement.wish.program:
		d.replacement.wish = nil
	}
	d.replacement.forced = false
}
