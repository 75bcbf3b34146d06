package core

import (
	"maps"
	"slices"
	"sort"
	"time"

	"heartbeatd/internal/wire"
)

// This file is for the exhaustive search (internal/explore), which goes back to states it was in
// before and asks whether it has been in a state already. A test fails if a field is added to the
// core and forgotten here.

// Clone returns a core in the same state that shares nothing with this one that a Step changes. It is
// made in the memory of an old one that nobody needs any more, unless that is nil. It keeps no
// statistics.
func (c *Core) Clone(d *Core) *Core {
	if d == nil {
		d = &Core{}
	}
	*d = *c
	d.out, d.watch, d.acking = nil, nil, nil
	d.lent = slices.Clone(c.lent)
	d.self, d.peer = c.self.clone(), c.peer.clone()
	d.pings = c.pings.clone()
	d.drops = maps.Clone(c.drops)
	d.groups = make([]*group, len(c.groups))
	copies := make([]group, len(c.groups))
	twin := func(g *group) *group { return d.groups[slices.Index(c.groups, g)] }
	for i, g := range c.groups {
		copies[i] = *g
		copies[i].found = slices.Clone(g.found)
		d.groups[i] = &copies[i]
	}
	d.scripts = make([]*script, len(c.scripts))
	for i, s := range c.scripts {
		t := *s
		t.group = twin(s.group)
		d.scripts[i] = &t
	}
	for i, g := range c.groups {
		if n := slices.Index(c.scripts, g.script); g.script != nil && n >= 0 {
			d.groups[i].script = d.scripts[n]
		}
	}
	return d
}

func (n *node) clone() *node {
	if n == nil {
		return nil
	}
	m := *n
	m.window = n.window.Clone()
	m.links = make([]*linkState, len(n.links))
	for i, l := range n.links {
		copied := *l
		m.links[i] = &copied
	}
	return &m // the maps of a claim are made anew for each claim, and only read
}

// Print is a core's state in words: two cores with equal prints do the same from now on, given
// the same events. Times are measured from now and an age beyond which nothing depends on it is
// cut off, so that a pair at rest comes back to the states it was in. Which life of the other node this one
// knows is not in it, nor its own: the caller compares [Standing.Gen] with what it has.
type Print struct {
	Words   []uint64
	Numbers []Number
}

// Number is a message's number within a print. Only its order among the others of its sender
// counts, and its distance to those that may still arrive: the caller, who sees both cores and
// the messages on the way, makes it relative.
type Number struct {
	At    int // index in Words
	Own   bool
	Value uint64
}

func (p *Print) word(w uint64) { p.Words = append(p.Words, w) }

func (p *Print) flags(flags ...bool) {
	var w uint64
	for i, f := range flags {
		if f {
			w |= 1 << i
		}
	}
	p.word(w)
}

func (p *Print) text(s string) {
	h := uint64(14695981039346656037) // FNV-1a
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	p.word(h)
}

func (p *Print) number(own bool, n uint64) {
	if n != 0 {
		p.Numbers = append(p.Numbers, Number{len(p.Words), own, n})
	}
	p.word(0)
}

// due is a time to come; one that has passed is due, for however long.
func (c *Core) due(p *Print, t time.Duration) {
	switch {
	case t == NoTick:
		p.word(1)
	case t <= c.now.At:
		p.word(0)
	default:
		p.word(uint64(t-c.now.At) + 1)
	}
}

// age is a time in the past, 0 if it never was; beyond the limit all ages are one.
func (c *Core) age(p *Print, t, limit time.Duration) {
	if t == 0 {
		p.word(0)
		return
	}
	p.word(uint64(min(c.now.At-t, limit)) + 1)
}

// Print appends the state of the core at this moment, which must not lie before its last event.
func (c *Core) Print(p *Print, at time.Duration) {
	was := c.now.At
	c.now.At = at
	defer func() { c.now.At = was }()
	p.word(uint64(c.phase))
	p.flags(c.ended)
	p.text(c.status)
	p.number(true, c.seq)
	p.number(true, c.lastClaim)
	c.printBeat(p)
	c.due(p, c.reqAt)
	c.due(p, c.grace)
	c.due(p, c.nextSaying())
	p.text(c.said)
	c.printLateness(p)
	c.printNode(p, c.self)
	if c.peer != nil {
		c.printNode(p, c.peer)
	}
	c.printPings(p)
	c.printJoin(p)
	c.printStandby(p)
	for _, g := range c.groups {
		c.printGroup(p, g)
	}
	c.printChange(p)
	for _, s := range c.scripts {
		p.word(uint64(slices.Index(c.groups, s.group))<<32 | uint64(s.index)<<8 | uint64(s.op))
		p.flags(s.hung)
		c.due(p, s.reported)
	}
	p.text(c.taking.from)
	p.flags(c.taking.initial, c.stop.delayed != 0, c.stop.endAt != 0)
	c.due(p, c.stop.delayed)
	c.due(p, c.stop.endAt)
	p.number(true, c.stop.notice)
	c.printFence(p)
}

// printBeat: a late beat keeps the rhythm, unless it is late by more than one.
func (c *Core) printBeat(p *Print) {
	if c.nextBeat <= c.now.At {
		c.age(p, c.nextBeat, c.cfg.Keepalive)
		return
	}
	c.due(p, c.nextBeat)
}

// printLateness is what is known of our being held up.
func (c *Core) printLateness(p *Print) {
	switch late := c.now.At - c.promised; { // see noticeStall
	case c.promised == NoTick || late <= 0:
		c.due(p, c.promised)
	default:
		p.word(^uint64(min(late, max(c.cfg.Keepalive, 100*time.Millisecond)+1)))
	}
	doubted := c.peer != nil && c.firstDoubt > c.peer.lastBeat
	p.flags(doubted)
	if doubted {
		c.age(p, c.firstDoubt, c.cfg.Deadtime) // see verdictAt
	}
	if c.grace > c.now.At {
		c.age(p, c.lastDoubt, c.cfg.Deadtime)
	}
}

func (c *Core) printNode(p *Print, n *node) {
	p.text(n.status)
	p.word(uint64(n.deadtime))
	limit := max(c.cfg.Initdead, n.deadtime) + c.cfg.Deadtime // the farthest verdictAt looks
	if !n.dead() {
		c.age(p, n.lastBeat, limit)
	}
	for _, l := range n.links {
		p.flags(l.up)
		if l.up {
			c.age(p, l.last, limit)
		}
	}
	w := n.window.State()
	p.flags(w.Heard, w.Adrift)
	p.number(false, w.Last)
	for _, h := range w.Missing {
		p.number(false, h.Seq)
		c.due(p, h.Ask)
		p.word(uint64(h.Asked))
	}
	p.number(false, n.lastStatus)
	p.word(n.residue)
	p.word(uint64(n.key))
	p.flags(n.capable, n.started, n.asked, n.claims, n.offered, n.healedAt != 0, n.deafSince != 0,
		c.stop.notice != 0 && n.acked >= c.stop.notice)
	if !n.capable {
		c.age(p, n.healedAt, healPatience+joinPatience)
	}
	c.due(p, n.deafSince+c.deafPatience())
	p.number(false, n.report.seq)
	p.number(!n.report.phase.gives(), n.report.standby) // the giver's number
	p.word(uint64(n.report.phase))
	p.number(false, n.report.claim)
	c.printClaim(p, &n.claim)
}

func (c *Core) printClaim(p *Print, cl *claim) {
	p.flags(cl.known, cl.stable, cl.releasing, cl.gone, cl.leaving, cl.differs, cl.groups != nil, cl.unsettledAt != 0, cl.odd)
	p.text(cl.files)
	p.text(string(cl.hold))
	p.number(false, cl.seq)
	if cl.groups == nil {
		c.age(p, cl.unsettledAt, unsettledPatience)
	}
	p.word(uint64(len(cl.groups)))
	for _, k := range sortedKeys(cl.groups) {
		h := cl.groups[k]
		p.text(k)
		p.word(h.term.n)
		p.flags(h.term.blind, h.partial)
	}
	for _, k := range sortedKeys(cl.failed) {
		p.text(k)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m { // order does not matter: they are sorted
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// printChange is what is known of a change of haresources that is not wholly in force. The file itself is the caller's to
// compare: all that is in force stands in it.
func (c *Core) printChange(p *Print) {
	if !c.changing {
		return
	}
	p.text(c.before)
	p.text(c.base)
	p.flags(c.peer != nil && c.peer.left)
	for _, g := range c.groups {
		p.text(g.key)
		p.text(g.home)
		p.text(g.words())
		p.flags(g.virtual, g.leaving, g.fresh, g.careful, g.pending, g.waits)
	}
}

func (c *Core) printJoin(p *Print) {
	p.flags(c.join.heardAt != 0, c.join.silent, c.join.warned)
	if c.phase == phaseJoining {
		c.due(p, c.join.heardAt+joinPatience)
		c.age(p, c.join.began, 2*joinPatience)
	}
}

func (c *Core) printStandby(p *Print) {
	s := &c.standby
	p.word(uint64(s.phase))
	c.due(p, s.failbackAt)
	p.flags(s.refused != 0)
	if s.refused != 0 {
		p.number(false, s.refused)
		p.text(string(s.refusedWhich))
	}
	if s.phase == standbyNone {
		return
	}
	p.text(string(s.which))
	p.text(s.giver)
	p.number(s.giver == c.cfg.Self, s.id)
	p.flags(s.sure, s.tookOver, s.giveAt != 0)
	c.due(p, s.giveAt)
	c.due(p, s.deadline)
}

func (c *Core) printGroup(p *Print, g *group) {
	p.word(uint64(g.state)<<32 | uint64(g.index+1)<<16 | uint64(g.tries))
	p.flags(g.want, g.asked, g.doubtful, g.yield, g.partial, g.cold, g.failed, g.failback, g.orphanAsked, g.owed, g.owedHad, g.theirs,
		g.term.blind, g.script != nil, g.clashAt != 0, g.orphanAt != 0, g.request.since != 0, g.request.said, g.barred, g.stays, c.standby.phase == standbyOffered && g.given)
	for _, r := range g.found {
		p.text(r)
	}
	c.due(p, g.waitTo)
	p.word(uint64(min(g.failures, 2))) // see startFailed
	if g.failed || g.state == groupStopFailed {
		c.due(p, g.retryAt)
	}
	p.word(g.term.n)
	p.word(uint64(g.begun))
	if g.clashAt != 0 {
		c.due(p, c.clashEnd(g))
	}
	if g.orphanAt != 0 {
		c.due(p, g.orphanAt+orphanPatience)
	}
	if g.request.since != 0 {
		c.age(p, g.request.since, askGroupSlowest)
		c.due(p, g.request.again)
	}
}

// Standing is where a core stands, by the names of its states.
type Standing struct {
	Phase, Standby, Peer string // Peer: the other node's status
	Gen, Last            uint64 // of the other node: its life and newest message
	Missing              int
	Adrift               bool            // what it sends next is no gap
	Groups               []GroupStanding // those of haresources
}

// GroupStanding is where a group stands.
type GroupStanding struct {
	Key, State         string
	Ours, Wanted, Hung bool
}

var phaseNames = [...]string{"init", "joining", "stable", "stopping", "stopped"}

// Standing says where the core stands.
func (c *Core) Standing() Standing {
	s := Standing{Phase: phaseNames[c.phase], Standby: c.standby.phase.String()}
	if n := c.peer; n != nil {
		w := n.window.State()
		s.Peer, s.Gen, s.Last, s.Missing, s.Adrift = n.status, w.Gen, w.Last, len(w.Missing), w.Adrift
	}
	for _, g := range c.groups {
		if !g.virtual && !g.leaving {
			s.Groups = append(s.Groups, GroupStanding{g.key, g.state.String(), g.ours(), g.want, g.script != nil && g.script.hung})
		}
	}
	return s
}

// Seq is the number of our newest message.
func (c *Core) Seq() uint64 { return c.seq }

// Waited are the other node's numbers that this one still waits for.
func (c *Core) Waited() []uint64 {
	var waited []uint64
	for _, h := range c.peer.window.State().Missing {
		waited = append(waited, h.Seq)
	}
	return waited
}

// Kept is a message kept for retransmission, nil if it is not, and for how long it is not resent.
func (c *Core) Kept(seq uint64, at time.Duration) (*wire.Message, time.Duration) {
	s := c.history.find(seq)
	if s == nil {
		return nil, 0
	}
	return c.message(s), max(0, s.again-at)
}
