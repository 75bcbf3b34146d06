package chaos

import (
	"fmt"
	"time"
)

// Record is everything that was seen of a play. The judge needs nothing else.
type Record struct {
	Plan     *Plan
	Begin    time.Time
	End      time.Time
	Changes  []Change
	Calls    []Call
	Lines    []Line
	Ended    []Ended
	Commands []Order
	Calms    []Calm
	Samples  []Sample
	Skipped  []string // steps that could not be done as things stood
	Done     map[string]int
	Lates    []Lateness        // what the metronome found
	Console  map[string]string // what each daemon printed, if it ran in the foreground
}

// Change is something that was done to a node, or that it did: from Begin to End nobody can say, from
// then on it has that value.
type Change struct {
	Begin, End time.Time
	Node       string
	Fact       string
	Value      string
}

// The facts of a node, and their values.
const (
	factPower   = "power"   // on (also at first), off
	factDaemon  = "daemon"  // none (at first, after a boot), starting, up, stopping, stopped, killed, restarting
	factStall   = "stall"   // off, on, main: the daemon's main process alone
	factLink    = "link"    // link0, link1 ...: ok, cut, maybe
	factDeaf    = "deaf"    // off, on: hears nothing of the other node
	factLoss    = "loss"    // percentage of what is to arrive there
	factScripts = "scripts" // what its scripts were told to do wrong, as WORD.ACTION.HOW ...
	factCommand = "command" // an operator's command was given: from here on other things may be expected
	factTrouble = "trouble" // a script was killed
)

func (c Change) String() string {
	return fmt.Sprintf("%s %s %s", c.Node, c.Fact, c.Value)
}

// Line is a line of ha-log. It was written between From and At, which is when it was read.
type Line struct {
	From, At time.Time
	Node     string
	Text     string
}

// Ended is a daemon that ended and was not made to.
type Ended struct {
	At   time.Time
	Node string
	What string // "daemon" or "host"
}

// Order is an operator's command.
type Order struct {
	Begin, End time.Time // End is zero if it never came back
	Node, Text string
	Code       int
	Out        string
}

// Calm is the end of a round: everything was mended, and should come right.
type Calm struct {
	Begin   time.Time
	Settled time.Time // zero if that never came
	End     time.Time
	Why     string // it is not settled, or what a daemon says is not true
}

// Sample is what a daemon used at a calm.
type Sample struct {
	At                     time.Time
	Node                   string
	PID                    int
	Round                  int
	Files, Threads, Memory int // Memory in KiB
	Goroutines             int // only where the daemon was made to tell at the end
}
