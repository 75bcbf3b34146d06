package core

import "time"

// deadline is when somebody will have been silent for too long.
func (c *Core) deadline() time.Duration {
	n, next := c.peer, NoTick
	if n == nil {
		return next
	}
	if !n.dead() {
		next = c.verdictAt(c.deathOf(n))
	}
	for _, l := range n.links {
		if l.up {
			next = min(next, c.verdictAt(l.last+c.silence(n)))
		}
	}
	return next
}

// verdictAt is when a deadline may be judged: not while our own evidence is in doubt, but a
// node that is held up again and again must come to a verdict too.
func (c *Core) verdictAt(deadline time.Duration) time.Duration {
	since := c.firstDoubt
	if c.peer.lastBeat >= since { // that doubt is over: a beat of after it was waiting when we woke up
		since = c.lastDoubt
	}
	return max(deadline, min(c.grace, max(deadline, since)+c.cfg.Deadtime))
}

// doubt puts verdicts off for a while.
func (c *Core) doubt(d time.Duration) {
	if c.peer != nil && c.firstDoubt <= c.peer.lastBeat {
		c.firstDoubt = c.now.At
	}
	c.grace, c.lastDoubt = max(c.grace, c.now.At+d), c.now.At
}

// silence is how long a node or a link may be quiet. Until communication is up, initdead
// counts: switches and daemons need their time after a cold start, also when ours is told to stop meanwhile.
func (c *Core) silence(n *node) time.Duration {
	if c.phase == phaseInit || n.lastStatus == 0 {
		return max(c.cfg.Initdead, n.deadtime)
	}
	return n.deadtime
}

func (c *Core) deathOf(n *node) time.Duration { return n.lastBeat + c.silence(n) }

// noticeStall distrusts our own verdict after we were held up ourselves: the beats of the
// others may wait in sockets that nobody read meanwhile.
func (c *Core) noticeStall() {
	if c.promised == NoTick {
		return
	}
	c.watch.woken(c.now.At, c.promised)
	late := c.now.At - c.promised
	if late <= max(c.cfg.Keepalive, 100*time.Millisecond) {
		return
	}
	c.doubt(2 * c.cfg.Keepalive)
	c.logf(Warn, "This node was held up for %d ms: no verdict on other nodes for the next %d ms",
		late/time.Millisecond, 2*c.cfg.Keepalive/time.Millisecond)
	// Whoever was silent for so long was declared dead, and what it was to take has been taken back since. The giver's
	// `done` may still wait in the socket, before the claim that says so.
	if s := &c.standby; s.phase == standbyOffered && c.peer.capable && late+c.cfg.Keepalive*5/4 > c.cfg.Deadtime {
		c.cancelStandby()
	}
}

// checkDead declares dead who was silent for its whole deadtime.
func (c *Core) checkDead() {
	n := c.peer
	if n == nil {
		return
	}
	if !n.dead() && c.now.At >= c.verdictAt(c.deathOf(n)) {
		c.declareDead(n)
	}
	for _, l := range n.links {
		if l.up && c.now.At >= c.verdictAt(l.last+c.silence(n)) {
			l.up, l.changed = false, c.now
			c.logf(Info, "Link %s:%s dead.", n.name, l.name)
			c.hearLink(n, l)
			c.noticeLink(n, l)
		}
	}
}

// declareDead is the moment everything exists for.
func (c *Core) declareDead(n *node) {
	c.logf(Warn, "node %s: is dead", n.name)
	silent := c.now.At - n.lastBeat
	never := n.lastStatus == 0
	n.status, n.changed, n.left = "dead", c.now, n.claim.gone
	c.hearDeath(n)
	c.againAt = c.now.At + 2*c.cfg.Keepalive
	n.window.SenderDied()
	c.cancelStandby()
	held := n.claim
	n.forget()
	c.legacyForgets()
	c.join.heardAt = 0
	switch {
	case held.gone: // it stopped by the book; only now it has been silent for long enough
	case never:
		c.noteTransition("initdead passed", "%s was never heard", n.name)
	default:
		n.deaths++
		c.noteTransition("no beat for "+silent.Round(time.Millisecond).String(), "%s is dead", n.name)
	}
	for _, g := range c.groups {
		g.failed = false // nobody else is left to run it: try again
	}
	if c.phase >= phaseStopping {
		return
	}
	fences := c.fences(n, &held)
	switch {
	case fences:
	case c.fence.reset != 0: // its life has ended by a reset already
		c.lift()
	case c.fence.struck != 0 && !held.gone: // nothing of it is to be taken
	case c.cfg.Stonith != "", held.known && held.hold == None: // also by its goodbye, or by a list of nothing
		c.logf(Info, "Dead node %s gave up resources.", n.name)
		c.tellStonith("unneeded")
	default:
		c.logf(Warn, "No STONITH device configured.")
		c.logf(Warn, "Shared disks are not protected.")
		c.tellStonith("n_stnth")
	}
	if !held.gone && !fences {
		c.noticeDead(n)
	}
	switch {
	case fences:
		c.beginFencing(n, &held)
	case !held.gone && !(held.hold == None && c.hold() == All):
		c.takeOver(n)
	}
}

// linkHeard keeps a link alive.
func (c *Core) linkHeard(n *node, name string, heard time.Duration) {
	l := n.link(name)
	if n == c.peer {
		c.watch.linkHeard(name, l.up, c.now.At, heard)
	}
	l.last = max(l.last, heard)
	if !l.up {
		l.up, l.changed = true, c.now
		c.logf(Info, "Link %s:%s up.", n.name, name)
		c.hearLink(n, l)
		c.noticeLink(n, l)
	}
}

// partitionHealed greets a node that was declared dead and did not die. 3.0.6 stops everything
// on both sides and starts again (behaviour.md 12.7); here the claims decide, see ownership.go.
func (c *Core) partitionHealed(n *node) {
	c.logf(Crit, "Cluster node %s returning after partition.", n.name)
	c.logf(Info, "For information on cluster partitions, See URL: http://linux-ha.org/wiki/Split_Brain")
	c.logf(Warn, "Deadtime value may be too small.")
	c.logf(Info, "See FAQ for information on tuning deadtime.")
	c.logf(Info, "URL: http://linux-ha.org/wiki/FAQ#Heavy_Load")
	c.noteTransition("its beats came back without a restart", "%s returned after a partition", n.name)
	n.healedAt, c.said = c.now.At, ""
	if n.capable {
		c.sendClaim(true)
	} else {
		c.reqAt = c.now.At + healPatience
	}
}
