package core

import (
	"time"

	"heartbeatd/internal/seqtrack"
)

// node is a member as seen from here.
type node struct {
	name     string
	self     bool
	status   string // init, up, active, dead
	changed  Stamp  // when status changed
	lastBeat time.Duration
	deadtime time.Duration // 3.0.6: the one the node itself announces
	links    []*linkState

	window     seqtrack.Window
	lastStatus uint64 // number of the newest status handled
	residue    uint64 // which numbers are acknowledged: seq % 10 == residue
	acked      uint64 // what the node acknowledged of ours
	capable    bool   // it is a heartbeatd
	key        int    // number of the key that signed its newest message
	uuid       []byte // what it said last; nil: nothing yet
	life

	left         bool // dead, and it had said goodbye before
	deaths, late uint64

	weight  int // hb_setweight
	weighed bool
	site    string // hb_setsite
}

// life is what a node said and did since it started, or since it was last dead: then it is forgotten.
type life struct {
	claim     claim
	report    report        // where it stands, if it is a heartbeatd
	started   bool          // it was seen becoming active
	asked     bool          // it has sent `starting` and waits for our claim
	claims    bool          // it speaks of claims: its auto_failback is not legacy
	offered   bool          // with ip-request: what is its own was offered to it
	healedAt  time.Duration // when it came back after a partition; 0: it did not
	deafSince time.Duration // it says that it holds us for dead; 0: it does not
	early     []earlyWord   // words of its clients that wait for what is missing before them
}

// linkState is one way to a node.
type linkState struct {
	name    string
	up      bool
	last    time.Duration
	changed Stamp
}

func (n *node) alive() bool  { return n != nil && (n.status == "up" || n.status == "active") }
func (n *node) active() bool { return n != nil && n.status == "active" }
func (n *node) dead() bool   { return n != nil && n.status == "dead" }

// absent says that nobody is there to own anything: there is no such node, it is dead, or it
// has released everything and said goodbye.
func (n *node) absent() bool { return n == nil || n.dead() || n.claim.gone }

// forget drops what the node said: it is dead, or lives anew.
func (n *node) forget() { n.life = life{} }

func (n *node) link(name string) *linkState {
	for _, l := range n.links {
		if l.name == name {
			return l
		}
	}
	l := &linkState{name: name}
	n.links = append(n.links, l)
	return l
}
