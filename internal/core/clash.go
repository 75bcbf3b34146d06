package core

import "time"

// clashPatience is how long a C node may claim the same group before we yield: it never
// yields by itself, unless it noticed a partition. 3.0.6: then it begins to release after 2 s,
// and says so at its next tick (behaviour.md 2).
const clashPatience = 4 * time.Second

// settleClashes ends what must never be: both nodes claim a group. It happens when a
// partition heals, or when a killed daemon comes back and finds its resources running while
// the other node has taken them. Both nodes compare the same two terms and come to the same
// answer: who held the group before the split keeps it, running and untouched.
func (c *Core) settleClashes() {
	for _, g := range c.groups {
		switch {
		case g.leaving:
			// It is being stopped whoever else has it.
		case g.clashAt != 0 && g.want && c.heldBack(g) && c.standby.moves(g):
			// Neither a standby nor its end says that the other has stopped it.
		case !g.ours() || !c.peerHolds(g) || c.standby.phase != standbyAsked && c.standby.moves(g):
			if g.clashAt != 0 {
				c.clashOver(g)
			}
		case c.peer.claim.groups == nil && !g.virtual:
			c.clashWithC(g)
		default:
			c.clash(g)
		}
	}
}

// heldBack says that what this node is to have may still run, or be stopping, on the other: nothing of it
// is started before the other has let go, or was silent for long enough.
func (c *Core) heldBack(g *group) bool {
	if c.peerHolds(g) {
		return g.clashAt != 0 || c.peer.deafSince != 0
	}
	return g.clashAt != 0 && !c.peer.claim.known // it has restarted, and did not say yet
}

func (c *Core) clash(g *group) {
	if since := c.peer.deafSince; since != 0 {
		c.clashWithDeaf(g, since)
		return
	}
	home := g.home == c.cfg.Self
	if c.peer.claim.differs {
		home = c.cfg.Self < c.peer.name // the files may disagree on the home: names cannot
	}
	theirs := c.peer.claim.groups[g.key]
	keep := home
	if !g.virtual {
		keep = g.term.before(theirs.term, home)
	}
	if g.clashAt == 0 {
		g.clashAt = c.now.At
		c.logClash(g, theirs, keep)
	}
	if !keep {
		g.release()
	}
}

// clashWithDeaf yields to a node that has taken over because it does not hear us. It cannot
// learn that we live, so only we can end the double ownership.
func (c *Core) clashWithDeaf(g *group, since time.Duration) {
	if !g.want || c.now.At < since+c.deafPatience() {
		return
	}
	if !g.virtual {
		c.logf(Error, "%s does not hear this node and has taken %s over: this node releases it", c.peer.name, g.key)
		c.noteTransition("our beats do not reach "+c.peer.name, "%s released to %s", g.key, c.peer.name)
	}
	g.release()
}

// yieldFound is the same before this node is settled: a node that holds us for dead runs
// everything by now, also what a killed daemon left running here.
func (c *Core) yieldFound() {
	n := c.peer
	if c.phase >= phaseStable || !n.active() || n.deafSince == 0 || c.now.At < n.deafSince+c.deafPatience() {
		return
	}
	for _, g := range c.groups {
		if g.state == groupFound {
			c.logf(Error, "%s does not hear this node and has taken %s over: this node releases it", n.name, g.key)
			g.yield = true
		}
	}
}

// yieldToDeafC is the same towards a C node, which does not say whom it hears. After a split one
// that beats but answers no `starting` holds us for dead and runs everything.
func (c *Core) yieldToDeafC() {
	n := c.peer
	if !n.active() || n.capable || n.healedAt == 0 || c.now.At < n.healedAt+healPatience+joinPatience {
		return
	}
	for _, g := range c.groups {
		if !g.want {
			continue
		}
		if !g.virtual {
			c.logf(Error, "%s does not hear this node and has taken %s over: this node releases it", n.name, g.key)
			c.noteTransition("our beats do not reach "+n.name, "%s released to %s", g.key, n.name)
		}
		g.release()
	}
}

func (c *Core) logClash(g *group, theirs held, keep bool) {
	if g.virtual {
		return
	}
	if g.partial || theirs.partial {
		c.logf(Warn, "Part of resource group %s runs on the node that does not own it", g.key)
	} else {
		both := min(c.now.At-g.oursSince, theirs.age).Round(time.Millisecond)
		c.logf(Error, "Both machines own resource group %s, for %s so far!", g.key, both)
	}
	why := "held it before the split"
	if g.term.n == theirs.term.n && g.term.blind == theirs.term.blind {
		why = "is its preferred node"
		if c.peer.claim.differs {
			why = "has the name that comes first (the files differ)"
		}
	} else if g.term.blind != theirs.term.blind {
		why = "had heard the other node when it took it"
	}
	keeper, yields := c.peer.name, c.cfg.Self
	if keep {
		keeper, yields = yields, keeper
	}
	c.logf(Warn, "%s keeps %s without a restart because it %s; %s releases it now", keeper, g.key, why, yields)
	c.noteTransition("both nodes claimed it; "+keeper+" "+why, "%s stays on %s", g.key, keeper)
	if keep {
		c.announceAddresses(g)
	}
}

// clashOver says how long it lasted and repeats the addresses, for the other node announced
// them last.
func (c *Core) clashOver(g *group) {
	if g.want && !g.virtual {
		c.logf(Info, "%s has released %s after %d ms; it runs here only", c.peer.name, g.key, (c.now.At-g.clashAt)/time.Millisecond)
		c.announceAddresses(g)
	}
	g.clashAt = 0
}

func (c *Core) announceAddresses(g *group) {
	if g.state != groupRunning && g.state != groupFound {
		return
	}
	for _, r := range g.resources {
		c.do(Announce{Resource: r})
	}
}

// clashEnd is when we yield to a C node. After a partition its own time to restart counts.
func (c *Core) clashEnd(g *group) time.Duration {
	end := g.clashAt + clashPatience
	if healed := c.peer.healedAt; healed != 0 {
		end = min(end, max(g.clashAt, healed+healPatience))
	}
	return end
}

// clashWithC waits for a C node that may be restarting after a partition, then yields:
// a C node never does.
func (c *Core) clashWithC(g *group) {
	if g.clashAt == 0 {
		g.clashAt = c.now.At
		c.logf(Error, "Both machines own resource group %s!", g.key)
	}
	if g.want && c.now.At >= c.clashEnd(g) {
		c.logf(Warn, "%s does not give %s up: this node releases it", c.peer.name, g.key)
		c.noteTransition("both nodes claimed it", "%s released to %s", g.key, c.peer.name)
		g.release()
	}
}
