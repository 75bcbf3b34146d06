package core

import (
	"errors"
	"fmt"
	"slices"

	"heartbeatd/internal/seqtrack"
	"heartbeatd/internal/wire"
)

// ErrSnapshot is in every error of [Resume] that comes from a snapshot that cannot be understood; the others say
// what in the configuration cannot be changed now.
var ErrSnapshot = errors.New("this state cannot be gone on from")

// Resume makes a core that goes on where another ended: same wire numbers (seq, generation), same claims and terms,
// same knowledge of the peer. Its first event is [Resumed]. The configuration may differ in anything but Self; UUID
// and Generation are those of the snapshot, for they belong to a life of the node and this one goes on.
func Resume(cfg Config, s Snapshot) (*Core, error) {
	switch {
	case s.Version != SnapshotVersion:
		return nil, fmt.Errorf("%w: its format is %d, not %d", ErrSnapshot, s.Version, SnapshotVersion)
	case string(s.Self) != cfg.Self:
		return nil, fmt.Errorf("the name of this node was %s and is %s: that needs a stop and a start", s.Self, cfg.Self)
	}
	if err := s.keepsPeer(cfg); err != nil {
		return nil, err
	}
	cfg.UUID, cfg.Generation = s.UUID, s.Generation
	c := New(cfg)
	c.now.At, c.phase, c.status = s.At, phaseStable, string(s.Status)
	c.seq, c.lastClaim, c.lastRun, c.nextBeat = s.Seq, s.LastClaim, s.LastRun, s.NextBeat
	c.firstDoubt, c.lastDoubt, c.grace, c.reqAt, c.againAt = s.FirstDoubt, s.LastDoubt, s.Grace, s.ReqAt, s.AgainAt
	c.resumePace(s)
	c.join = join{s.Join.Began, s.Join.HeardAt, s.Join.Silent, s.Join.Warned, s.Join.ReloadEnds}
	c.standby = standby{failbackAt: s.FailbackAt, refused: s.Refused, refusedWhich: Which(s.RefusedWhich), which: None}
	c.taking = takeover{string(s.Taking.From), string(s.Taking.Cause), s.Taking.Initial}
	c.last = Transition{s.Last.Wall, string(s.Last.What), string(s.Last.Cause)}
	for reason, n := range s.Drops { // order does not matter: it is a copy
		c.drops[reason] = n
	}
	if err := c.resumeHistory(s.History); err != nil {
		return nil, err
	}
	c.fence = s.Fence.fence()
	c.resumeNodes(s)
	c.resumePings(s)
	c.resumeGroups(s)
	if string(s.Files) == c.cfg.Fingerprint {
		c.said = string(s.Said)
	} else if c.peer == nil || c.peer.claim.files != c.cfg.Fingerprint { // the other node is to be told, and the operator anew
		c.join.warned, c.join.reloadEnds = false, 0
	}
	return c, nil
}

// keepsPeer says why the other node cannot be another one now. 3.0.6: a node is taken out while it is dead.
func (s Snapshot) keepsPeer(cfg Config) error {
	n := s.PeerNode
	switch {
	case n == nil || string(s.Peer) == cfg.Peer:
	case s.Fence.Waiting && n.Status == "dead":
		return fmt.Errorf("node %s waits for its reset and cannot be taken out of ha.cf before", n.Name)
	case n.Status != "dead" && !n.Claim.Gone && n.LastStatus != 0:
		return fmt.Errorf("node %s is not dead and cannot be taken out of ha.cf: stop it before", n.Name)
	}
	return nil
}

// resumePace keeps the old pace of beats for a while if the new one is slower.
func (c *Core) resumePace(s Snapshot) {
	c.quickPace, c.quickTill = s.QuickPace, s.QuickTill
	if s.Keepalive < c.cfg.Keepalive {
		c.quickPace, c.quickTill = s.Keepalive, s.At+s.SelfNode.Deadtime
	}
}

func (c *Core) resumeHistory(all []savedMessage) error {
	for _, m := range all {
		s := sent{seq: m.Seq, wall: m.Wall, load: string(m.Load), again: m.Again}
		switch {
		case m.Beat != nil:
			b := m.Beat
			s.beat = body{string(b.Status), ownReport{string(b.Sees), b.Standby, standbyPhaseOf(string(b.Phase)), b.Claim}}
		default:
			msg, err := wire.ParseUnsigned(m.Message)
			if err != nil {
				return fmt.Errorf("%w: message %d: %v", ErrSnapshot, m.Seq, err)
			}
			s.msg = msg
		}
		c.history.add(s)
	}
	return nil
}

func (s savedFence) fence() fence {
	f := fence{attempt: s.Attempt, at: s.At, since: s.Since, gen: s.Gen, reset: s.Reset, struck: s.Struck, failure: string(s.Failure)}
	if s.Waiting {
		f.phase = fenceWaiting
	}
	return f
}

// resumeNodes takes over what is known of the nodes.
func (c *Core) resumeNodes(s Snapshot) {
	c.self.resume(s.SelfNode, c.cfg)
	c.self.deadtime = c.cfg.Deadtime
	if c.peer == nil || s.PeerNode == nil || c.peer.name != string(s.PeerNode.Name) {
		return
	}
	c.peer.resume(*s.PeerNode, c.cfg)
	c.peer.claim.differs, c.peer.claim.odd = c.differs(c.peer.claim.files), c.unlisted(c.peer.claim.groups)
}

func (n *node) resume(s savedNode, cfg Config) {
	n.status, n.changed, n.lastBeat, n.deadtime = string(s.Status), s.Changed.stamp(), s.LastBeat, s.Deadtime
	n.lastStatus, n.residue, n.acked, n.capable, n.key, n.uuid = s.LastStatus, s.Residue, s.Acked, s.Capable, s.Key, s.UUID
	n.left, n.deaths, n.late, n.weight, n.weighed, n.site = s.Left, s.Deaths, s.Late, s.Weight, s.Weighed, string(s.Site)
	n.life = life{
		claim:   s.Claim.claim(),
		report:  report{s.Report.Seq, s.Report.Standby, standbyPhaseOf(string(s.Report.Phase)), s.Report.Claim},
		started: s.Started, asked: s.Asked, claims: s.Claims, offered: s.Offered, healedAt: s.HealedAt, deafSince: s.DeafSince,
	}
	if n.lastStatus == 0 {
		n.deadtime = cfg.Deadtime // it has not announced its own
	}
	for _, l := range s.Links {
		if len(cfg.Links) == 0 || slices.Contains(cfg.Links, string(l.Name)) { // without names they are learnt from what comes
			*n.link(string(l.Name)) = linkState{string(l.Name), l.Up, l.Last, l.Changed.stamp()}
		}
	}
	w := seqtrack.State{Gen: s.Window.Gen, Last: s.Window.Last, Heard: s.Window.Heard, Adrift: s.Window.Adrift}
	for _, h := range s.Window.Missing {
		w.Missing = append(w.Missing, seqtrack.Hole(h))
	}
	n.window = seqtrack.Restore(w)
}

func (s savedClaim) claim() claim {
	cl := claim{
		known: s.Known, seq: s.Seq, hold: Which(s.Hold), stable: s.Stable, unsettledAt: s.UnsettledAt, releasing: s.Releasing,
		gone: s.Gone, leaving: s.Leaving, files: string(s.Files),
	}
	if s.Groups != nil {
		cl.groups = map[string]held{}
	}
	for _, h := range s.Groups {
		cl.groups[string(h.Key)] = held{term{h.Term, h.Blind}, h.Age, h.Partial}
	}
	if s.Failed != nil {
		cl.failed = map[string]bool{}
	}
	for _, key := range s.Failed {
		cl.failed[string(key)] = true
	}
	return cl
}

// resumePings keeps what is known of the ping nodes that are still there; the others begin with Resumed.
func (c *Core) resumePings(s Snapshot) {
	c.pings.next = s.NextPing
	for _, p := range c.pings.nodes {
		for _, was := range s.Pings {
			if string(was.Name) == p.name && string(was.Kind) == p.kind {
				*p = pingNode{p.name, p.kind, string(was.Status), was.Changed.stamp(), was.Last, was.Heard, was.Deaths, was.Late}
			}
		}
	}
	if len(c.pings.nodes) == 0 {
		c.pings.next = NoTick
	}
}

// beginNewPings gives those that were not there before their time to answer.
func (c *Core) beginNewPings() {
	for _, n := range c.pings.nodes {
		if n.changed.Wall == 0 { // it was not there before
			n.last, n.changed = c.now.At, c.now
			c.pings.next = c.now.At
		}
	}
	c.ping()
}

// resumeGroups goes on with the groups as they were. What the file has changed begins with Resumed, see change.go.
func (c *Core) resumeGroups(s Snapshot) {
	c.groups, c.changing, c.before, c.base = nil, true, string(s.Files), string(s.Files)
	if s.Mixed {
		c.before, c.base = mixedFiles, string(s.Base)
	}
	another := s.Failback != c.cfg.Failback
	for _, sg := range s.Groups {
		g := &group{key: string(sg.Key), home: string(sg.Home), resources: plain(sg.Resources), virtual: sg.Virtual}
		g.resume(sg)
		if another { // nothing moves by a word in ha.cf alone: what is elsewhere goes home when the other node returns
			g.failback, g.stays = false, g.home != c.cfg.Self
		}
		c.groups = append(c.groups, g)
	}
}

func (g *group) resume(s savedGroup) {
	g.state = groupStateOf(string(s.State))
	g.changed, g.want, g.asked, g.cold = s.Changed.stamp(), s.Want, s.Asked, s.Cold
	g.index, g.tries, g.begun, g.waitTo, g.partial, g.failed, g.failures, g.retryAt = s.Index, s.Tries, s.Begun, s.WaitTo, s.Partial, s.Failed, s.Failures, s.RetryAt
	g.term, g.oursSince, g.failback, g.orphanAt, g.barred = term{s.Term, s.Blind}, s.OursSince, s.Failback, s.OrphanAt, s.Barred
	g.orphanAsked, g.request = s.OrphanAsked, request{s.Request.Since, s.Request.Again, s.Request.Said}
	g.owed, g.owedHad, g.theirs = s.Owed, s.Had, s.Theirs
	g.leaving, g.fresh, g.careful, g.waits, g.stays = s.Leaving, s.Fresh, s.Careful, s.Waits, s.Stays
}

// groupStateOf reads a state; what it does not know is one that has to be found out.
func groupStateOf(word string) groupState {
	return groupState(max(0, slices.Index(groupStateNames[:], word)))
}
