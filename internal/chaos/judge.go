package chaos

import (
	"fmt"
	"slices"
	"time"
)

// Breach is a guarantee that did not hold.
type Breach struct {
	Rule string
	At   time.Time
	Text string
}

// timeless are the rules that a machine that was held up cannot break for a daemon.
var timeless = []string{"daemon-lives", "no-growth", "clean-log", "no-needless-reboot"}

// Timeless says that the breach counts although the machine was held up.
func (b Breach) Timeless() bool { return slices.Contains(timeless, b.Rule) }

// Judgement is what the judge says of a play.
type Judgement struct {
	Breaches []Breach
	Checked  map[string]int           // rule to how often it had something to look at
	Longest  map[string]time.Duration // what took longest, by name
	Moves    int                      // changes of ownership
	Calls    map[string]int           // what the scripts did
}

// judge holds a record against every guarantee.
type judge struct {
	r     *Record
	s     Setup
	t     *timeline
	spans []Span
	out   Judgement
}

// Judge says which guarantees did not hold.
func Judge(r *Record) Judgement {
	j := &judge{r: r, s: r.Plan.Setup, t: r.timeline(), spans: r.spans()}
	j.out = Judgement{Checked: map[string]int{}, Longest: map[string]time.Duration{}, Calls: map[string]int{}}
	j.oneOwner()
	j.noFalseDeath()
	j.sleepers()
	j.inTime()
	j.splitKeeps()
	j.single()
	j.oneScript()
	j.order()
	j.endings()
	j.commands()
	j.calms()
	j.growth()
	j.logs()
	j.out.Moves = j.moves()
	for _, c := range j.r.Calls {
		j.out.Calls[c.What]++
	}
	slices.SortStableFunc(j.out.Breaches, func(a, b Breach) int { return a.At.Compare(b.At) })
	return j.out
}

func (j *judge) breach(rule string, at time.Time, format string, args ...any) {
	j.out.Breaches = append(j.out.Breaches, Breach{rule, at, fmt.Sprintf(format, args...)})
}

func (j *judge) checked(rule string) { j.out.Checked[rule]++ }

func (j *judge) longest(name string, d time.Duration) {
	j.out.Longest[name] = max(j.out.Longest[name], d)
}

// moves counts how often a resource came to run on another node than before.
func (j *judge) moves() int {
	n, last := 0, map[string]string{}
	for _, s := range j.spans {
		if s.Started.IsZero() {
			continue
		}
		if was := last[s.Word]; was != "" && was != s.Node {
			n++
		}
		last[s.Word] = s.Node
	}
	return n
}

// untrusted says that a status script has lied about a resource, and the daemons were not restarted since:
// what a script says is believed.
func (j *judge) untrusted(word string, at time.Time) bool {
	var lied time.Time
	for _, c := range j.r.Calls {
		if c.What == callLied && c.Word == word && (lied.IsZero() || c.At.Before(lied)) {
			lied = c.At
		}
	}
	if lied.IsZero() {
		return false
	}
	for _, c := range j.r.Calms { // the calm after it starts the daemons anew
		if c.Begin.After(lied) && !c.Settled.IsZero() && at.After(c.Settled) {
			return j.liedAgain(word, c.Settled, at)
		}
	}
	return true
}

func (j *judge) liedAgain(word string, from, to time.Time) bool {
	for _, c := range j.r.Calls {
		if c.What == callLied && c.Word == word && c.At.After(from) && !c.At.After(to) {
			return true
		}
	}
	return false
}

func index(node string) int {
	if node == Nodes[0] {
		return 0
	}
	return 1
}

func ending(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
