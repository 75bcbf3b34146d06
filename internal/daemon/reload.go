package daemon

import (
	"heartbeatd/internal/auth"
)

// Keys is the key table.
type Keys = *auth.Keys

// reload is SIGHUP: the log files are opened anew, and authkeys is read again. A broken
// authkeys changes nothing; 3.0.6 ends the daemon over it.
func (d *daemon) reload() {
	d.log.Reopen()
	if d.opt.LoadKeys == nil {
		return
	}
	go func() { // reading may wait for the disk
		keys, notes, err := d.opt.LoadKeys()
		d.ask(func() { d.newKeys(keys, notes, err) })
	}()
}

func (d *daemon) newKeys(keys Keys, notes []Note, err error) {
	if err != nil {
		for _, n := range notes {
			d.logLine(n.Level, n.Text)
		}
		d.logLine("ERROR", "authkeys is broken, the keys in force stay: "+err.Error())
		return
	}
	d.logLine("info", "Rereading authentication file.")
	d.keys = keys
	d.logLine("info", "Changes of ha.cf and haresources take effect at the next start.")
}
