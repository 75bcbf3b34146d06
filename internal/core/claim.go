package core

import (
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/wire"
)

// Fields that only a heartbeatd sends. A C node passes them over (protocol.md 2).
const (
	fieldCapable = "hbd"             // in status, resource, ask_resources: the sender is a heartbeatd
	fieldSees    = "hbd_sees"        // with hbd: what the sender holds the receiver for
	fieldStandby = "hbd_standby"     // with hbd: number and phase of the standby dialogue
	fieldClaim   = "hbd_claim"       // with hbd: number of the sender's newest claim
	fieldGroups  = "hbd_groups"      // resource: what is held, group by group
	fieldFailed  = "hbd_failed"      // resource: keys of groups that could not be started there
	fieldFiles   = "hbd_haresources" // resource: fingerprint of haresources
	fieldReply   = "hbd_reply"       // resource: answer with yours
)

// A term says how a group came to be held. Both nodes see the same two terms and so agree
// without a further word on who keeps a group that both hold: see [term.before].
type term struct {
	// n counts the changes of owner. Who took the group over from a node believed dead has
	// a higher one than the node that held it before the split.
	n uint64
	// blind marks a group taken, or found running, without having heard the other node. A
	// blind claim yields to one that was made knowing the other.
	blind bool
}

// before says whether the holder with term t keeps the group against one with u; home says
// whether t's holder is the group's home, which settles a tie.
func (t term) before(u term, home bool) bool {
	if t.blind != u.blind {
		return u.blind
	}
	if t.n != u.n {
		return t.n < u.n
	}
	return home
}

// held is one entry of a claim.
type held struct {
	term term
	age  time.Duration // how long the sender has had it, for the log
	// partial says that only some of it was found running: it is not in service there.
	partial bool
}

// claim is what a node last said it holds.
type claim struct {
	known  bool   // it said something since it started
	seq    uint64 // of the message that said so
	hold   Which  // 3.0.6's word, from the node's own point of view
	stable bool
	groups map[string]held // nil for a C node
	failed map[string]bool
	// unsettledAt is since when a C node has not been settled; 0: it is.
	unsettledAt time.Duration
	// releasing says that a C node, which claims less before it stops anything, is still at it.
	releasing bool
	gone      bool // it released everything and said goodbye
	// leaving says that a heartbeatd is stopping: what it no longer lists it will not take again.
	leaving bool
	differs bool   // its haresources is not ours
	files   string // the fingerprint of its own
	odd     bool   // it lists what is not in our haresources
}

// holds says whether the node claims the group. A C node claims whole sides only, and who has said nothing
// none: its word is empty.
func (cl *claim) holds(g *group, n *node) bool {
	if cl.groups != nil && !g.virtual {
		_, ok := cl.groups[g.key]
		return ok
	}
	return cl.hold.includes(g.home == n.name)
}

// peerHolds says whether the peer claims the group.
func (c *Core) peerHolds(g *group) bool {
	if c.legacyC() {
		return !c.peer.absent() && g.theirs
	}
	return !c.peer.absent() && c.peer.claim.holds(g, c.peer)
}

// hold is our own claim in 3.0.6's word.
func (c *Core) hold() Which {
	var local, foreign bool
	for _, g := range c.groups {
		if !c.claims(g) {
			continue
		}
		if g.home == c.cfg.Self {
			local = true
		} else {
			foreign = true
		}
	}
	return holding(local, foreign)
}

// claims says whether a group counts in hold. Towards a C node one that failed here does until it
// is handed over, as it does there; and one that a C node claims does not, for it can only
// complain: it never gives up what it claims, nor takes it a second time.
func (c *Core) claims(g *group) bool {
	n := c.peer
	if !n.active() || n.capable {
		return g.ours()
	}
	given := c.standby.giving() && c.standby.moves(g)
	return !c.peerHolds(g) && (g.ours() || g.failed && !given && c.phase == phaseStable)
}

// mute says that a C node must not hear our claim before its own: one that was here all the time
// may hold what we found running, or be about to restart after a partition. One that holds anything
// answers `starting`; one that does not answer may be waiting for a claim.
func (c *Core) mute() bool {
	n := c.peer
	if n.dead() && n.lastStatus != 0 && !n.capable {
		return true // if it lives and only we are deaf, it can do nothing with it but complain
	}
	return n.active() && !n.capable && !n.claim.known && !n.asked && !c.legacyC() &&
		(n.healedAt != 0 || c.phase == phaseJoining && !n.started && c.now.At < c.join.began+joinPatience)
}

// settled is isstable: decided, and no group on its way to the other node. A mere request for
// standby unsettles nobody.
func (c *Core) settled() bool {
	return c.phase == phaseStable && c.standby.phase <= standbyAsked
}

// listing is the exact list of what we hold. The ages are left out where two listings are compared.
func (c *Core) listing(ages bool) string {
	var w wording
	c.list(&w, ages)
	return string(w.text)
}

func (c *Core) list(w *wording, ages bool) {
	first := true
	for _, g := range c.groups {
		if g.virtual || !g.ours() || g.leaving && c.listsKey(g.key) {
			continue
		}
		if !first {
			w.add(" ")
		}
		first = false
		if g.term.blind {
			w.add("b")
		}
		if g.partial {
			w.add("p")
		}
		w.number(g.term.n)
		w.add(":")
		if ages {
			w.number(uint64(max(0, c.now.At-g.oursSince) / time.Millisecond))
			w.add(":")
		}
		w.add(g.key)
	}
	for _, g := range c.groups {
		if (g.leaving || g.pending) && g.ours() {
			if !first {
				w.add(" ")
			}
			first = false
			w.add("0:0:" + leavingMark)
			w.add(g.key)
		}
	}
}

// listsKey says that a group of the file with that key is claimed.
func (c *Core) listsKey(key string) bool {
	g := c.groupOf(key)
	return g != nil && g.ours()
}

func (c *Core) failedKeys() string {
	var w wording
	c.listFailed(&w)
	return string(w.text)
}

func (c *Core) listFailed(w *wording) {
	first := true
	for _, g := range c.groups {
		if !g.failed {
			continue
		}
		if !first {
			w.add(" ")
		}
		first = false
		w.add(g.key)
	}
}

// announce sends our claim whenever it has changed. Between two heartbeatd nodes it is always
// the truth of the moment; a C node in the middle of a move must not be told the half of it.
func (c *Core) announce() {
	if c.phase == phaseStopped {
		return
	}
	if c.standby.phase == standbyTaking && !c.peer.capable {
		return
	}
	if c.claimDiffers() {
		c.sendClaim(false)
	}
}

// claimDiffers says whether claimText is another than was said. It is asked after every event.
func (c *Core) claimDiffers() bool {
	w := wording{compares: true, rest: c.said}
	c.word(&w)
	return w.differs || w.rest != ""
}

func (c *Core) claimText() string {
	var w wording
	c.word(&w)
	return string(w.text)
}

func (c *Core) word(w *wording) {
	w.add(string(c.hold()))
	w.add(" ")
	w.add(c.stability())
	w.add(" ")
	c.list(w, false)
	w.add(" / ")
	c.listFailed(w)
}

// stability is isstable.
func (c *Core) stability() string {
	if c.settled() {
		return "1"
	}
	return "0"
}

// sendClaim sends our resource message; reply asks for the other's.
func (c *Core) sendClaim(reply bool) {
	if c.phase < phaseJoining || !c.probed() {
		return // saying less than what is held would be a lie
	}
	if c.mute() {
		return
	}
	c.said = c.claimText()
	if c.legacyC() {
		return // it knows no claims
	}
	m := newMessage("resource")
	m.AddStr("rsc_hold", string(c.hold()))
	m.AddStr("rtype", "full")
	m.AddStr("isstable", c.stability())
	switch {
	case c.phase >= phaseStopping:
		m.AddStr("info", "shutdown")
	case c.standby.giving():
		m.AddStr("info", "standby")
	}
	c.lastClaim = c.number()
	c.report().put(m)
	m.AddStr(fieldGroups, c.listing(true))
	if f := c.failedKeys(); f != "" {
		m.AddStr(fieldFailed, f)
	}
	m.AddStr(fieldFiles, c.cfg.Fingerprint)
	if reply {
		m.AddStr(fieldReply, "yes")
	}
	c.send(m)
}

// resourceFrom takes in a claim. 3.0.6 applies claims in the order they arrive, so that an
// older one may win (behaviour.md 12.12); here the number decides.
func (c *Core) resourceFrom(n *node, m *wire.Message, seq uint64) {
	hold := Which(m.Str("rsc_hold"))
	if hold != None && hold != Local && hold != Foreign && hold != All {
		c.logf(Error, "encode_resources: bad resource type [%s]", hold)
		return
	}
	n.claims = true
	cl := &n.claim
	if seq < cl.seq {
		return
	}
	if c.join.heardAt == 0 {
		c.join.heardAt = c.now.At
	}
	cl.seq = seq
	if m.Str("rtype") != "full" {
		cl.add(hold) // 3.0.6: mach_down adds to the claim
		cl.unsettled("", c.now.At)
		c.takerTookOver()
		return
	}
	was := *cl
	cl.known, cl.hold, cl.gone = true, hold, false
	cl.groups, cl.failed = parseListing(m), parseFailed(m)
	cl.odd = c.unlisted(cl.groups)
	if st := m.Str("isstable"); st != "" {
		cl.stable = st == "1"
	}
	cl.unsettled(m.Str("info"), c.now.At)
	cl.leaving = cl.groups != nil && m.Str("info") == "shutdown"
	if cl.leaving && !was.leaving {
		c.logf(Info, "%s is stopping", n.name)
	}
	c.giverClaims(m.Str("info"), cl.stable)
	c.compareFiles(n, m)
	if cl.stable && !was.stable {
		c.logf(Info, "remote resource transition completed.")
	}
	if m.Has(fieldReply) || !n.capable && cl.stable && !was.stable {
		c.sendClaim(false)
	}
}

// unsettled notes how a C node stands that is not settled. Its answer to a `starting` says less
// than it said before, so only the end of what it does counts.
func (cl *claim) unsettled(info string, now time.Duration) {
	switch {
	case cl.stable:
		cl.unsettledAt, cl.releasing = 0, false
		return
	case cl.unsettledAt == 0:
		cl.unsettledAt = now
	}
	cl.releasing = cl.releasing || info == "shutdown" || info == "standby"
}

func (cl *claim) add(hold Which) {
	cl.known = true
	if hold == None {
		cl.hold = None
	}
	cl.hold = holding(cl.hold.includes(true) || hold.includes(true), cl.hold.includes(false) || hold.includes(false))
}

// give takes a set away that a C node has released by its word number seq. Its claim that says so
// may be lost, and older ones still on the way.
func (cl *claim) give(w Which, seq uint64) {
	cl.hold = holding(cl.hold.includes(true) && !w.includes(true), cl.hold.includes(false) && !w.includes(false))
	cl.seq = max(cl.seq, seq)
}

// parseListing reads hbd_groups: "3:1500:key b1:20:key2 bp1:20:key3". A C node sends none: nil.
func parseListing(m *wire.Message) map[string]held {
	if !m.Has(fieldGroups) {
		return nil
	}
	groups := map[string]held{}
	for _, word := range strings.Fields(m.Str(fieldGroups)) {
		var h held
		word, h.term.blind = strings.CutPrefix(word, "b")
		word, h.partial = strings.CutPrefix(word, "p")
		n, rest, _ := strings.Cut(word, ":")
		age, key, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		h.term.n, _ = strconv.ParseUint(n, 10, 64)
		ms, _ := strconv.ParseInt(age, 10, 43)
		h.age = time.Duration(max(ms, 0)) * time.Millisecond
		h.term.n = min(h.term.n, 1<<62)
		groups[key] = h
	}
	return groups
}

func parseFailed(m *wire.Message) map[string]bool {
	failed := map[string]bool{}
	for _, key := range strings.Fields(m.Str(fieldFailed)) {
		failed[key] = true
	}
	return failed
}

// learnTerms keeps our counts up with what the peer says, and makes our own blind claims informed
// ones where the peer, now heard, does not hold the same group. Not only when its claim arrives: a group
// that is given up, or found running, later than that is to be compared as well.
func (c *Core) learnTerms() {
	if c.peer.absent() || c.peer.claim.groups == nil {
		return // nobody is there, it has said nothing yet, or it is a C node, which does not count
	}
	for _, g := range c.groups {
		h, theirs := c.peer.claim.groups[g.key]
		switch {
		case !theirs:
			g.term.blind = false
		case !g.ours():
			g.term.n = max(g.term.n, h.term.n)
		}
	}
}
