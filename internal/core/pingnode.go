package core

import (
	"slices"
	"time"

	"heartbeatd/internal/wire"
)

// PingConfig is a ping node of ha.cf: a host, or a group of hosts of which one that answers is enough. It
// runs nothing and holds nothing; whether it answers tells how well this node is connected.
type PingConfig struct {
	Name  string
	Kind  string // the directive: ping, ping6, ping_group
	After int    // so many names of Config.Order stand before it in ha.cf
}

// The status of a ping node. Its only link, named like the node, is up while it answers.
const (
	pingSilent  = "init" // it has not answered yet
	pingAnswers = "ping"
	pingDead    = "dead"
)

// pingNode is a ping node as seen from here.
type pingNode struct {
	name    string
	kind    string
	status  string // init, ping, dead
	changed Stamp
	last    time.Duration // its newest answer; before the first one our start
	heard   bool          // it has answered once

	deaths, late uint64
}

// pings are all of them, and when they are asked again.
type pings struct {
	nodes []*pingNode
	next  time.Duration // NoTick if there are none
}

func newPings(cfg Config) pings {
	p := pings{next: NoTick}
	for _, n := range cfg.Pings {
		p.nodes = append(p.nodes, &pingNode{name: n.Name, kind: n.Kind, status: pingSilent})
	}
	return p
}

func (p pings) clone() pings {
	p.nodes = slices.Clone(p.nodes)
	for i, n := range p.nodes {
		copied := *n
		p.nodes[i] = &copied
	}
	return p
}

// beginPings asks for the first time.
func (c *Core) beginPings() {
	if len(c.pings.nodes) == 0 {
		return
	}
	for _, n := range c.pings.nodes {
		n.last, n.changed = c.now.At, c.now
	}
	c.pings.next = c.now.At
	c.ping()
}

// ping asks all of them once every keepalive. 3.0.6: with each of its own beats.
func (c *Core) ping() {
	if c.now.At < c.pings.next {
		return
	}
	c.do(Ping{})
	if c.pings.next += c.cfg.Keepalive; c.pings.next <= c.now.At {
		c.pings.next = c.now.At + c.cfg.Keepalive
	}
}

// answered renews the life of a ping node.
func (c *Core) answered(e Answered) {
	i := slices.IndexFunc(c.pings.nodes, func(n *pingNode) bool { return n.name == e.Node })
	if i < 0 {
		return
	}
	n, heard := c.pings.nodes[i], e.Heard
	if heard <= 0 || heard > c.now.At {
		heard = c.now.At
	}
	if n.status != pingAnswers {
		c.logf(Info, "Link %s:%s up.", n.name, n.name)
		c.tellPingLink(n, true)
	}
	if n.heard || n.status == pingDead {
		c.notePingGap(n, heard-n.last)
	}
	n.last, n.heard = max(n.last, heard), true
	if n.status == pingAnswers {
		c.tellPing(n, NoChange)
		return
	}
	n.status, n.changed = pingAnswers, c.now
	c.logf(Info, "Status update for node %s: status %s", n.name, n.status)
	c.tellPing(n, Keep)
}

// notePingGap keeps the lateness of answers. 3.0.6 measures them by the times for beats, whatever deadping
// is; it also declares the node dead once more, by the very answer that shows that it is there.
func (c *Core) notePingGap(n *pingNode, gap time.Duration) {
	ms := gap / time.Millisecond
	switch {
	case gap > c.cfg.Deadtime:
		n.late++
		c.logf(Crit, "Late heartbeat: Node %s: interval %d ms (> deadtime)", n.name, ms)
	case gap > c.cfg.Warntime:
		n.late++
		c.logf(Warn, "Late heartbeat: Node %s: interval %d ms", n.name, ms)
	}
}

// pingDeadline is when a ping node will have been silent for too long. Until communication is up initdead
// counts, as for every node; and after we were held up it gets the time to answer again.
func (c *Core) pingDeadline(n *pingNode) time.Duration {
	if n.status == pingDead {
		return NoTick
	}
	silence := c.cfg.Deadping
	if c.phase == phaseInit {
		silence = max(c.cfg.Initdead, silence)
	}
	deadline := n.last + silence
	return max(deadline, min(c.grace, deadline+c.cfg.Deadtime))
}

// pingTick is when the ping nodes need a tick.
func (c *Core) pingTick() time.Duration {
	next := c.pings.next
	for _, n := range c.pings.nodes {
		next = min(next, c.pingDeadline(n))
	}
	return next
}

// checkPings declares dead who has not answered for the whole deadping. 3.0.6 first looks at all nodes, then
// at all links.
func (c *Core) checkPings() {
	var down []*pingNode
	for _, n := range c.pings.nodes {
		if c.now.At < c.pingDeadline(n) {
			continue
		}
		if n.status == pingAnswers {
			n.deaths++
			down = append(down, n)
		}
		n.status, n.changed = pingDead, c.now
		c.logf(Warn, "node %s: is dead", n.name)
		c.tellPingDead(n)
	}
	for _, n := range down {
		c.logf(Info, "Link %s:%s dead.", n.name, n.name)
		c.tellPingLink(n, false)
	}
}

// awaitsPings says that a ping node has neither answered nor died yet. 3.0.6: communication is up when
// that is known of every node of ha.cf.
func (c *Core) awaitsPings() bool {
	return slices.ContainsFunc(c.pings.nodes, func(n *pingNode) bool { return n.status == pingSilent })
}

func (c *Core) pingView(n *pingNode, at time.Duration) NodeView {
	v := NodeView{
		Name: n.name, Type: TypePing, Status: n.status, Since: n.changed.Wall,
		LastBeat: -1, Deadtime: c.cfg.Deadping, Deaths: n.deaths, LateBeats: n.late, Weight: 100,
	}
	if n.heard {
		v.LastBeat = max(0, at-n.last)
	}
	l := LinkView{Name: n.name, Up: n.status == pingAnswers}
	if n.heard {
		l.Since = n.changed.Wall
	}
	v.Links = []LinkView{l}
	return v
}

// withPings puts the ping nodes between the others, in the order of ha.cf.
func (c *Core) withPings(nodes []NodeView, at time.Duration) []NodeView {
	var all []NodeView
	next := 0
	for i := 0; i <= len(nodes); i++ {
		for next < len(c.pings.nodes) && (c.cfg.Pings[next].After <= i || i == len(nodes)) {
			all = append(all, c.pingView(c.pings.nodes[next], at))
			next++
		}
		if i < len(nodes) {
			all = append(all, nodes[i])
		}
	}
	return all
}

// Answering counts the ping nodes that answer, and all.
func (v View) Answering() (up, all int) {
	for _, n := range v.Nodes {
		if n.Type != TypePing {
			continue
		}
		all++
		if n.Status == pingAnswers {
			up++
		}
	}
	return up, all
}

// printPings is their part of [Core.Print].
func (c *Core) printPings(p *Print) {
	if len(c.pings.nodes) == 0 {
		return
	}
	c.due(p, c.pings.next)
	for _, n := range c.pings.nodes {
		p.text(n.status)
		p.flags(n.heard)
		if n.status != pingDead {
			c.age(p, n.last, max(c.cfg.Initdead, c.cfg.Deadping)+c.cfg.Deadtime)
		}
	}
}

// What clients and scripts of the machine are told of ping nodes stays on the machine, as in 3.0.6.

// tellPing tells clients of an answer; 3.0.6 passes on the message that it had sent along.
func (c *Core) tellPing(n *pingNode, class Class) {
	if c.audience&class == 0 {
		return
	}
	m := wire.New("NS_st").AddStr("st", pingAnswers).AddStr("info", n.kind)
	c.hear(m.AddStr("src", n.name).AddStr("ts", hex(uint64(c.now.Wall))), class)
}

// tellPingDead tells clients and scripts. 3.0.6: info=ping, of groups too, is for scripts that would take over.
func (c *Core) tellPingDead(n *pingNode) {
	c.hearDeath(&node{name: n.name, status: pingDead})
	if c.cfg.Hooks {
		m := wire.New("status").AddStr("st", pingDead).AddStr("src", n.name).AddStr("info", "ping")
		c.notice(m.AddStr("seq", "1").AddStr("ts", hex(uint64(c.now.Wall))))
	}
}

func (c *Core) tellPingLink(n *pingNode, up bool) {
	as, link := &node{name: n.name}, &linkState{name: n.name, up: up}
	c.hearLink(as, link)
	c.noticeLink(as, link)
}
