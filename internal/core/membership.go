package core

import (
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/wire"
)

const reqEvery = time.Second // 3.0.6: reqnodes is repeated every 1000 ms

// healPatience is how long a C node is left alone after a partition. 3.0.6: one that has noticed it
// restarts after 2 s; one that has not says nothing by itself, and is asked with `starting`.
const healPatience = 3 * time.Second

// checkCommUp ends phaseInit. 3.0.6: communication is up when every node was heard or is
// dead; a live node must then answer reqnodes with repnodes.
func (c *Core) checkCommUp() {
	if c.phase != phaseInit || c.awaitsPings() {
		return
	}
	n := c.peer
	switch {
	case n == nil || n.dead():
		c.commUp()
	case n.alive() && c.reqAt == NoTick:
		c.reqnodes()
	}
}

func (c *Core) reqnodes() {
	m := wire.New("reqnodes")
	m.AddStr("dest", c.peer.name)
	c.send(m)
	c.reqAt = c.now.At + reqEvery
}

// wantsWord says that the other node is there but we do not know what it holds: it does not
// know that we wait (two nodes that were started while they could not hear each other), or its
// newest claim was lost.
func (c *Core) wantsWord() bool {
	n := c.peer
	return (c.phase == phaseJoining || c.phase == phaseStable) && n.active() && !c.legacyC() &&
		(!n.claim.known || n.outdated())
}

// expectWord gives the other node a beat's time to speak before it is asked.
func (c *Core) expectWord() {
	if c.wantsWord() && c.reqAt == NoTick {
		c.reqAt = c.now.At + min(c.cfg.Keepalive, reqEvery)
	}
}

// askAgain repeats what was not answered: reqnodes while communication is not up, then
// `starting` or a claim that asks for the other's.
func (c *Core) askAgain() {
	if c.reqAt > c.now.At {
		return
	}
	c.reqAt = NoTick
	switch {
	case !c.peer.alive():
	case c.phase == phaseInit:
		if !c.join.silent && c.now.At >= c.peer.changed.At+c.cfg.Deadtime {
			c.join.silent = true
			c.logf(Warn, "%s is heard, but does not answer: does it hear this node, and is this node in its ha.cf?", c.peer.name)
		}
		// checkCommUp asks again.
	case c.wantsWord() && (c.phase == phaseJoining || c.peer.healedAt != 0 && !c.peer.capable):
		if !c.join.silent && c.phase == phaseJoining && c.now.At >= c.join.began+2*joinPatience {
			c.join.silent = true
			c.logf(Warn, "%s does not say what it holds: is auto_failback the same on both nodes?", c.peer.name)
		}
		c.sendStarting()
	case c.wantsWord():
		c.sendClaim(true)
		c.reqAt = c.now.At + startingEvery
	}
}

// reqnodesFrom answers with the nodes of our configuration.
func (c *Core) reqnodesFrom(n *node, m *wire.Message) {
	if m.Str("dest") != c.cfg.Self {
		return
	}
	if c.legacyC() {
		c.sendStatus() // the answer makes it active, and one that has not heard us be active takes its groups unasked
	}
	r := &wire.Message{}
	r.AddStr("dest", n.name)
	r.AddStr("t", "repnodes")
	r.AddStr("nodelist", strings.Join(c.cfg.Order, " ")+" ")
	r.AddStr("delnodelist", " ")
	c.report().put(r) // it lets a node join, which must then know which claim is our newest
	c.send(r)
}

// repnodesFrom is the word that makes us active.
func (c *Core) repnodesFrom(m *wire.Message) {
	if dest := m.Str("dest"); dest != "" && dest != c.cfg.Self {
		return
	}
	names := strings.Fields(m.Str("nodelist"))
	for _, name := range c.cfg.Order {
		if !slices.Contains(names, name) {
			c.logf(Warn, "%s does not list node %s: is ha.cf the same on both nodes?", c.peer.name, name)
		}
	}
	if c.phase == phaseInit {
		c.commUp()
	}
}

func (c *Core) commUp() {
	c.logf(Info, "Comm_now_up(): updating status to active")
	c.setStatus("active")
	c.startJoining()
}
