package core

import "time"

// Transition is the last change of membership or ownership.
type Transition struct {
	Wall  int64 // Unix seconds; 0: none yet
	What  string
	Cause string
}

// View is what an operator may see of a core. It shares no memory with it.
type View struct {
	State   string // init, up, active, stopping
	Holding Which  // or "transition"
	Standby string // in words; "" if none
	Nodes   []NodeView
	Groups  []GroupView
	Last    Transition
	Differs bool // the other node's haresources is another one
	Drops   map[string]uint64
	Fence   FenceView
}

// The types of a node, as 3.0.6 calls them.
const (
	TypeNormal = "normal"
	TypePing   = "ping"
)

// NodeView is one node.
type NodeView struct {
	Name      string
	Type      string // TypeNormal, TypePing
	Self      bool
	Status    string
	Stopped   bool          // it released everything and said goodbye
	Since     int64         // Unix seconds
	Software  string        // heartbeatd, heartbeat or ""
	LastBeat  time.Duration // age; negative: never
	Deadtime  time.Duration
	Deaths    uint64
	LateBeats uint64
	WorstGap  time.Duration
	Weight    int    // hb_setweight; 3.0.6: 100 if nobody has said anything
	Site      string // hb_setsite
	Links     []LinkView
	UUID      []byte // nil: it was never heard
}

// LinkView is one way to a node.
type LinkView struct {
	Name  string
	Up    bool
	Since int64
}

// GroupView is one line of haresources.
type GroupView struct {
	Key, Home string
	Owner     string // node name, "" for nobody, "both"
	State     string
	Since     int64
	Resources []string
	Script    string // the running script's resource; "" if none
	Op        Op
	Running   time.Duration // of that script
	Leaving   bool          // haresources no longer has it, and it is being stopped
	Waits     string        // why nobody takes it, or its change takes no effect, yet; "" if nothing does
}

// View looks at the core at the given moment.
func (c *Core) View(at time.Duration) View {
	v := View{State: c.status, Holding: c.hold(), Last: c.last, Drops: map[string]uint64{}}
	if c.phase >= phaseStopping {
		v.State = "stopping"
	}
	v.Differs = c.filesDiffer()
	v.Standby, v.Fence = c.standby.words(), c.fenceView(at)
	if c.inTransition() {
		v.Holding = "transition"
	}
	for reason, n := range c.drops { // order does not matter: it is a copy
		v.Drops[reason] = n
	}
	for _, name := range c.cfg.Order {
		switch {
		case name == c.cfg.Self:
			v.Nodes = append(v.Nodes, c.nodeView(c.self, at))
		case c.peer != nil && name == c.peer.name:
			v.Nodes = append(v.Nodes, c.nodeView(c.peer, at))
		}
	}
	v.Nodes = c.withPings(v.Nodes, at)
	for _, g := range c.groups {
		if !g.virtual {
			v.Groups = append(v.Groups, c.groupView(g, at))
		}
	}
	return v
}

// PeerKey is the number of the key by which a C node signs, [NoKey] if there is none alive. 3.0.6
// refuses what is not signed with the secret of its own sending key, whatever its number.
func (c *Core) PeerKey() int {
	if n := c.peer; n != nil && n.lastStatus != 0 && !n.capable {
		return n.key
	}
	return NoKey
}

// OwnStatus is what the own beats say: init, up, active.
func (c *Core) OwnStatus() string { return c.status }

// inTransition is 3.0.6's rscstatus "transition": something is undecided or on its way.
func (c *Core) inTransition() bool {
	if c.phase != phaseStable || c.standby.phase != standbyNone || c.fencing() {
		return true
	}
	if c.peer.active() && !c.legacyC() && !c.peer.claim.stable {
		return true
	}
	for _, g := range c.groups {
		if g.leaving && g.state != groupStopFailed || g.script != nil || g.want != (g.state == groupRunning) || g.want && g.clashAt != 0 && !g.virtual {
			return true
		}
	}
	return false
}

func (s *standby) words() string {
	switch s.phase {
	case standbyAsked:
		return "asked the other node to take our " + string(s.which) + " resources"
	case standbyReleasing:
		return "releasing our " + string(s.which) + " resources"
	case standbyWaiting:
		return "the other node is taking our " + string(s.which) + " resources"
	case standbyOffered:
		return s.giver + " is releasing its " + string(s.which) + " resources"
	case standbyTaking:
		return "taking the " + string(s.which) + " resources of " + s.giver
	}
	return ""
}

func (c *Core) nodeView(n *node, at time.Duration) NodeView {
	v := NodeView{
		Name: n.name, Type: TypeNormal, Self: n.self, Status: n.status, Since: n.changed.Wall,
		LastBeat: -1, Deadtime: n.deadtime, Deaths: n.deaths, LateBeats: n.late, UUID: c.uuidOf(n), Weight: 100, Site: n.site,
	}
	if n.weighed {
		v.Weight = n.weight
	}
	if !n.self && c.watch != nil {
		v.WorstGap = c.watch.beats.start
	}
	v.Stopped = n.claim.gone
	switch {
	case n.self, n.capable:
		v.Software = "heartbeatd"
	case n.lastStatus != 0:
		v.Software = "heartbeat"
	}
	if n.self {
		v.LastBeat = 0
	} else if n.lastStatus != 0 {
		v.LastBeat = max(0, at-n.lastBeat)
	}
	for _, l := range n.links {
		v.Links = append(v.Links, LinkView{Name: l.name, Up: l.up, Since: l.changed.Wall})
	}
	return v
}

func (c *Core) groupView(g *group, at time.Duration) GroupView {
	v := GroupView{Key: g.key, Home: g.home, State: g.state.String(), Since: g.changed.Wall, Resources: append([]string(nil), g.resources...)}
	if g.failed && g.state == groupStopped {
		v.State = "failed"
	}
	if v.Leaving = g.leaving; c.peer != nil && (g.pending || g.fresh && g.waits) {
		v.Waits = c.waitsFor()
	}
	ours, theirs := g.ours(), c.peerHolds(g)
	switch {
	case ours && theirs:
		v.Owner = "both"
	case ours:
		v.Owner = c.cfg.Self
	case theirs:
		v.Owner = c.peer.name
	}
	if g.script != nil {
		v.Script, v.Op, v.Running = g.resources[g.script.index], g.script.op, at-g.script.since
	}
	return v
}
