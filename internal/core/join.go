package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// 3.0.6: a node that hears claims but nobody who is settled takes its own groups after this.
const joinPatience = 10 * time.Second

// startingEvery is how often `starting` is repeated while the peer, which is active, does not answer it.
const startingEvery = 2 * time.Second

// join is the time between being active and knowing who holds what.
type join struct {
	began   time.Duration
	heardAt time.Duration // the first resource message
	silent  bool          // it was said that the other node does not answer
	warned  bool          // about different haresources

	reloadEnds time.Duration // when a difference that a reload has made is one too long; 0: there is none, or it was said
}

func (c *Core) startJoining() {
	c.phase = phaseJoining
	c.join.began, c.join.silent = c.now.At, false
	c.sendStarting()
	c.sendClaim(false)
}

func (c *Core) sendStarting() {
	if c.legacyC() {
		return
	}
	c.send(wire.New("starting"))
	c.reqAt = c.now.At + startingEvery
}

// startingFrom answers a node that has just become active and asks who holds what.
// 3.0.6: before we are active ourselves it is passed over; our own `starting` follows.
func (c *Core) startingFrom(n *node, seq uint64) {
	n.claims = true
	if seq < n.claim.seq {
		return // overtaken by its own claim
	}
	n.claim.stable = false
	n.asked = true
	if c.taking.from != "" {
		c.logf(Warn, "T_STARTING received during takeover.")
	}
	n.claim.unsettled("", c.now.At)
	c.sendClaim(false)
}

// checkJoined ends phaseJoining when it is known who holds what. Two heartbeatd nodes know it
// as soon as each has heard the other, for each says exactly what it found running; a C node
// that is not settled says nothing reliable, so 3.0.6's patience applies.
func (c *Core) checkJoined() {
	if c.phase != phaseJoining || !c.probed() {
		return
	}
	n := c.peer
	switch {
	case n.absent():
	case c.legacyC():
	case !n.outdated() && (n.claim.stable || n.claim.groups != nil):
	case c.join.heardAt != 0 && c.now.At >= c.join.heardAt+joinPatience:
	default:
		return
	}
	c.phase = phaseStable
	c.reqAt = NoTick
	c.adopt()
	c.logf(Info, "local resource transition completed.")
	c.logf(Info, "Initial resource acquisition complete (T_RESOURCES(us))")
	c.taking.initial = true
}

// adopt keeps what was found running here. If the other node claims it too, settleClashes
// decides before a script runs; a C node never yields, so what it claims is stopped here. One
// that claims nothing is asked for our groups, and runs its own.
func (c *Core) adopt() {
	for _, g := range c.groups {
		if c.legacyC() && !c.peer.absent() {
			if g.state == groupFound && g.home == c.cfg.Self {
				g.want = !g.partial // its other half may run there
				c.askGroup(g)
			}
			continue
		}
		if g.state == groupFound && !(c.peerHolds(g) && !c.peer.capable) {
			g.want = true
		}
	}
}

func (c *Core) joinDeadline() time.Duration {
	if c.phase == phaseJoining && c.join.heardAt != 0 && c.probed() {
		return c.join.heardAt + joinPatience
	}
	return NoTick
}
