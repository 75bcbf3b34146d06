package simulate

import (
	"fmt"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// untouched watches that no script but status is run on either node from now on.
func (r *Run) untouched() func() error {
	begin := r.moves
	return func() error {
		if r.moves > begin {
			return fmt.Errorf("%d starts and stops were run", r.moves-begin)
		}
		return nil
	}
}

// as keeps who owns what.
func (r *Run) as(owner map[string]string) func(g core.GroupConfig) string {
	return func(g core.GroupConfig) string { return owner[g.Resources[0]] }
}

// restartKeeps is the rule restart-keeps.
func restartKeeps(r *Run, a *act) {
	if !a.before.settled || a.f[0] != "restart" || !r.healthy(a.m) || !r.fresh(a.m) || a.m.Disk.Full {
		return
	}
	for _, g := range r.w.GroupsOf(a.m) {
		if a.before.owner[g.Resources[0]] != g.Home && r.anyFailback() {
			return // its start had failed at home; a new life there has forgotten that, and gets it back
		}
	}
	owner, untouched := a.before.owner, r.untouched()
	r.owe("restart-keeps", r.joinTime(a.m)+r.statusTime(a.m), func() error {
		if err := untouched(); err != nil {
			return err
		}
		if err := r.asItMustBe(); err != nil {
			return err
		}
		return r.ownersAre(r.as(owner))
	})
}

// returnInTime is the rule return-in-time.
func returnInTime(r *Run, a *act) {
	o := a.before.alone
	if a.f[0] != "boot" || o == nil || a.m == o || !r.healthy(a.m) || !r.healthy(o) || a.m.Core == nil || !r.fresh(a.m) ||
		!r.w.Reaches(a.m, o) || !r.w.Reaches(o, a.m) || r.peerGone(o) && !r.fresh(o) {
		return
	}
	m := a.m
	after, home := r.joinTime(m), func(core.GroupConfig) string { return o.Name }
	untouched := r.untouched()
	if r.w.OptionsOf(o).Failback != core.FailbackOff {
		after += time.Second + 10*r.travel() + r.stopTime(o) + r.startTime(m)
		home = func(g core.GroupConfig) string { return g.Home }
		untouched = func() error { return nil }
	}
	r.owe("return-in-time", after, func() error {
		if err := untouched(); err != nil {
			return err
		}
		if err := r.asItMustBe(); err != nil {
			return err
		}
		return r.ownersAre(home)
	})
}

// peerGone says that a node holds the other for dead or stopped.
func (r *Run) peerGone(m *scenario.Machine) bool { return m.Core != nil && r.holdsFor(m, "dead") }

// startAlone is the rule start-alone.
func startAlone(r *Run, a *act) {
	if a.f[0] != "boot" || !a.before.off || r.resetting() || !r.healthy(a.m) || a.m.Core == nil || r.w.Now < r.recorded || a.o.Disk.Full {
		return // who hears a recording of the other waits till it is over; one that cannot write starts later
	}
	m := a.m
	take, works := r.fenceTime(m.Index())
	if !works {
		return
	}
	after := take + r.initdead(m) + r.statusTime(m) + r.startTime(m)
	if s := &r.sent[a.o.Index()]; s.at != 0 && r.w.Now < s.at+r.slowest {
		after += r.slowest // the last beat of the other is still on its way, and counts from when it arrives
	}
	r.owe("start-alone", after, func() error { return r.runsAll(m, nil) })
}

// startTogether is the rule start-together: the other has begun a moment ago and is still alone.
func startTogether(r *Run, a *act) {
	m, o := a.m, a.o
	if a.f[0] != "boot" || r.resetting() || m.Core == nil || o.Core == nil || !r.pristine(o) || !r.pristine(m) || r.differs || r.lying || r.outsider ||
		!r.gentle() || !r.w.Reaches(m, o) || !r.w.Reaches(o, m) || m.Since != r.w.Now || !r.healthy(m) || !r.healthy(o) || o.Stalled() {
		return
	}
	r.owe("start-together", r.joinTime(m)+r.statusTime(o)+max(r.startTime(m), r.startTime(o)), func() error {
		if err := r.asItMustBe(); err != nil {
			return err
		}
		return r.ownersAre(func(g core.GroupConfig) string { return g.Home })
	})
}

// pristine says that a daemon has just begun, knows of nobody, and that nothing runs.
func (r *Run) pristine(m *scenario.Machine) bool {
	v := m.Core.View(r.w.Now)
	return len(m.Running) == 0 && r.fresh(m) && (v.State == "up" || v.State == "init") &&
		r.w.Now < m.Since+r.initdead(m)-r.joinTime(m)
}

// legacy says that one of the pair gives back whatever is not at home.
func (r *Run) legacy() bool {
	return r.w.OptionsOf(r.pair[0]).Failback == core.FailbackLegacy || r.w.OptionsOf(r.pair[1]).Failback == core.FailbackLegacy
}
