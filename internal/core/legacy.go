package core

import (
	"slices"
	"time"

	"heartbeatd/internal/wire"
)

// auto_failback legacy towards a C node. 3.0.6 then knows no claims and no standby: a node that
// becomes active asks the other for each group it is the home of (ip-request), the other
// releases what it has and answers (ip-request-resp), and only then is the group taken. Who has
// what in between nobody says; it follows from who is there (behaviour.md 3.6).

const (
	// askGroupEvery is how often an ip-request is repeated. A C node loses requests and answers on
	// the way through its own FIFO, and asks once; its answer to a second request does no harm.
	askGroupEvery   = 2 * time.Second
	askGroupSlowest = time.Minute
	// askGroupPatience is how long a node that is not active yet is asked: 3.0.6 asks only an active one.
	askGroupPatience = 10 * time.Second
)

// request is one of our groups on its way here.
type request struct {
	since time.Duration // first asked; 0: not asked
	again time.Duration // to be asked next
	said  bool          // that no answer comes
}

// legacyC says that the other node is a C node and both have auto_failback legacy. One that
// speaks of claims has another value in its ha.cf, and is treated accordingly.
func (c *Core) legacyC() bool {
	n := c.peer
	return c.cfg.Failback == FailbackLegacy && n != nil && n.lastStatus != 0 && !n.capable && !n.claims
}

// legacyAppears looks at a C node that has become active. Normally it was seen starting, holds
// nothing and will ask for what is its own. One that was active all the time may run everything,
// for it held us for dead: it is asked for our groups even if they run here, and what both may
// run of its own is a clash.
func (c *Core) legacyAppears(n *node) {
	if !c.legacyC() {
		return
	}
	for _, g := range c.groups {
		mine := g.home == c.cfg.Self
		g.theirs = !mine && (!n.started || !g.ours())
		if mine && !g.leaving && !n.started && g.ours() && c.phase >= phaseJoining && c.phase < phaseStopping {
			c.askGroup(g)
		}
	}
}

// legacyReconcile is reconcile with such a node there: our groups are asked for, its own stay
// here until it asks. A group that cannot be started here is tried again: there is no way to
// make a C node take it.
func (c *Core) legacyReconcile() {
	c.settleClashes()
	c.offerGroups()
	for _, g := range c.groups {
		switch r := &g.request; {
		case g.home != c.cfg.Self || g.virtual || g.leaving || g.fresh:
		case r.since != 0:
			c.awaitGroup(g)
		case !g.want && !(g.failed && c.now.At < g.retryAt):
			c.askGroup(g)
		}
	}
}

// offerGroups tells a C node that was there before us that we run nothing of its own: it may have asked
// an earlier life of ours, once, and waits for ever. What it runs already it leaves as it is.
func (c *Core) offerGroups() {
	n := c.peer
	if n.offered || n.started || !n.active() {
		return
	}
	n.offered = true
	for _, g := range c.groups {
		switch {
		case g.home == c.cfg.Self || g.virtual || g.leaving || g.ours() && g.state != groupFound:
		case g.state == groupStopped:
			c.answerGroup(g.key, false)
		default:
			g.owed = true // it is answered when it has stopped
		}
	}
}

// askGroup asks for a group of ours, and goes on until an answer comes.
func (c *Core) askGroup(g *group) {
	r := &g.request
	if r.since == 0 {
		r.since = c.now.At
	}
	r.again = c.now.At + min(max(askGroupEvery, c.now.At-r.since), askGroupSlowest)
	c.send(newMessage("ip-request").AddStr("ipaddr", g.key))
}

// awaitGroup asks again. A node that does not become active runs nothing.
func (c *Core) awaitGroup(g *group) {
	r := &g.request
	long := c.now.At >= r.since+askGroupPatience
	switch {
	case long && !c.peer.active():
		c.takeOwn(g)
	case c.now.At >= r.again:
		c.askGroup(g)
		if long && !r.said {
			r.said = true
			c.logf(Warn, "%s does not answer the request for resource group %s: is auto_failback the same on both nodes?", c.peer.name, g.key)
		}
	}
}

// takeOwn takes a group of ours that the other node does not have.
func (c *Core) takeOwn(g *group) {
	g.request, g.theirs = request{}, false
	c.acquire(g)
}

// groupAsked is the other node's ip-request. 3.0.6 answers one of an unknown group too.
func (c *Core) groupAsked(n *node, m *wire.Message) {
	c.noticeAsked(m)
	key := m.Str("ipaddr")
	if key == "" {
		return
	}
	for _, g := range c.groups {
		if g.key != key {
			continue
		}
		had := g.ours()
		g.release()
		g.owed = true
		g.owedHad = had
		g.request = request{}
		if g.state == groupFound {
			g.yield = true
		}
		if had {
			c.noteTransition(n.name+" asked for it", "%s given to %s", g.key, n.name)
		}
		return
	}
	c.answerGroup(key, false)
}

// legacyAnswers answers requests as soon as nothing of the group runs here any more.
func (c *Core) legacyAnswers() {
	for _, g := range c.groups {
		if !g.owed || g.state != groupStopped || c.stillLeaving(g) {
			continue
		}
		c.answerGroup(g.key, g.owedHad)
		g.owed, g.theirs = false, true
	}
}

// stillLeaving says that a part of a group, which the file no longer has, is still being stopped.
func (c *Core) stillLeaving(g *group) bool {
	return slices.ContainsFunc(c.groups, func(l *group) bool { return l != g && l.leaving && l.key == g.key && l.state != groupStopped })
}

func (c *Core) answerGroup(key string, had bool) {
	weown := "no"
	if had {
		weown = "yes"
	}
	m := newMessage("ip-request-resp").AddStr("dest", c.peer.name).AddStr("ipaddr", key)
	c.send(m.AddStr("weown", weown).AddStr("ok", "OK"))
}

// groupAnswered is the other node's ip-request-resp: it does not have the group any more.
func (c *Core) groupAnswered(m *wire.Message) {
	c.notice(m)
	if m.Str("dest") != c.cfg.Self || c.phase != phaseStable {
		return
	}
	for _, g := range c.groups {
		if g.virtual || g.key != m.Str("ipaddr") || g.home != c.cfg.Self {
			continue
		}
		c.scriptLogf("ip-request-resp", Info, "received ip-request-resp %s %s %s", g.key, m.Str("ok"), m.Str("weown"))
		if m.Str("weown") == "yes" {
			c.announceAddresses(g) // the other node announced them last
		}
		if m.Str("ok") == "OK" && g.request.since != 0 {
			c.takeOwn(g)
		}
	}
}

// legacyForgets is the end of the other node's life, or of ours together.
func (c *Core) legacyForgets() {
	for _, g := range c.groups {
		g.owed, g.theirs, g.request = false, false, request{}
	}
}

// requestDeadline is when a group is to be asked for again.
func (c *Core) requestDeadline() time.Duration {
	next := NoTick
	for _, g := range c.groups {
		if g.request.again > c.now.At {
			next = min(next, g.request.again)
		}
	}
	return next
}
