package simulate

import (
	"fmt"
	"time"

	"heartbeatd/internal/core"
)

// split is a split that began between two settled nodes and that both have answered.
type split struct {
	owner map[string]string // before it
	ripe  bool              // each side runs everything
}

// parted says whether a step has cut the nodes off from each other, in both directions.
func (r *Run) parted(a *act) bool {
	if a.f[0] != "cut" && a.f[0] != "key" {
		return false
	}
	return !r.w.Reaches(r.pair[0], r.pair[1]) && !r.w.Reaches(r.pair[1], r.pair[0])
}

// splitServes is the rule split-serves.
func splitServes(r *Run, a *act) {
	x, y := r.pair[0], r.pair[1]
	if !a.before.settled || !r.parted(a) || !r.healthy(x) || !r.healthy(y) {
		return
	}
	s := &split{owner: a.before.owner}
	r.healing = s
	r.owe("split-serves", max(r.takeoverTime(x, y), r.takeoverTime(y, x)), func() error {
		s.ripe = true
		if err := r.runsAll(x, nil); err != nil {
			return err
		}
		return r.runsAll(y, nil)
	})
}

// healTime is from the first beat heard again until one of the owners has stopped.
func (r *Run) healTime() time.Duration {
	x, y := r.pair[0], r.pair[1]
	return 3*max(r.keepalive(x), r.keepalive(y)) + 4*r.travel() + max(r.stopTime(x), r.stopTime(y))
}

// splitHeals is the rule split-heals.
func splitHeals(r *Run, a *act) {
	s := a.healing
	if s == nil || !s.ripe || a.f[0] != "mend" && a.f[0] != "key" || !r.w.Reaches(r.pair[0], r.pair[1]) || !r.w.Reaches(r.pair[1], r.pair[0]) {
		return
	}
	if !r.healthy(r.pair[0]) || !r.healthy(r.pair[1]) || !r.gentle() || r.travel() >= min(r.keepalive(r.pair[0]), r.keepalive(r.pair[1])) {
		return // the other's beats say for too long that they hold it for dead
	}
	r.keptByOwner("split-heals", 0, s.owner)
}

// keptByOwner owes that after a split, or a long stall, everything runs where it ran before, without
// having been stopped there. With auto_failback what is not at home may be on its way there by then.
func (r *Run) keptByOwner(rule string, after time.Duration, owner map[string]string) {
	for _, stopped := range r.stops {
		clear(stopped)
	}
	r.owe(rule, after+r.healTime(), func() error {
		where := r.as(owner)
		for _, g := range r.w.GroupsOf(r.pair[0]) {
			m := r.w.Machine(where(g))
			if m == nil {
				continue // a change of haresources has made the group since: nobody held it before
			}
			if g.Home != m.Name && r.anyFailback() {
				continue
			}
			for _, word := range g.Resources {
				if on := r.w.Owners(word); len(on) != 1 || on[0] != m.Name {
					return fmt.Errorf("%s runs on %v, not on %s, which held it before", word, on, m.Name)
				}
				if r.stops[m.Index()][word] {
					return fmt.Errorf("%s was stopped on %s, which held it before", word, m.Name)
				}
			}
		}
		return nil
	})
}

func (r *Run) anyFailback() bool {
	return r.w.OptionsOf(r.pair[0]).Failback != core.FailbackOff || r.w.OptionsOf(r.pair[1]).Failback != core.FailbackOff
}

// oneDirection is the rule one-direction: what a.m sends no longer arrives, and it hears everything.
func oneDirection(r *Run, a *act) {
	if !a.before.settled || a.f[0] != "deafen" || !r.healthy(a.m) || !r.healthy(a.o) {
		return
	}
	m, o := a.m, a.o
	if r.w.Reaches(m, o) || !r.w.Reaches(o, m) {
		return
	}
	r.owe("one-direction", r.takeoverTime(m, o), func() error { return r.runsAll(o, nil) })
	patience := r.keepalive(o) + 5*r.keepalive(m)/2
	r.owe("one-direction", r.deadtime(m)+3*r.travel()+patience+r.stopTime(m), func() error {
		if len(m.Running) > 0 {
			return fmt.Errorf("%v still runs on %s, which is not heard", m.Running, m.Name)
		}
		return nil
	})
}

// shortStall is the rule short-stall.
func shortStall(r *Run, a *act) {
	d, ok := r.stallOf(a)
	if ok {
		r.sleeper, r.wakes = a.m, r.w.Now+d
	}
	if !ok || a.since < r.keepalive(a.m)+2*r.travel() || d+max(r.keepalive(a.m), r.keepalive(a.o))+2*r.travel() >= min(r.deadtime(a.m), r.deadtime(a.o)) {
		return
	}
	untouched := r.untouched()
	r.owe("short-stall", d+max(r.deadtime(a.m), r.deadtime(a.o)), untouched)
}

// longStall is the rule long-stall.
func longStall(r *Run, a *act) {
	d, ok := r.stallOf(a)
	if !ok || !r.healthy(a.o) {
		return
	}
	limit := r.takeoverTime(a.m, a.o)
	if len(a.f) > 3 { // only the decider: what it had handed over still goes out
		limit += r.w.Horizon(a.m)
	}
	if d <= limit+2*slack {
		return
	}
	o := a.o
	r.owe("long-stall", limit, func() error { return r.runsAll(o, nil) })
	if r.travel() >= r.keepalive(a.m) {
		return // the other's beats say for too long that they hold it for dead
	}
	r.keptByOwner("long-stall", d, a.before.owner)
}

// stallOf is how long a settled node is held up by a step.
func (r *Run) stallOf(a *act) (d time.Duration, ok bool) {
	if a.f[0] != "stall" || len(a.f) < 3 || !a.before.settled {
		return 0, false
	}
	d, err := time.ParseDuration(a.f[2])
	return d, err == nil
}

// splitEnds is the rule split-ends: where both nodes are there and hear each other nothing runs twice for longer
// than it takes to learn of it and to stop, whether or not anybody knows how the two owners came about.
func splitEnds(r *Run, a *act) {
	wakes := time.Duration(0)
	for _, m := range r.pair {
		if m.Core == nil || len(m.Scripts) > 0 || r.scripted || !r.fresh(m) || r.travel() >= r.keepalive(m) {
			return
		}
		if m.Stalled() {
			d, err := time.ParseDuration(a.f[len(a.f)-1])
			if a.f[0] != "stall" || a.m != m || err != nil || r.other(m).Stalled() {
				return
			}
			wakes = d
		}
		if m.Since+r.joinTime(m) > r.w.Now {
			wakes = max(wakes, m.Since+r.joinTime(m)-r.w.Now)
		}
	}
	x, y := r.pair[0], r.pair[1]
	if r.lying || r.outsider || r.differs || !r.gentle() || r.w.Now < r.recorded || !r.w.Reaches(x, y) || !r.w.Reaches(y, x) {
		return
	}
	r.owe("split-ends", wakes+r.healTime()+max(r.startTime(x), r.startTime(y)), func() error {
		for _, m := range r.pair {
			for _, g := range r.w.GroupsOf(m) {
				for _, word := range g.Resources {
					if on := r.w.Owners(word); len(on) > 1 {
						return fmt.Errorf("%s still runs on %v", word, on)
					}
				}
			}
		}
		return nil
	})
}
