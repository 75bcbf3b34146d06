package simulate

import (
	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// facts are how things stand before a step.
type facts struct {
	lossy   bool              // settled, but for a net that loses: who knows what comes of it
	settled bool              // both nodes are there, hear each other, agree, and nothing is on its way
	owner   map[string]string // by group, if settled
	alone   *scenario.Machine // the node that holds everything while the other is off, nil if there is none
	off     bool              // both are off and nothing runs
}

func (r *Run) facts() facts {
	a, b := r.pair[0], r.pair[1]
	f := facts{off: idle(a) && idle(b)}
	if a.Replacing() || b.Replacing() || r.lying || r.outsider || r.differs || r.resetting() || r.wordUnderWay() || !r.prompt() || r.w.Now < r.disturbed+2*r.slowest+slack {
		return f
	}
	switch {
	case a.Core != nil && b.Core != nil:
		if a.Stalled() || b.Stalled() || !r.w.Reaches(a, b) || !r.w.Reaches(b, a) || !r.fresh(a) || !r.fresh(b) || !r.seen(a) || !r.seen(b) {
			return f
		}
		f.lossy = r.asItMustBe() == nil
		if f.settled = f.lossy && r.gentle(); f.settled {
			f.owner = map[string]string{}
			for _, g := range a.Core.View(r.w.Now).Groups {
				f.owner[g.Key] = g.Owner
			}
		}
	case !r.gentle():
	case idle(b) && r.holdsAll(a):
		f.alone = a
	case idle(a) && r.holdsAll(b):
		f.alone = b
	}
	return f
}

// gentle says that the net loses nothing and delays nothing so that a node may look dead.
func (r *Run) gentle() bool { return r.w.Net.Loss == 0 && r.prompt() }

// prompt says that it delays nothing for so long.
func (r *Run) prompt() bool {
	for _, m := range r.pair {
		if r.keepalive(m)+2*r.travel() >= r.deadtime(m) {
			return false
		}
	}
	return true
}

// idle says that nothing is there: no daemon, no resource, no script.
func idle(m *scenario.Machine) bool {
	return m.Core == nil && len(m.Running) == 0 && m.Jobs() == 0
}

// seen says that a node holds the other for active.
func (r *Run) seen(m *scenario.Machine) bool { return r.holdsFor(m, "active") }

func (r *Run) holdsFor(m *scenario.Machine, status string) bool {
	for _, n := range m.Core.View(r.w.Now).Nodes {
		if !n.Self {
			return n.Status == status && !n.Stopped || status == "dead" && n.Stopped
		}
	}
	return false
}

// holdsAll says that a node is settled, holds the other for gone and has everything.
func (r *Run) holdsAll(m *scenario.Machine) bool {
	if m.Core == nil || m.Stalled() || m.Jobs() > 0 || !r.holdsFor(m, "dead") {
		return false
	}
	v := m.Core.View(r.w.Now)
	return v.State == "active" && v.Holding != "transition" && r.runsAll(m, nil) == nil
}

// healthy says that no script of a machine fails, hangs or lies. Slow ones are in the formulas, but
// one that is slower than hangreport is one that hangs.
func (r *Run) healthy(m *scenario.Machine) bool {
	for _, s := range m.Scripts { // order does not matter: one that is not is enough
		if s != (scenario.Script{Take: s.Take}) || r.hangs(m, s) {
			return false
		}
	}
	return true
}

// hangs says that a node does not wait for the end of a script.
func (r *Run) hangs(m *scenario.Machine, s scenario.Script) bool {
	return s.Hang || s.Take >= r.w.OptionsOf(m).HangReport
}

// troubled are the groups with a script that does not do what it is asked for, and how many of
// those hang.
func (r *Run) troubled(m *scenario.Machine) (groups map[string]bool, hanging int) {
	groups = map[string]bool{}
	for _, g := range r.w.GroupsOf(m) {
		for _, word := range g.Resources {
			for _, op := range []core.Op{core.Start, core.Stop, core.Status} {
				s := m.Script(word, op)
				if s != (scenario.Script{Take: s.Take}) || r.hangs(m, s) {
					groups[g.Resources[0]] = true
				}
				if r.hangs(m, s) {
					hanging++
				}
			}
		}
	}
	return groups, hanging
}
