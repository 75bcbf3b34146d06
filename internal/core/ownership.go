package core

import (
	"time"
)

const (
	retryFailed   = 30 * time.Second // a failed group that nobody else can run is tried again after this
	retryStop     = time.Minute      // a stop that failed for good, when the reboot did not come
	failbackEvery = time.Second      // 3.0.6: auto failback is retried every second
	// orphanPatience is how long a settled C node may leave a group of its own to nobody before it
	// is asked to take it. It takes its groups at its start and on our death only: when we lose them
	// by a quick restart, its old view of our claim keeps it from them for ever (behaviour.md 12.4).
	// Here it must not be taken: a C node that releases for a standby says it has none, and refuses.
	orphanPatience = 10 * time.Second
)

// unsettledPatience is how long a C node is waited for that was there before us and is not settled.
const unsettledPatience = time.Minute

// takeover is the taking of what an absent node had, kept for its log lines.
type takeover struct {
	from    string
	cause   string
	initial bool // our own groups at the start
}

// reconcile decides, after every event, which groups this node should have. It is the whole
// policy: everything else only reports what happened.
func (c *Core) reconcile() {
	if c.phase != phaseStable {
		return
	}
	n := c.peer
	if !c.watchesOrphans() {
		for _, g := range c.groups {
			g.orphanAt = 0
		}
	}
	switch {
	case n.absent():
		c.takeAll()
	case c.legacyC():
		c.legacyReconcile()
	case !n.active() || !n.claim.known:
		c.yieldToDeafC() // else it has only just come (back): wait for its word
	default:
		c.settleClashes()
		if c.standby.phase == standbyNone && c.probed() { // else the other node would not be told
			c.takeUnowned()
			c.maybeFailback()
		}
	}
}

// takeAll is the rule of the survivor. 3.0.6: what is the other's goes back to it when it returns,
// with auto_failback on, also what was here before.
func (c *Core) takeAll() {
	for _, g := range c.groups {
		if g.barred || g.leaving {
			continue
		}
		g.clashAt, g.stays = 0, false
		if !g.want {
			if g.failed && c.now.At < g.retryAt {
				continue
			}
			c.acquire(g)
		}
		g.failback = g.home != c.cfg.Self
	}
}

// takeUnowned gives a group that nobody claims to its home node; if that could not start it,
// or is stopping, to the other; if neither could, its home tries again after a while.
func (c *Core) takeUnowned() {
	n := c.peer
	if c.awaitsC() || n.outdated() || n.claim.leaving && len(n.claim.groups) == 0 || c.peerLetsGo() {
		return // the last word of a stopping node, its notice, is on the way; or of one that changes its groups
	}
	for _, g := range c.groups {
		if g.leaving || g.fresh || c.outlived(g) && !g.want {
			continue
		}
		if g.want || c.peerHolds(g) {
			g.orphanAt, g.orphanAsked = 0, false
			if !n.capable {
				g.failures = 0 // 3.0.6: a failed start is answered after 30 s, every time
			}
			continue
		}
		home, theirs := g.home == c.cfg.Self, n.claim.failed[g.key]
		switch {
		case g.failed && !n.capable:
			c.handToC(g)
		case !g.failed && (home || theirs || n.claim.leaving),
			home && (theirs || n.claim.differs) && c.now.At >= g.retryAt: // its file may not even list it
			c.acquire(g)
			g.failback = n.claim.leaving && !home
		case c.orphaned(g):
			c.askOrphan(g)
		}
	}
}

// awaitsC says that nothing is taken yet, because a C node is not settled.
func (c *Core) awaitsC() bool {
	n := c.peer
	return !n.absent() && !c.legacyC() && !n.claim.stable && n.claim.groups == nil && !c.wontSettle()
}

// wontSettle says that a C node is not settled and need not be waited for: it was seen starting, so
// it waits for us as we for it, or it has been in that state for far too long. 3.0.6 takes its own
// groups after ten seconds whatever the other does. What it is seen releasing may still run there.
func (c *Core) wontSettle() bool {
	n := c.peer
	return !n.claim.releasing && n.claim.unsettledAt != 0 && (n.started || c.now.At >= n.claim.unsettledAt+unsettledPatience)
}

// watchesOrphans says whether a C node is there and settled.
func (c *Core) watchesOrphans() bool {
	n := c.peer
	return n.active() && !n.capable && n.claim.stable && c.standby.phase == standbyNone
}

// orphaned says whether a C node has left a group of its own to nobody for long enough.
func (c *Core) orphaned(g *group) bool {
	if !c.watchesOrphans() || g.virtual {
		return false
	}
	if g.orphanAt == 0 {
		g.orphanAt = c.now.At
	}
	return c.now.At >= g.orphanAt+orphanPatience
}

// askOrphan asks a C node to take what it leaves to nobody. One that refuses, again and again, waits for
// the end of a move that an earlier life of ours has forgotten; elsewhere the word does no harm.
func (c *Core) askOrphan(g *group) {
	c.logf(Warn, "%s leaves %s to nobody: it is asked to take it", c.peer.name, g.key)
	if g.orphanAsked {
		c.sendStandby("done", Local)
	}
	g.orphanAsked = !g.orphanAsked
	c.askStandby(Foreign)
}

// handToC asks a C node to take a group we could not start. 3.0.6 means to do so 30 s later,
// and asks for the wrong side (behaviour.md 12.2).
func (c *Core) handToC(g *group) {
	if c.now.At < g.retryAt || g.state != groupStopped || !c.peer.claim.stable {
		return
	}
	g.retryAt = c.now.At + retryFailed
	which := Foreign
	if g.home == c.cfg.Self {
		which = Local
	}
	c.askStandby(which)
}

// acquire makes a group ours.
func (c *Core) acquire(g *group) {
	if !g.ours() {
		g.oursSince = c.now.At
		g.term = term{n: g.term.n + 1, blind: c.peer != nil && c.peer.lastStatus == 0}
		c.noticeTaking(g)
	}
	g.want, g.failed = true, false
	if g.home == c.taking.from && !g.virtual {
		c.scriptLogf("mach_down", Info, "info: Taking over resource group %s", g.key)
	}
}

// release gives a group up, with no regard to who takes it.
func (g *group) release() {
	g.want, g.failback = false, false
}

func (c *Core) conflictDeadline() time.Duration {
	next := NoTick
	if n := c.peer; n.active() && !n.capable && n.claim.unsettledAt != 0 && n.claim.unsettledAt+unsettledPatience > c.now.At {
		next = n.claim.unsettledAt + unsettledPatience
	}
	if n := c.peer; n != nil && n.deafSince != 0 && n.deafSince+c.deafPatience() > c.now.At {
		next = min(next, n.deafSince+c.deafPatience())
	}
	for _, g := range c.groups {
		if g.clashAt != 0 && g.want && c.clashEnd(g) > c.now.At {
			next = min(next, c.clashEnd(g))
		}
		if g.orphanAt != 0 && g.orphanAt+orphanPatience > c.now.At {
			next = min(next, g.orphanAt+orphanPatience)
		}
	}
	return next
}

// retryDeadline is when a failed group, or a failback, is to be looked at again.
func (c *Core) retryDeadline() time.Duration {
	next := NoTick
	for _, g := range c.groups {
		if (g.failed || g.state == groupStopFailed) && g.retryAt > c.now.At {
			next = min(next, g.retryAt)
		}
	}
	if c.standby.failbackAt > c.now.At {
		next = min(next, c.standby.failbackAt)
	}
	return next
}

// maybeFailback gives groups back to their home node. 3.0.6: the holder asks for standby
// [foreign] once the other is settled; only groups that were here in its absence go back by
// themselves, so that an operator's move lasts for as long as both nodes are there.
func (c *Core) maybeFailback() {
	if c.cfg.Failback == FailbackOff || !c.peer.claim.stable || c.now.At < c.standby.failbackAt {
		return
	}
	for _, g := range c.groups {
		due := !g.leaving && (g.failback || c.cfg.Failback == FailbackLegacy && g.home != c.cfg.Self && !g.stays)
		if due && !c.peerHolds(g) && g.state == groupRunning && !c.peer.claim.failed[g.key] {
			c.standby.failbackAt = c.now.At + failbackEvery
			c.askStandby(Foreign)
			return
		}
	}
}

// takeOver says that an absent node's groups are being taken; reconcile does it.
func (c *Core) takeOver(n *node) {
	c.logf(Info, "Resources being acquired from %s.", n.name)
	c.taking.from, c.taking.cause = n.name, c.last.Cause
}

func (c *Core) anyFailed() bool {
	for _, g := range c.groups {
		if g.failed {
			return true
		}
	}
	return false
}

// takeoverProgress prints the lines an operator waits for when everything is here.
func (c *Core) takeoverProgress() {
	if c.phase != phaseStable || c.taking == (takeover{}) || c.fencing() || c.taking.initial && c.awaitsC() {
		return
	}
	local, empty := 0, false
	for _, g := range c.groups {
		mine := g.home == c.cfg.Self
		if g.request.since != 0 && !g.want {
			return
		}
		if (mine || c.taking.from != "") && g.want && g.state != groupRunning {
			return
		}
		if mine && !g.virtual && (g.want || g.failed) {
			local++
		}
		empty = empty || mine && g.want
	}
	switch {
	case !c.taking.initial:
	case local > 0:
		c.logf(Info, "Local Resource acquisition completed.")
	case empty:
		c.logf(Info, "No local resources [/usr/share/heartbeat/ResourceManager listkeys %s] to acquire.", c.cfg.Self)
	default:
		c.logf(Info, "Local Resource acquisition completed. (none)")
	}
	if from := c.taking.from; from != "" {
		c.scriptLogf("mach_down", Info, "info: mach_down takeover complete for node %s.", from)
		if c.cfg.Failback != FailbackLegacy { // 3.0.6: its mach_down then sends no claim
			c.logf(Info, "mach_down takeover complete.")
		}
		if !c.anyFailed() {
			c.noteTransition(c.taking.cause, "everything taken over from %s", from)
		}
	} else if local > 0 && !c.anyFailed() {
		c.noteTransition("start of this node", "our own resources acquired")
	}
	c.taking = takeover{}
}
