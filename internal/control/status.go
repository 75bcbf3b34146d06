package control

import (
	"encoding/json"
	"time"
)

// Status is the whole answer to "how do things stand", and the shape of `heartbeatd status --json`.
// The shape is stable: fields are added, never renamed or removed. Durations are milliseconds,
// times are RFC 3339.
type Status struct {
	Version      string            `json:"version"`
	Node         string            `json:"node"`
	PID          int               `json:"pid"`
	State        string            `json:"state"` // init, up, active, stopping
	Since        time.Time         `json:"since"` // start of the daemon
	Generation   uint64            `json:"generation"`
	AutoFailback string            `json:"auto_failback"`       // on, off, legacy
	Holding      string            `json:"holding"`             // none, local, foreign, all, transition
	Standby      string            `json:"standby"`             // a move in progress, in words; "" if none
	Fencing      *FencingStatus    `json:"fencing"`             // a reset that a takeover waits for; null if none does
	Nodes        []NodeStatus      `json:"nodes"`               // in the order of ha.cf, this node included
	Groups       []GroupStatus     `json:"groups"`              // in the order of haresources
	Differs      bool              `json:"haresources_differs"` // from that of the other node
	Media        []MediumStatus    `json:"media"`               // in the order of ha.cf
	Transition   Transition        `json:"last_transition"`
	Received     uint64            `json:"datagrams_received"`
	Dropped      map[string]uint64 `json:"datagrams_dropped"` // by reason
	LogDropped   uint64            `json:"log_lines_dropped"`
	Parameters   map[string]string `json:"parameters"` // ha.cf directives as written, for cl_status hbparameter
	Own          OwnLateness       `json:"own_lateness"`
	Replacement  Replacement       `json:"replacement"`          // of the running program by itself: a reload, or an upgrade
	DRBD         []DRBDStatus      `json:"drbd,omitempty"`       // of this machine; none where the kernel has no DRBD
	DRBDError    string            `json:"drbd_error,omitempty"` // why it could not be asked
}

// NodeStatus is one node as seen from here.
type NodeStatus struct {
	Name      string       `json:"name"`
	Type      string       `json:"type"` // normal, ping
	Self      bool         `json:"self"`
	Status    string       `json:"status"`       // init, up, active, dead; of a ping node init, ping, dead
	Stopped   bool         `json:"stopped"`      // it took leave: its status is dead, its services ended in order
	Since     time.Time    `json:"since"`        // of that status
	Software  string       `json:"software"`     // "heartbeatd", "heartbeat" (a C node), "" while unknown
	LastBeat  int64        `json:"last_beat_ms"` // age; -1 if never heard
	Deadtime  int64        `json:"deadtime_ms"`  // the one in force for this node; of a ping node deadping
	Deaths    uint64       `json:"deaths"`
	LateBeats uint64       `json:"late_beats"`
	WorstGap  int64        `json:"worst_gap_ms"`
	Weight    int          `json:"weight"` // hb_setweight, for cl_status nodeweight
	Site      string       `json:"site"`   // hb_setsite, for cl_status nodesite
	Links     []LinkStatus `json:"links"`

	Gaps         Worst  `json:"gaps"`                          // between two of its beats
	Heard        int64  `json:"heard_ms"`                      // the time over which these were watched
	Returns      uint64 `json:"returns"`                       // how often it was declared dead, and came back without a restart
	Silences     Worst  `json:"silences"`                      // before it did
	SafeDeadtime Worst  `json:"safe_deadtime"`                 // the lowest that would have been safe for it
	SafeWithout  Worst  `json:"safe_deadtime_without_returns"` // and but for those times
}

// LinkStatus is one way to a node.
type LinkStatus struct {
	Name   string    `json:"name"`
	Status string    `json:"status"` // up, dead
	Since  time.Time `json:"since"`
	Gaps   Worst     `json:"gaps"` // between two messages of the node; not counted while the link is dead
}

// MediumStatus is what this node itself sees of a medium, whoever is at the other end.
type MediumStatus struct {
	Name   string    `json:"name"`   // its interface
	Kind   string    `json:"kind"`   // bcast, ucast, mcast
	Open   bool      `json:"open"`   // there is such an interface, and its sockets are open
	Error  string    `json:"error"`  // why nothing can be sent; "" while it can
	Since  time.Time `json:"since"`  // when sending began or ceased to work
	Sent   uint64    `json:"sent"`   // messages the kernel took
	Failed uint64    `json:"failed"` // messages it did not
	Heard  uint64    `json:"heard"`  // datagrams received, whoever sent them
}

// GroupStatus is one line of haresources.
type GroupStatus struct {
	Key       string        `json:"key"`
	Home      string        `json:"home"`
	Owner     string        `json:"owner"` // node name; "" if nobody, "both" if two claim it
	State     string        `json:"state"` // here: stopped, probing, starting, running, stopping, failed, stop-failed
	Since     time.Time     `json:"since"` // of owner and state
	Resources []string      `json:"resources"`
	Script    *ScriptStatus `json:"script,omitempty"`  // the one running now
	Leaving   bool          `json:"leaving,omitempty"` // haresources no longer has it, and it is being stopped
	Waits     string        `json:"waits,omitempty"`   // why what is new in haresources about it is not in force; "" if it is
}

// ScriptStatus is a running script.
type ScriptStatus struct {
	Resource string `json:"resource"`
	Op       string `json:"op"`
	Running  int64  `json:"running_ms"`
}

// FencingStatus is a node that is dead and must be reset before anything is taken from it.
type FencingStatus struct {
	Node      string `json:"node"`
	Attempt   int    `json:"attempt"`
	Running   int64  `json:"running_ms"` // of this attempt; -1: it failed, the next one is to come
	LastError string `json:"last_error"` // of the attempt before
}

// Transition is the last change of ownership or membership.
type Transition struct {
	At    time.Time `json:"at"` // zero, and null in JSON, if none yet
	What  string    `json:"what"`
	Cause string    `json:"cause"`
}

// MarshalJSON implements json.Marshaler. A program must not take the year 1 for a time.
func (t Transition) MarshalJSON() ([]byte, error) {
	type plain Transition
	out := struct {
		At *time.Time `json:"at"`
		plain
	}{plain: plain(t)}
	if !t.At.IsZero() {
		out.At = &t.At
	}
	return json.Marshal(out)
}
