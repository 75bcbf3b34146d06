package daemon

import "heartbeatd/internal/watchdog"

// What runs on while the daemon replaces itself, and is looked after by the image that goes on.

// inheritedDog goes on with the armed device, if it is still the one of ha.cf.
func (d *daemon) inheritedDog() *watchdog.Dog {
	h := d.inherited
	if h == nil || h.Watchdog < 3 || h.WatchdogName != d.opt.Config.Watchdog {
		return nil
	}
	return watchdog.Adopt(h.WatchdogName, h.Watchdog, d.opt.Config.Deadtime, d.logLine)
}

// disarmOther ends the watch of a device that ha.cf does not name any more.
func (d *daemon) disarmOther() {
	if h := d.inherited; h != nil && h.Watchdog > 2 && h.WatchdogName != d.opt.Config.Watchdog {
		go watchdog.DisarmInherited(h.WatchdogName, h.Watchdog, d.logLine)
	}
}

// adoptPrograms goes on with the programs of ha.cf.
func (d *daemon) adoptPrograms() {
	p, h := &d.programs, d.inherited
	if h == nil || !h.Begun {
		return
	}
	adopted, actions := p.keeper.Resume(d.now(), h.Programs)
	for _, a := range adopted {
		p.processes.Adopt(a.N, a.PID)
	}
	d.keep(actions)
}

// keptPrograms are the processes of those that run.
func (d *daemon) keptPrograms() (pids []int) {
	if d.inherited != nil {
		for _, s := range d.inherited.Programs {
			if s.PID > 0 {
				pids = append(pids, s.PID)
			}
		}
	}
	return pids
}
