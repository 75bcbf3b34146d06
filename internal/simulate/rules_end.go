package simulate

import (
	"fmt"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// runsAll says what does not run on a machine; groups in spare are passed over.
func (r *Run) runsAll(m *scenario.Machine, spare map[string]bool) error {
	for _, g := range r.w.GroupsOf(m) {
		for _, word := range g.Resources {
			if !m.Running[word] && !spare[g.Resources[0]] {
				return fmt.Errorf("%s does not run on %s", word, m.Name)
			}
		}
	}
	return nil
}

// takeoverTime is from the silence of a node until the other runs everything: D + L + S_start.
func (r *Run) takeoverTime(dead, by *scenario.Machine) time.Duration {
	take, _ := r.fenceTime(by.Index())
	return take + r.deadtime(dead) + r.travel() + r.startTime(by)
}

// takeoverInTime is the rule takeover-in-time.
func takeoverInTime(r *Run, a *act) {
	if a.f[0] == "crash" && a.sleeper == a.o && a.o != nil && r.healthy(a.o) && r.gentle() && r.deviceOf(a.o) &&
		r.w.Now+r.keepalive(a.o) < a.o.Asleep+min(r.deadtime(a.o), r.deadtime(a.m)) {
		// It sleeps while the other dies. What arrived meanwhile counts from when it arrived.
		o, wakes := a.o, a.wakes-r.w.Now+2*r.keepalive(a.o)
		take, _ := r.fenceTime(o.Index())
		r.owe("takeover-in-time", max(r.deadtime(a.m)+r.travel(), wakes)+take+r.startTime(o), func() error { return r.runsAll(o, nil) })
		return
	}
	// Loss makes no takeover later: it can only be too early.
	if !a.before.lossy || a.o == nil || !r.deviceOf(a.o) || a.f[0] != "crash" && a.f[0] != "kill" || !r.healthy(a.o) {
		return
	}
	o := a.o
	r.owe("takeover-in-time", r.takeoverTime(a.m, o), func() error { return r.runsAll(o, nil) })
}

// troubleStaysLocal is the rule trouble-stays-local.
func troubleStaysLocal(r *Run, a *act) {
	if !a.before.settled || a.f[0] != "crash" || r.healthy(a.o) || !r.deviceOf(a.o) {
		return
	}
	o := a.o
	spare, hanging := r.troubled(o)
	life := o.Life()
	// Every script may run as often as a stop is tried, and each that hangs is waited for once.
	tries := r.startTime(o) + 12*(r.stopTime(o)+r.statusTime(o))
	after := r.takeoverTime(a.m, o) + tries + time.Duration(hanging)*r.w.OptionsOf(o).HangReport
	r.owe("trouble-stays-local", after, func() error {
		if o.Life() != life {
			return nil // a stop failed for good, and it has rebooted
		}
		return r.runsAll(o, spare)
	})
}

// stopInTime is the rule stop-in-time.
func stopInTime(r *Run, a *act) {
	if !a.before.settled || a.f[0] != "stop" || !r.healthy(a.m) || !r.healthy(a.o) {
		return
	}
	m, o := a.m, a.o
	r.owe("stop-in-time", r.stopTime(m)+2*r.travel()+r.startTime(o), func() error {
		if len(m.Running) > 0 {
			return fmt.Errorf("%v runs on %s", m.Running, m.Name)
		}
		return r.runsAll(o, nil)
	})
}

// exitInTime is the rule exit-in-time.
func exitInTime(r *Run, a *act) {
	if !a.before.settled && a.before.alone != a.m || a.f[0] != "stop" || !r.healthy(a.m) {
		return
	}
	m, life := a.m, a.m.Life()
	r.owe("exit-in-time", r.stopTime(m)+2*r.travel()+linger, func() error {
		if m.Core != nil && m.Life() == life {
			return fmt.Errorf("%s has not ended", m.Name)
		}
		return nil
	})
}

// linger is how long a stopping daemon waits for the other to confirm (core: linger).
const linger = 2 * time.Second

// moveInTime is the rule move-in-time.
func moveInTime(r *Run, a *act) {
	verb := a.f[0]
	if !a.before.settled || verb != "standby" && verb != "takeover" || !r.healthy(a.m) || !r.healthy(a.o) {
		return
	}
	giver, taker := a.m, a.o
	if verb == "takeover" {
		giver, taker = taker, giver
	}
	if r.w.OptionsOf(giver).Failback == core.FailbackLegacy {
		r.owe("move-in-time", 10*r.travel()+r.stopTime(giver)+r.startTime(taker), r.untouched()) // it refuses
		return
	}
	if r.legacy() {
		return // what is given away goes home again at once
	}
	moves := movedBy(verb, core.Which(a.f[2]))
	owner := a.before.owner
	for _, stopped := range r.stops {
		clear(stopped)
	}
	r.owe("move-in-time", 10*r.travel()+r.stopTime(giver)+r.startTime(taker), func() error {
		for _, g := range r.w.GroupsOf(giver) {
			moved := owner[g.Resources[0]] == giver.Name && moves(g.Home == giver.Name)
			for _, word := range g.Resources {
				if !moved && (r.stops[0][word] || r.stops[1][word]) {
					return fmt.Errorf("%s was stopped, which was not to move", word)
				}
			}
		}
		return r.ownersAre(func(g core.GroupConfig) string {
			if owner[g.Resources[0]] == giver.Name && moves(g.Home == giver.Name) {
				return taker.Name
			}
			return owner[g.Resources[0]]
		})
	})
}

// movedBy says of a group, by whether its home is the giver, whether the operator's word moves it.
func movedBy(verb string, which core.Which) func(home bool) bool {
	return func(home bool) bool {
		switch which {
		case core.All:
			return true
		case core.Local:
			return home == (verb == "standby")
		case core.Foreign:
			return home == (verb != "standby")
		}
		return !home // failback: each gets its own back
	}
}

// ownersAre says which group does not run, whole and only, where it should.
func (r *Run) ownersAre(where func(g core.GroupConfig) string) error {
	for _, g := range r.w.GroupsOf(r.pair[0]) {
		want := where(g)
		for _, word := range g.Resources {
			if on := r.w.Owners(word); len(on) != 1 || on[0] != want {
				return fmt.Errorf("%s runs on %v, not on %s", word, on, want)
			}
		}
	}
	return nil
}
