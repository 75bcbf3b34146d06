package interop

import "time"

// Kind is a node's software: [C] or [H].
type Kind string

const (
	C Kind = "C" // Heartbeat 3.0.6
	H Kind = "H" // heartbeatd
)

// Pairing is what node1 and node2 run at the begin of a scenario.
type Pairing struct{ First, Second Kind }

func (p Pairing) String() string { return string(p.First) + "+" + string(p.Second) }

// Of is the software of a node, node1 or node2.
func (p Pairing) Of(node string) Kind {
	if node == Nodes[0] {
		return p.First
	}
	return p.Second
}

// Pairings are all four, the judge first.
var Pairings = []Pairing{{C, C}, {C, H}, {H, C}, {H, H}}

// Nodes are the names of the two hosts.
var Nodes = [2]string{"node1", "node2"}

// Observation is what was seen of one scenario on one pairing.
type Observation struct {
	Script   string // its name
	Pairing  Pairing
	Segments []Segment
	// Env has the environment of the first call of each script, with the key "NODE NAME ACTION".
	Env map[string]map[string]string
}

// Segment is what happened up to and including one settle.
type Segment struct {
	Line    int       // of its settle in the scenario
	Steps   []string  // its commands, the settle last
	Begin   time.Time // of the first command
	End     time.Time // when it was settled
	Settled bool      // nothing moved any more; else patience ran out

	Owners  map[string]string    // resource word to "node1", "node2", "node1+node2" or "nobody", at the end
	State   map[string]string    // node to what `cl_status rscstatus` prints, "stopped" (no daemon) or "off" (no power), at the end
	Calls   map[string][]Call    // node to calls of recording scripts, in order of their begin
	Log     map[string][]LogLine // node to what it wrote to ha-log, in order
	Kinds   map[string]Kind      // node to its software, at the end
	Outputs []Output

	// Gaps and Overlaps of each resource which began in the segment: without service, with two owners.
	Gaps, Overlaps map[string][]time.Duration
}

// Call is one call of a resource script.
type Call struct {
	Name   string
	Args   []string
	Action string // start, stop, status
	At     time.Time
	For    time.Duration // -1 for one that did not end
	RC     int
	Held   bool // before the call the script held its resource on that node
	Path   string
}

// LogLine is a line of ha-log in its parts.
type LogLine struct {
	At     time.Time // to the second, as the log has it
	Entity string    // heartbeat, harc, ResourceManager(default), ...
	Level  string    // info, WARN, ...; "" for a line without
	Text   string
}

// Output is what a `run` printed.
type Output struct {
	Node, Command, Text string
	Code                int
}

// Difference is one thing in which a pairing was not like C+C.
type Difference struct {
	Script  string
	Line    int // of the segment's settle
	Segment int // its number, from 1; 0 for a whole run
	Pairing Pairing
	// What it is about, in the words of `differs`: "owner:web", "calls:node1", "log:node2", ...
	What string
	Text string // one line or more, for people
	// Entry of docs/differences.md that explains it, 0 for none: a fault.
	Entry int
	By    string // the rule or the `differs` that does
}
