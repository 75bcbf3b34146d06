package explore

import "time"

// While a cable carries one way only, two owners are excused for so long: until the node that hears nothing has
// declared the other dead (at its start after initdead), its next beat has said so, and the other, which hears that, has
// been patient for two beats and a half. Scripts take no time here, unless a choice lets them. See docs/guarantees.md,
// One direction only.
const deafBound = initdead + keepalive + 5*keepalive/2

// disturbs says whether a choice is a trouble, or the end of one.
func (p *pair) disturbs(c choice) bool {
	switch c.kind {
	case deliver:
		return false
	case finish:
		return c.how != well || p.nodes[c.node].jobs[c.n].hangs
	case tick:
		return false // one that leaves messages or scripts waiting is: see tick
	}
	return true
}

// deafFor is for how long two owners were excused by nothing but a cable that carries one way only, 0 if that is
// not so.
func (p *pair) deafFor() uint64 {
	if p.cut[0] == p.cut[1] || p.nodes[0].running&p.nodes[1].running == 0 {
		return 0
	}
	unheard := 0
	if p.cut[1] {
		unheard = 1
	}
	m, other := &p.nodes[unheard], &p.nodes[1-unheard]
	if m.core == nil || m.stalled || other.core == nil || other.stalled || m.stuck() {
		return 0
	}
	return uint64(min(p.now-p.still, deafBound+time.Second)) + 1
}

// stuck says that a script keeps the machine from giving up what it would.
func (m *machine) stuck() bool {
	for _, j := range m.jobs {
		if j.hangs {
			return true
		}
	}
	for _, g := range m.core.Standing().Groups {
		if g.State == "stop-failed" {
			return true
		}
	}
	return false
}

// judgeDeaf: the node that is not heard, and hears that it is held for dead, gives up what the other has taken.
func (p *pair) judgeDeaf() {
	if since := p.deafFor(); since > uint64(deafBound)+1 {
		p.fail("a resource runs on both nodes %s after the cable began to carry one way only, with no other trouble since", p.now-p.still)
	}
}
