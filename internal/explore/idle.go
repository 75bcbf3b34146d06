package explore

import (
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// idleBound is how long a node that hears nobody may leave anything undone: until it has declared the other dead, at its
// start after initdead, and after a stall not before two beats. See docs/guarantees.md, Crash and All links.
const idleBound = initdead + 2*keepalive

// idleFor is for how long the node has heard nobody, with no other trouble, and yet has not got everything or says that
// it is not settled; 0 if that is not so.
func (p *pair) idleFor(i int) uint64 {
	m, other := &p.nodes[i], &p.nodes[1-i]
	hears := other.core != nil && !p.cut[1-i]
	if hears || m.core == nil || m.stalled || p.left.Fail < p.scope.Budget.Fail {
		return 0
	}
	if strings.HasPrefix(m.core.Standing().Phase, "stop") || m.stuck() {
		return 0
	}
	if m.running == p.want(i) && m.core.View(p.now).Holding != "transition" {
		return 0
	}
	return uint64(min(p.now-p.still, idleBound+time.Second)) + 1
}

func (p *pair) judgeIdle() {
	for i := range p.nodes {
		if p.idleFor(i) > uint64(idleBound)+1 {
			p.fail("%s has heard nobody for %s, with no other trouble, and has not everything, or is not settled", names[i], p.now-p.still)
		}
	}
}

// expect notes what an operator's command on a settled pair must come to, and forgets it with the next trouble.
func (p *pair) expect(c choice) {
	p.owner = 0
	if c.kind != command || p.scope.Next != nil || p.busy() || !p.hear() || p.settled() != "" {
		return
	}
	switch p.scope.Commands[c.n].(type) {
	case core.StandbyCommand:
		p.owner = int8(1-c.node) + 1
	case core.TakeoverCommand:
		p.owner = int8(c.node) + 1
	}
}

// busy says that a message, a script or a dialogue is under way.
func (p *pair) busy() bool {
	for i := range p.nodes {
		if m := &p.nodes[i]; m.core == nil || len(m.jobs) > 0 || m.core.Standing().Standby != "none" {
			return true
		}
	}
	return len(p.ways) > 0
}

// judgeMove: what the operator has moved is where it was to go. See docs/guarantees.md, Operator.
func (p *pair) judgeMove() {
	if p.owner == 0 || p.busy() {
		return
	}
	if to := p.owner - 1; p.nodes[to].running != p.scope.all() || p.nodes[1-to].running != 0 {
		p.fail("all is quiet after the operator's command, and %s has not everything", names[to])
	}
	p.owner = 0
}
