package core

import "heartbeatd/internal/wire"

// The dialogue of a standby, word by word. Towards a C node the words alone count. Between two
// heartbeatd nodes each report says where its sender stands, and standbyAgree follows: a lost,
// late or doubled word then changes nothing, and neither node is left alone in a dialogue.

func (c *Core) sendStandby(info string, which Which) {
	m := wire.New("ask_resources")
	m.AddStr("rsc_hold", string(which))
	m.AddStr("info", info)
	c.report().put(m)
	c.send(m)
}

// askResourcesFrom is the other node's part of the dialogue.
func (c *Core) askResourcesFrom(n *node, m *wire.Message, seq uint64) {
	info, s := m.Str("info"), &c.standby
	switch {
	case c.phase >= phaseStopping:
	case info == "me":
		c.offer(n, Which(m.Str("rsc_hold")), seq)
	case m.Has(fieldCapable):
		// Its report was read, and standbyAgree goes by that.
	case info == "other" && s.agreed():
		// Said twice: the first counts.
	case info == "other" && s.phase == standbyAsked:
		s.giveAt = c.now.At + c.cGive()
		c.setStandby(standbyAsked, standbyAnswer)
		c.giveInTime()
	case info == "done" && s.phase == standbyOffered:
		n.claim.give(s.which, seq)
		c.takeFromGiver()
	case info == "done" && s.phase == standbyWaiting:
		n.claim.seq = max(n.claim.seq, seq) // what it claimed before may still be on the way
		c.given(n)
	case info == "done" && s.phase <= standbyAsked && c.phase >= phaseJoining:
		c.takeForgotten(n, Which(m.Str("rsc_hold")), seq)
	default:
		c.logf(Error, "Ignored standby message '%s' from %s in state %d", info, n.name, s.phase)
	}
}

// takeForgotten answers a C giver that has released its groups to an earlier life of ours, or to one
// that has given the dialogue up. It would wait an hour for the answer, and could not be stopped.
// A C taker says the same word when it is ready, in a dialogue with an earlier life of ours or at our stop; it claims
// what a giver would have released, and it waits for nothing.
func (c *Core) takeForgotten(n *node, which Which, seq uint64) {
	cl := &n.claim
	overlap := cl.hold.includes(true) && which.includes(true) || cl.hold.includes(false) && which.includes(false)
	if !which.valid() || overlap && !cl.releasing {
		return
	}
	n.claim.releasing = false
	c.endStandby() // a request of ours it has refused, being busy
	if c.phase < phaseStable {
		c.sendStandby("done", which)
		return
	}
	c.standby.begin(which, n.name, seq)
	n.claim.give(which, seq)
	c.takeFromGiver()
}

// offer answers `me`.
func (c *Core) offer(n *node, which Which, seq uint64) {
	c.logf(Info, "%s wants to go standby [%s]", n.name, which)
	if !which.valid() {
		c.dropf("bad-standby", "standby message [me] from %s ignored: unknown word [%s]", n.name, which)
		return
	}
	if n.report.seq > seq && n.report.standby != seq {
		c.logf(Info, "%s has given that request up already", n.name)
		return
	}
	s := &c.standby
	switch {
	case s.phase == standbyAsked && !s.agreed() && n.name < c.cfg.Self:
		c.endStandby() // both asked at once: the node that comes first in the alphabet gives
	case s.phase == standbyOffered && n.capable:
		c.endStandby() // it asks anew, so it has forgotten the dialogue we wait in
	}
	// A C node sends a second request before it refuses it itself, and goes on with the first.
	if r := c.refusal(n.name); r != "" {
		c.logf(Warn, "%s", r)
		if s.phase == standbyNone {
			s.refused, s.refusedWhich = seq, which
		}
		return
	}
	s.begin(which, n.name, seq)
	for _, g := range c.groups {
		g.given = c.peerHolds(g)
	}
	c.setStandby(standbyOffered, standbyAnswer)
	c.sendStandby("other", which)
}

// offerLate answers a `me` that came while something was in flux, not while we were in another dialogue, as soon as nothing is: a heartbeatd that still waits
// for its answer says so in each report. A C node waits its ten seconds for nothing, as in 3.0.6.
func (c *Core) offerLate() {
	s, n := &c.standby, c.peer
	switch id := s.refused; {
	case id == 0:
	case n.report.standby != id || n.report.phase != standbyAsked:
		s.refused = 0
	case c.refusal(n.name) == "":
		s.refused = 0
		c.offer(n, s.refusedWhich, id)
	}
}

// giveInTime gives to a C taker when it is time to.
func (c *Core) giveInTime() {
	if s := &c.standby; s.agreed() && c.now.At >= s.giveAt {
		c.giveTo(c.peer)
	}
}

// giveTo releases what the other node has agreed to take.
func (c *Core) giveTo(n *node) {
	s := &c.standby
	c.logf(Info, "standby: %s can take our %s resources", n.name, s.which)
	c.setStandby(standbyReleasing, standbyStep)
	c.logf(Info, "give up %s HA resources (standby).", s.which)
	for _, g := range c.groups {
		if s.which.includes(g.home == c.cfg.Self) {
			g.release()
		}
	}
}

// takeFromGiver wants what the giver has released. A group it still claims failed to stop
// there and stays there. What it did not have waits for the end of a change of its file, for
// it may have, by another name, what is in that group now.
func (c *Core) takeFromGiver() {
	s := &c.standby
	c.logf(Info, "standby: acquire [%s] resources from %s", s.which, s.giver)
	c.setStandby(standbyTaking, standbyStep)
	w := s.which.mirror()
	c.logf(Info, "acquire %s HA resources (standby).", w)
	for _, g := range c.groups {
		if !g.given && !g.virtual && c.peerLetsGo() {
			continue
		}
		if w.includes(g.home == c.cfg.Self) && !(c.peer.capable && c.peerHolds(g)) && !g.leaving && !g.fresh && !c.outlived(g) {
			c.acquire(g)
		}
	}
}

// given ends the giver's part: the other has what it could take.
func (c *Core) given(n *node) {
	s := &c.standby
	c.logf(Info, "Other node completed standby takeover of %s resources.", s.which)
	for _, g := range c.groups {
		switch {
		case g.virtual || !s.moves(g):
		case n.claim.failed[g.key]:
			c.logf(Warn, "%s could not be started on %s", g.key, n.name)
			c.noteTransition("standby", "%s could not be started on %s", g.key, n.name)
		case c.peerHolds(g) && g.changed.At >= s.began:
			c.noteTransition("standby", "%s resources taken by %s", s.which, n.name)
		}
	}
	if !n.capable {
		n.claim.add(s.which.mirror()) // its claim follows its `done`; till then the old one would call us back
	}
	c.endStandby()
}

// standbyAgree follows the newest report of a heartbeatd partner.
func (c *Core) standbyAgree() {
	s, n := &c.standby, c.peer
	if s.phase == standbyNone {
		c.offerLate()
	}
	if s.phase == standbyNone || !n.capable {
		return
	}
	theirs := n.report.phase
	if n.report.standby != s.id || s.phase.gives() == theirs.gives() {
		theirs = standbyNone // it is in no dialogue, or in another one
	}
	switch s.phase {
	case standbyAsked:
		if theirs == standbyOffered {
			c.giveTo(n)
		}
	case standbyReleasing:
		if theirs == standbyNone {
			c.cancelStandby()
		}
	case standbyWaiting:
		c.followTaker(theirs)
	case standbyOffered:
		c.followGiver(theirs)
	}
}

// followTaker is standbyAgree for a giver that waits: a taker that has done its part is settled.
func (c *Core) followTaker(theirs standbyPhase) {
	switch n := c.peer; {
	case theirs != standbyNone || n.outdated():
	case n.claim.stable:
		c.given(n)
	default:
		c.cancelStandby()
	}
}

// followGiver is standbyAgree for a taker that waits.
func (c *Core) followGiver(theirs standbyPhase) {
	switch {
	case theirs == standbyNone:
		c.cancelStandby()
	case theirs == standbyReleasing:
		c.giverReleases()
	case theirs == standbyWaiting && !c.peer.outdated():
		c.takeFromGiver()
	}
}

// giverReleases lets the taker wait for as long as the giver's scripts need.
func (c *Core) giverReleases() {
	if s := &c.standby; !s.sure {
		s.sure = true
		c.setStandby(standbyOffered, standbyStep)
	}
}

// giverClaims takes a C giver's claim for a word of the dialogue: it says info=standby when it
// begins to release, and isstable=1 when it has given the dialogue up.
func (c *Core) giverClaims(info string, stable bool) {
	s := &c.standby
	switch {
	case s.phase != standbyOffered || c.peer.capable:
	case info == "standby":
		c.giverReleases()
	case s.sure && stable:
		c.cancelStandby()
	}
}

// takerRestarted gives a C taker that restarts in the middle what it was taking once more, when it is
// settled: a script of its earlier life may have started it, and 3.0.6 does not look.
func (c *Core) takerRestarted(n *node) {
	s := &c.standby
	if s.phase != standbyWaiting || n.capable {
		return
	}
	for _, g := range c.groups {
		if g.virtual || g.leaving || !s.moves(g) || g.changed.At < s.began {
			continue
		}
		g.failed, g.retryAt = true, c.now.At
		c.logf(Warn, "%s restarted while it was taking %s, which may run there: it is asked again", n.name, g.key)
	}
}

// takerTookOver hears that a C taker has held us for dead meanwhile: it has taken over, has said so by its
// mach_down, and says no other word. What it held before the dialogue, and what a taker by the book claims, is no such word.
// 3.0.6: mach_down says `foreign` whatever the dialogue was about; its own groups it takes by itself.
func (c *Core) takerTookOver() {
	c.standby.tookOver = true
	c.endWithTakeover()
}

// endWithTakeover ends the dialogue with a taker that took over, when we have released.
func (c *Core) endWithTakeover() {
	if s := &c.standby; s.phase == standbyWaiting && s.tookOver {
		c.given(c.peer)
	}
}

// standbyProgress goes on when our scripts have done their part.
func (c *Core) standbyProgress() {
	s := &c.standby
	switch s.phase {
	case standbyReleasing:
		if c.moving(s.which) {
			return
		}
		c.logf(Info, "%s HA resource release completed (standby).", s.which)
		c.logf(Info, "Local standby process completed [%s].", s.which)
		c.sendClaim(false) // the truth first: it is released
		c.setStandby(standbyWaiting, standbyStep)
		c.sendStandby("done", s.which)
		c.endWithTakeover()
	case standbyTaking:
		if !c.moving(s.which.mirror()) {
			c.taken()
		}
	}
}

// taken ends the taker's part. 3.0.6 hears `done` before the new claim; a heartbeatd is told
// first what could be started.
func (c *Core) taken() {
	which := c.standby.which
	c.logf(Info, "%s HA resource acquisition completed (standby).", which.mirror())
	c.logf(Info, "Standby resource acquisition done [%s].", which)
	for _, g := range c.groups {
		if g.state == groupRunning && !g.virtual && g.changed.At >= c.standby.began {
			c.noteTransition("standby", "%s resources taken from %s", which, c.standby.giver)
		}
	}
	c.endStandby()
	if c.peer.capable {
		c.sendClaim(false)
	}
	c.sendStandby("done", which)
}

// moving says whether a group of the set is still on its way. One whose script hangs is not
// waited for: it stays where it is, and the others are not without a node meanwhile.
func (c *Core) moving(w Which) bool {
	for _, g := range c.groups {
		if g.script != nil && g.script.hung || g.leaving && g.state == groupStopFailed {
			continue
		}
		if w.includes(g.home == c.cfg.Self) && g.unfinished() {
			return true
		}
	}
	return false
}
