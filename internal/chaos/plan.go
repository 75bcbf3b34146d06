package chaos

import (
	"fmt"
	"strings"
	"time"
)

// Nodes are the names of the two hosts.
var Nodes = [2]string{"node1", "node2"}

func other(node string) string {
	if node == Nodes[0] {
		return Nodes[1]
	}
	return Nodes[0]
}

// Plan is what one play does. The same seed always makes the same plan, as long as the generator is not
// changed.
type Plan struct {
	Seed   uint64
	Setup  Setup
	Rounds []Round
}

// Round is a series of faults, ended by a calm in which everything is mended and must come right.
type Round struct {
	Steps []Step
	For   time.Duration // how long until the calm begins
}

// Step is one thing done to the cluster. Some are undone by a later step, all by the calm.
type Step struct {
	At   time.Duration // since the round began
	Verb string
	Node string
	Args []string
}

func (s Step) String() string {
	words := append([]string{s.Verb, s.Node}, s.Args...)
	return fmt.Sprintf("%6.2fs  %s", s.At.Seconds(), strings.TrimRight(strings.Join(words, " "), " "))
}

func (s Step) arg(i int) string {
	if i < len(s.Args) {
		return s.Args[i]
	}
	return ""
}

// Setup is the cluster of a plan.
type Setup struct {
	Links     int
	Media     []string // lines of ha.cf
	Keepalive time.Duration
	Deadtime  time.Duration
	Initdead  time.Duration
	Failback  string // auto_failback
	Groups    [][]string
	Take      time.Duration // what a start or stop script takes, beyond its programs
	Clocked   bool          // the daemons run in the foreground, and their wall clock can be set
	Secret    string        // of authkeys
}

// HACF is the ha.cf of both nodes.
func (s Setup) HACF() string {
	lines := []string{
		"logfile /var/log/ha-log", "debugfile /var/log/ha-debug",
		fmt.Sprintf("keepalive %dms", s.Keepalive.Milliseconds()),
		fmt.Sprintf("warntime %dms", (s.Deadtime / 2).Milliseconds()),
		fmt.Sprintf("deadtime %dms", s.Deadtime.Milliseconds()),
		fmt.Sprintf("initdead %dms", s.Initdead.Milliseconds()),
		"udpport 694",
	}
	lines = append(lines, s.Media...)
	lines = append(lines, "auto_failback "+s.Failback, "node "+strings.Join(Nodes[:], " "))
	return strings.Join(lines, "\n") + "\n"
}

// Haresources is the haresources of both nodes.
func (s Setup) Haresources() string {
	var b strings.Builder
	for _, g := range s.Groups {
		b.WriteString(strings.Join(g, " ") + "\n")
	}
	return b.String()
}

// Words are the recorded resources: every word of a group that is not an address.
func (s Setup) Words() []string {
	var words []string
	for _, g := range s.Groups {
		for _, w := range g[1:] {
			if !isAddress(w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// HasAddress says whether a group has a service address. It is on eth0.
func (s Setup) HasAddress() bool {
	for _, g := range s.Groups {
		for _, w := range g[1:] {
			if isAddress(w) {
				return true
			}
		}
	}
	return false
}

func isAddress(word string) bool { return strings.HasPrefix(word, "10.") }

// Text is the plan for people.
func (p *Plan) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: keepalive %v, deadtime %v, initdead %v, auto_failback %s, scripts take %v, %s; %s\n",
		p.Seed, p.Setup.Keepalive, p.Setup.Deadtime, p.Setup.Initdead, p.Setup.Failback, p.Setup.Take,
		strings.Join(p.Setup.Media, "; "), strings.TrimSpace(strings.ReplaceAll(p.Setup.Haresources(), "\n", "; ")))
	for i, r := range p.Rounds {
		fmt.Fprintf(&b, "round %d, %v:\n", i+1, r.For)
		for _, s := range r.Steps {
			fmt.Fprintf(&b, "  %s\n", s)
		}
	}
	return b.String()
}
