package explore

import (
	"time"

	"heartbeatd/internal/core"
)

// bound is how long a pair may take to come to one owner when all faults are over: the times that a
// core waits for by design, none of which is longer than half a minute, one after the other.
const bound = 3*time.Minute + 4*initdead

// calm ends all faults, switches both machines on and lets the pair run: every message arrives, every
// script works at once. It must come to one owner, in time, and stay there for ever: the run ends
// where it comes back to a state that it was in before.
func (x *search) calm(p *pair) bool {
	x.result.Calmed++
	q := p.clone()
	q.mendAll()
	began := q.now
	var trail []passed
	at := map[uint64]int{}
	for q.wrong == "" {
		q.quiet()
		h := q.digest(&x.scratch)
		if took, known := x.settles[h]; known {
			trail = append(trail, passed{h, q.now + took, took == 0})
			break
		}
		if first, known := at[h]; known {
			q.mustRest(trail[first:])
			break
		}
		why := q.settled()
		if q.now > began+bound {
			q.fail("%s after all faults were over: %s", bound, why)
		}
		at[h] = len(trail)
		trail = append(trail, passed{h, q.now, why == ""})
		q.pass()
	}
	if q.wrong != "" {
		x.result.Found = &Found{Wrong: q.wrong, Calm: true}
		return false
	}
	for i := range q.nodes {
		q.scope.recycle(q.nodes[i].core)
	}
	return x.remember(trail, began)
}

// unfinished says that a run from this state would begin with choices of the search: it mends the cable, wakes and
// boots the daemons, delivers the messages and ends the scripts. One by one they lead to a state in which nothing of that
// is left, and that is calmed (next leaves none of those out). So every state comes right if those do.
func (p *pair) unfinished() bool {
	if p.nodes[0].broken|p.nodes[1].broken != 0 {
		return false // only a run mends a stop script
	}
	for i := range p.nodes {
		if m := &p.nodes[i]; m.core == nil || m.stalled || len(m.jobs) > 0 {
			return true
		}
	}
	return len(p.ways) > 0 || p.cut != [2]bool{}
}

// passed is one moment of a calm run.
type passed struct {
	hash    uint64
	at      time.Duration
	settled bool
}

// mustRest judges the states that a calm run goes round in.
func (p *pair) mustRest(circle []passed) {
	for _, t := range circle {
		if !t.settled {
			p.fail("all faults are over, and the pair never comes to rest: %s", p.settled())
			return
		}
	}
}

// remember keeps how long each state of a calm run took to come right for good.
func (x *search) remember(trail []passed, began time.Duration) bool {
	end := trail[len(trail)-1].at
	for k := len(trail) - 1; k >= 0 && trail[k].settled; k-- {
		end = trail[k].at
	}
	for _, t := range trail {
		x.settles[t.hash] = max(0, end-t.at)
	}
	x.result.Longest = max(x.result.Longest, end-began)
	if end-began > bound {
		x.result.Found = &Found{Calm: true, Wrong: "it takes " + (end - began).String() + " after all faults are over"}
	}
	return end-began <= bound
}

func (p *pair) mendAll() {
	p.left, p.met, p.cut, p.owner = Budget{}, nil, [2]bool{}, 0
	for i := range p.nodes {
		if m := &p.nodes[i]; m.core != nil {
			p.own(m)
		}
	}
	p.mine = true
	for i := range p.nodes {
		m := &p.nodes[i]
		m.broken = 0
		if m.stalled {
			p.resume(i)
		}
	}
}

// quiet lets everything happen that needs no time.
func (p *pair) quiet() {
	for range 1000 {
		switch {
		case p.nodes[0].core == nil:
			p.boot(0)
		case p.nodes[1].core == nil:
			p.boot(1)
		case len(p.ways) > 0:
			p.deliver(0)
		case len(p.nodes[0].jobs) > 0:
			p.finish(0, 0, well)
		case len(p.nodes[1].jobs) > 0:
			p.finish(1, 0, well)
		case p.nodes[0].file < p.newest() && p.mayReplace(0):
			p.replace(0, p.newest())
		case p.nodes[1].file < p.newest() && p.mayReplace(1):
			p.replace(1, p.newest())
		default:
			return
		}
	}
	p.fail("the pair does not come to rest within one moment")
}

// pass lets time pass to the next timer, of both if both are due.
func (p *pair) pass() {
	next := p.nextTick()
	for range 20 {
		p.now = max(p.now, next)
		for i := range p.nodes {
			if m := &p.nodes[i]; m.core != nil && m.core.NextTick() <= p.now {
				p.hand(i, core.Tick{})
			}
		}
		if len(p.ways) > 0 || p.nextTick() > p.now {
			return
		}
	}
	p.fail("a core asks for ticks that change nothing")
}
