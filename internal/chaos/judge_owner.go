package chaos

import (
	"strings"
	"time"
)

// oneOwner looks at every time in which two nodes may have had a resource.
func (j *judge) oneOwner() {
	j.checked("one-owner")
	for i, a := range j.spans {
		for _, b := range j.spans[i+1:] {
			if a.Word != b.Word || a.Node == b.Node {
				continue
			}
			first, second := a, b
			if a.Start.After(b.Start) {
				first, second = b, a
			}
			from, to := second.Start, earlier(ending(a.Stopped, j.r.End), ending(b.Stopped, j.r.End))
			if to.After(from) && !j.untrusted(a.Word, from) && !j.excused(second, to) {
				j.breach("one-owner", from, "%s and %s both had %s for %v", first.Node, second.Node, a.Word, to.Sub(from).Round(time.Millisecond))
			}
		}
	}
}

// excused says whether two owners since a span began are what nobody can prevent without fencing: before it one node could
// not hear the other, which lived, for about a deadtime, and was held for dead; what began then; and no longer than that
// lasts, and the healing.
func (j *judge) excused(second Span, to time.Time) bool {
	j.checked("one-owner, excused")
	from, words := second.Start, j.s.beside(second.Word)
	for _, b := range j.blind() {
		if from.Sub(b.from) < j.s.shortest() || j.spent(b.to, from) || !j.decided(b, words, second) {
			continue
		}
		if limit := j.healed(b.to, words); !to.After(limit) {
			j.longest("two owners after hearing each other again", to.Sub(b.to))
			return true
		}
	}
	return false
}

// beside are the recorded words of the group that a word is in.
func (s Setup) beside(word string) []string {
	for _, g := range s.Groups {
		if contains(g[1:], word) {
			return recorded(g)
		}
	}
	return []string{word}
}

// spent says that all was in order between two moments, which both nodes and every resource have shown for a while: what
// was before the first excuses nothing any more. At first a verdict may still be on its way.
func (j *judge) spent(blind, from time.Time) bool {
	for _, c := range j.r.Calms {
		if !c.Settled.IsZero() && c.Settled.After(blind) && c.End.Before(from) {
			return true
		}
	}
	return false
}

// decided says that a span may have begun because of what a node decided in a blind time, in which it held the other
// for dead: then all it has not is started, one after the other.
func (j *judge) decided(b segmentTime, words []string, span Span) bool {
	from := span.Start
	first, told := j.verdict(b, from)
	if !told && j.logged(from) {
		return false
	}
	last := first.Add(j.s.scriptTime() + slack)
	last = last.Add(j.r.heldUp(first, last) + j.passing(words, b.from, from))
	last = later(later(last, b.to), j.goesOn(b, words, span).Add(j.s.scriptTime()+promptly))
	bad := j.t.at(b.from).of(words).scripts != [2]string{} || j.r.scriptTrouble(words, b.from, from)
	return !told || bad || !from.After(last)
}

// goesOn is when a node was last woken in a blind time while it was starting the group: the next script is run before
// anything is heard.
func (j *judge) goesOn(b segmentTime, words []string, span Span) (last time.Time) {
	for _, c := range j.r.Changes {
		if c.Node != span.Node || c.Fact != factStall || c.Value != "off" || !c.Begin.After(b.from) || !c.Begin.Before(b.to.Add(promptly)) {
			continue
		}
		for _, w := range words {
			if j.has(c.Node, w, c.Begin) != never {
				last = later(last, c.End)
			}
		}
	}
	return last
}

// verdict is when a node was last held for dead in a blind time. The first beat after it may take a while.
func (j *judge) verdict(b segmentTime, before time.Time) (last time.Time, told bool) {
	for _, l := range j.r.Lines {
		if !strings.Contains(l.Text, ": is dead") || !strings.Contains(l.Text, "WARN: node ") {
			continue
		}
		if l.At.After(b.from) && !ending(l.From, l.At).After(earlier(before, b.to.Add(j.s.Keepalive+finding+promptly))) {
			last, told = l.At, true
		}
	}
	return last, told
}

// logged says that what a node decided at a time would be in the record: its disk was not full, and the power did not
// take what was not read yet.
func (j *judge) logged(at time.Time) bool {
	for _, r := range j.r.Plan.Rounds {
		for _, s := range r.Steps {
			if s.Verb == "fill" {
				return false
			}
		}
	}
	for _, c := range j.r.Changes {
		if c.Fact == factPower && c.Value == "off" && c.End.After(at.Add(-slack)) && c.Begin.Before(at.Add(slack)) {
			return false
		}
	}
	return true
}

// passing is what the scripts of other groups that hang, fail or were killed in a time may cost a group: one that hangs is
// passed after a while.
func (j *judge) passing(words []string, from, to time.Time) time.Duration {
	hanging, failing := map[string]bool{}, false
	for _, c := range j.r.Changes {
		if c.Fact == factTrouble && c.End.After(from) && !c.Begin.After(to) {
			failing = true
		}
	}
	for i, s := range j.t.states {
		if !j.t.cuts[i+1].After(from.Add(-hangs)) || j.t.cuts[i].After(to) {
			continue
		}
		for k := range Nodes {
			for _, fault := range strings.Fields(s.scripts[k]) {
				word, how, _ := strings.Cut(fault, ".")
				switch {
				case contains(words, word):
				case strings.HasSuffix(how, ".hangs"):
					hanging[word] = true
				default:
					failing = true
				}
			}
		}
	}
	d := time.Duration(len(hanging)) * hangs
	if failing {
		d += stopTries
	}
	return d
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

// healed is when a time that began at `at` has been in order, as far as a group's words go, for as long as healing takes.
// What is not in order does not count, for nobody can release what hangs; the scripts of other groups are passed.
func (j *judge) healed(at time.Time, words []string) time.Time {
	left := j.s.healing()
	left += j.passing(words, at, at.Add(left))
	left += j.r.heldUp(at, at.Add(left))
	for i, s := range j.t.states {
		from, to := later(j.t.cuts[i], at), j.t.cuts[i+1]
		if !to.After(from) {
			continue
		}
		s = s.of(words)
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

// of is a state as far as it matters to a group: without what the scripts of others do wrong.
func (s state) of(words []string) state {
	for i := range Nodes {
		var own []string
		for _, fault := range strings.Fields(s.scripts[i]) {
			if word, _, _ := strings.Cut(fault, "."); contains(words, word) {
				own = append(own, fault)
			}
		}
		s.scripts[i] = strings.Join(own, " ")
	}
	return s
}

// settled says that node i is either working or not there: nothing of it hangs.
func (s state) settled(i int) bool { return s.lives(i) || s.gone(i) }
