package core

import "slices"

// Snapshot is everything that a successor must know, see [Resume]. It is to be taken directly after a Step with
// [Handover], and only where [Core.Replaceable] says nothing.
func (c *Core) Snapshot() Snapshot {
	s := Snapshot{
		Version: SnapshotVersion, Self: text(c.cfg.Self), Peer: text(c.cfg.Peer), UUID: c.cfg.UUID, Generation: c.cfg.Generation,
		At: c.now.At, Files: text(c.cfg.Fingerprint),
		Base:  text(c.base),
		Mixed: slices.ContainsFunc(c.groups, func(g *group) bool { return g.pending }), Failback: c.cfg.Failback, Keepalive: c.cfg.Keepalive,
		QuickPace: c.quickPace, QuickTill: c.quickTill,
		Status: text(c.status), Seq: c.seq, LastClaim: c.lastClaim, LastRun: c.lastRun, History: c.saveHistory(), NextBeat: c.nextBeat,
		FirstDoubt: c.firstDoubt, LastDoubt: c.lastDoubt, Grace: c.grace, ReqAt: c.reqAt, AgainAt: c.againAt, Said: text(c.said),
		Join:       savedJoin{c.join.began, c.join.heardAt, c.join.silent, c.join.warned, c.join.reloadEnds},
		FailbackAt: c.standby.failbackAt, Refused: c.standby.refused, RefusedWhich: text(c.standby.refusedWhich),
		Taking: savedTakeover{text(c.taking.from), text(c.taking.cause), c.taking.initial},
		Fence:  c.fence.save(),
		Last:   savedTransition{c.last.Wall, text(c.last.What), text(c.last.Cause)},
		Drops:  map[string]uint64{}, SelfNode: c.self.save(), NextPing: c.pings.next,
	}
	for reason, n := range c.drops { // order does not matter: it is a copy
		s.Drops[reason] = n
	}
	if c.peer != nil {
		n := c.peer.save()
		s.PeerNode = &n
	}
	for _, p := range c.pings.nodes {
		s.Pings = append(s.Pings, savedPing{text(p.name), text(p.kind), text(p.status), p.changed.save(), p.last, p.heard, p.deaths, p.late})
	}
	for _, g := range c.groups {
		s.Groups = append(s.Groups, g.save())
	}
	return s
}

// saveHistory keeps what the other node may still ask for: what it has not acknowledged; and our newest claim,
// which a C node gets in place of older ones.
func (c *Core) saveHistory() (all []savedMessage) {
	if c.peer == nil {
		return nil
	}
	first := c.peer.acked + 1
	if c.seq >= historySize {
		first = max(first, c.seq-historySize+1)
	}
	if s := c.history.find(c.lastClaim); s != nil && s.seq < first {
		all = append(all, s.save())
	}
	for seq := first; seq <= c.seq; seq++ {
		if s := c.history.find(seq); s != nil {
			all = append(all, s.save())
		}
	}
	return all
}

func (s *sent) save() savedMessage {
	m := savedMessage{Seq: s.seq, Wall: s.wall, Load: text(s.load), Again: s.again}
	if s.msg != nil {
		m.Message = s.msg.AppendNetstring(nil)
		return m
	}
	r := s.beat.report
	m.Beat = &savedBeat{text(s.beat.status), text(r.sees), r.standby, r.claim, text(r.phase.String())}
	return m
}

func (f *fence) save() savedFence {
	return savedFence{f.phase != fenceNone, f.attempt, f.at, f.since, f.gen, f.reset, f.struck, text(f.failure)}
}

func (n *node) save() savedNode {
	s := savedNode{
		Name: text(n.name), Status: text(n.status), Changed: n.changed.save(), LastBeat: n.lastBeat, Deadtime: n.deadtime,
		LastStatus: n.lastStatus, Residue: n.residue, Acked: n.acked, Capable: n.capable, Key: n.key, UUID: n.uuid,
		Left: n.left, Deaths: n.deaths, Late: n.late, Weight: n.weight, Weighed: n.weighed, Site: text(n.site),
		Claim:   n.claim.save(),
		Report:  savedReport{n.report.seq, n.report.standby, n.report.claim, text(n.report.phase.String())},
		Started: n.started, Asked: n.asked, Claims: n.claims, Offered: n.offered, HealedAt: n.healedAt, DeafSince: n.deafSince,
	}
	for _, l := range n.links {
		s.Links = append(s.Links, savedLink{text(l.name), l.up, l.last, l.changed.save()})
	}
	w := n.window.State()
	s.Window = savedWindow{Gen: w.Gen, Last: w.Last, Heard: w.Heard, Adrift: w.Adrift}
	for _, h := range w.Missing {
		s.Window.Missing = append(s.Window.Missing, savedHole(h))
	}
	return s
}

func (cl *claim) save() savedClaim {
	s := savedClaim{
		Known: cl.known, Seq: cl.seq, Hold: text(cl.hold), Stable: cl.stable, UnsettledAt: cl.unsettledAt, Releasing: cl.releasing,
		Gone: cl.gone, Leaving: cl.leaving, Files: text(cl.files),
	}
	if cl.groups != nil {
		s.Groups = []savedHeld{}
	}
	for _, key := range sortedKeys(cl.groups) {
		h := cl.groups[key]
		s.Groups = append(s.Groups, savedHeld{text(key), h.term.n, h.term.blind, h.age, h.partial})
	}
	if cl.failed != nil {
		s.Failed = []text{}
	}
	for _, key := range sortedKeys(cl.failed) {
		s.Failed = append(s.Failed, text(key))
	}
	return s
}

func (g *group) save() savedGroup {
	return savedGroup{
		Key: text(g.key), Home: text(g.home), Resources: texts(g.resources), Virtual: g.virtual,
		State: text(g.state.String()), Changed: g.changed.save(), Want: g.want, Asked: g.asked, Cold: g.cold,
		Index: g.index, Tries: g.tries, Begun: g.begun, WaitTo: g.waitTo, Partial: g.partial, Failed: g.failed, Failures: g.failures, RetryAt: g.retryAt,
		Term: g.term.n, Blind: g.term.blind, OursSince: g.oursSince, Failback: g.failback, OrphanAt: g.orphanAt, Barred: g.barred,
		OrphanAsked: g.orphanAsked, Request: savedRequest{g.request.since, g.request.again, g.request.said},
		Owed: g.owed, Had: g.owedHad, Theirs: g.theirs,
		Leaving: g.leaving, Fresh: g.fresh, Careful: g.careful, Waits: g.waits, Stays: g.stays,
	}
}
