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

// oneOwner looks at every time in which two nodes may have had a resource.
func (j *judge) oneOwner() {
	j.checked("one-owner")
	for i, a := range j.spans {
		for _, b := range j.spans[i+1:] {
			if a.Word != b.Word || a.Node == b.Node {
				continue
			}
			from, to := later(a.Start, b.Start), earlier(ending(a.Stopped, j.r.End), ending(b.Stopped, j.r.End))
			if to.After(from) && !j.untrusted(a.Word, from) && !j.excused(from, to) {
				j.breach("one-owner", from, "%s and %s both had %s for %v", a.Node, b.Node, a.Word, to.Sub(from).Round(time.Millisecond))
			}
		}
	}
}

// excused says whether two owners are what nobody can prevent without fencing: before it one node could not
// hear the other, which lived, for about a deadtime; and it ends with that, and the healing.
func (j *judge) excused(from, to time.Time) bool {
	j.checked("one-owner, excused")
	for _, b := range j.blind() {
		if from.Sub(b.from) < j.s.shortest() || from.After(j.healed(b.to)) {
			continue
		}
		limit := j.healed(b.to)
		if !to.After(limit) {
			j.longest("two owners after hearing each other again", to.Sub(b.to))
			return true
		}
	}
	return false
}

// blind are the times in which a node could not be sure to be heard by the other although its host lived and its
// daemon had been there: then both may have a resource.
func (j *judge) blind() []segmentTime {
	var all []segmentTime
	joined := false
	for i, s := range j.t.states {
		if !s.blind(0) && !s.blind(1) {
			joined = false
			continue
		}
		if !joined {
			all = append(all, segmentTime{from: j.t.cuts[i]})
		}
		joined = true
		all[len(all)-1].to = j.t.cuts[i+1]
	}
	return all
}

func (s state) blind(i int) bool {
	o := 1 - i
	resources := s.power[o] != "off" && s.daemon[o] != "none" && s.daemon[o] != "stopped" && s.daemon[o] != "starting"
	if s.daemon[o] == "stopping" {
		s.daemon[o] = "up" // it beats till it has nothing any more
	}
	return resources && s.hears(i) != surely
}

// healed is when a time that began at `at` has been in order for as long as healing takes. What is not in
// order does not count, for nobody can release what hangs.
func (j *judge) healed(at time.Time) time.Time {
	left := j.s.healing()
	left += j.r.heldUp(at, at.Add(left))
	for i, s := range j.t.states {
		from, to := later(j.t.cuts[i], at), j.t.cuts[i+1]
		if !to.After(from) {
			continue
		}
		if s.blind(0) || s.blind(1) || !s.settled(0) || !s.settled(1) || s.stall != [2]string{"off", "off"} {
			continue
		}
		if to.Sub(from) >= left {
			return from.Add(left)
		}
		left -= to.Sub(from)
	}
	return j.t.end.Add(left)
}

// settled says that node i is either working or not there: nothing of it hangs.
func (s state) settled(i int) bool { return s.lives(i) || s.gone(i) }

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
