package core

import (
	"time"
)

const (
	retryFailed   = 30 * time.Second // a failed group that nobody else can run is tried again after this
	retryStop     = time.Minute      // a stop that failed for good, when the reboot did not come
	failbackEvery = time.Second      // 3.0.6: auto failback is retried every second
	// clashPatience is how long a C node may claim the same group before we yield: it never
	// yields by itself, unless it noticed a partition and restarts (behaviour.md 2).
	clashPatience = 10 * time.Second
)

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
	switch {
	case n.absent():
		c.takeAll()
	case !n.active() || !n.claim.known:
		// It has only just come (back): wait for its word.
	default:
		c.settleClashes()
		if c.standby.phase == standbyNone {
			c.takeUnowned()
			c.maybeFailback()
		}
	}
}

// takeAll is the rule of the survivor.
func (c *Core) takeAll() {
	for _, g := range c.groups {
		if g.want {
			continue
		}
		if g.failed && c.now.At < g.retryAt {
			continue
		}
		c.acquire(g)
		g.failback = g.home != c.cfg.Self
	}
}

// takeUnowned gives a group that nobody claims to its home node; if that could not start it,
// or is stopping, to the other; if neither could, its home tries again after a while.
func (c *Core) takeUnowned() {
	n := c.peer
	if !n.claim.stable && n.claim.groups == nil || n.outdated() || n.claim.leaving && len(n.claim.groups) == 0 {
		return // the last word of a stopping node, its notice, is on the way
	}
	for _, g := range c.groups {
		if g.want || c.peerHolds(g) {
			continue
		}
		home, theirs := g.home == c.cfg.Self, n.claim.failed[g.key]
		switch {
		case g.failed && !theirs && !n.capable:
			c.handToC(g)
		case !g.failed && (home || theirs || n.claim.leaving),
			g.failed && theirs && home && c.now.At >= g.retryAt:
			c.acquire(g)
			g.failback = n.claim.leaving && !home
		}
	}
}

// handToC asks a C node to take a group we could not start. 3.0.6 means to do so 30 s later,
// and asks for the wrong side (behaviour.md 12.2).
func (c *Core) handToC(g *group) {
	if c.now.At < g.retryAt || g.state != groupStopped {
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
	}
	g.want, g.failed = true, false
	if c.taking.from != "" && g.home == c.taking.from && !g.virtual {
		c.scriptLogf("mach_down", Info, "info: Taking over resource group %s", g.key)
	}
}

// release gives a group up, with no regard to who takes it.
func (g *group) release() {
	g.want, g.failback = false, false
}

// settleClashes ends what must never be: both nodes claim a group. It happens when a
// partition heals, or when a killed daemon comes back and finds its resources running while
// the other node has taken them. Both nodes compare the same two terms and come to the same
// answer: who held the group before the split keeps it, running and untouched.
func (c *Core) settleClashes() {
	for _, g := range c.groups {
		switch {
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
		if g.state == groupFound && !g.yield {
			c.logf(Error, "%s does not hear this node and has taken %s over: this node releases it", n.name, g.key)
			g.yield = true
		}
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
	if g.want && !c.peerHolds(g) && !g.virtual {
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

// clashWithC waits for a C node that may be restarting after a partition, then yields:
// a C node never does.
func (c *Core) clashWithC(g *group) {
	switch {
	case g.clashAt == 0:
		g.clashAt = c.now.At
		c.logf(Error, "Both machines own resource group %s!", g.key)
	case g.want && c.now.At >= g.clashAt+clashPatience:
		c.logf(Warn, "%s does not give %s up: this node releases it", c.peer.name, g.key)
		c.noteTransition("both nodes claimed it", "%s released to %s", g.key, c.peer.name)
		g.release()
	}
}

func (c *Core) conflictDeadline() time.Duration {
	next := NoTick
	if n := c.peer; n != nil && n.deafSince != 0 && n.deafSince+c.deafPatience() > c.now.At {
		next = n.deafSince + c.deafPatience()
	}
	for _, g := range c.groups {
		if g.clashAt != 0 && g.want && g.clashAt+clashPatience > c.now.At {
			next = min(next, g.clashAt+clashPatience)
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
// [foreign] once the other is settled; only groups taken in its absence go back by themselves,
// so that an operator's move lasts.
func (c *Core) maybeFailback() {
	if c.cfg.Failback == FailbackOff || !c.peer.claim.stable || c.now.At < c.standby.failbackAt {
		return
	}
	for _, g := range c.groups {
		due := g.failback || c.cfg.Failback == FailbackLegacy && g.home != c.cfg.Self
		if due && g.want && !c.peerHolds(g) && !g.virtual && g.state == groupRunning && !c.peer.claim.failed[g.key] {
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
	if c.phase != phaseStable || c.taking == (takeover{}) {
		return
	}
	local := 0
	for _, g := range c.groups {
		mine := g.home == c.cfg.Self
		if (mine || c.taking.from != "") && g.want && g.state != groupRunning {
			return
		}
		if mine && !g.virtual && g.want {
			local++
		}
	}
	if c.taking.initial {
		none := ""
		if local == 0 {
			none = " (none)"
		}
		c.logf(Info, "Local Resource acquisition completed.%s", none)
	}
	if from := c.taking.from; from != "" {
		c.scriptLogf("mach_down", Info, "info: mach_down takeover complete for node %s.", from)
		c.logf(Info, "mach_down takeover complete.")
		if !c.anyFailed() {
			c.noteTransition(c.taking.cause, "everything taken over from %s", from)
		}
	} else if local > 0 && !c.anyFailed() {
		c.noteTransition("start of this node", "our own resources acquired")
	}
	c.taking = takeover{}
}
