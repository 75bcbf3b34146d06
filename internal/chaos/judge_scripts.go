package chaos

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// deed is one run of a start or stop script. End is zero where it did not come to its end, or nobody knows.
type deed struct {
	node, word, what string // start or stop
	pid              int
	begin, end       time.Time
}

// deeds are all of them, in the order in which they began.
func (r *Record) deeds() []deed {
	calls := slices.Clone(r.Calls)
	sort.SliceStable(calls, func(i, k int) bool { return calls[i].At.Before(calls[k].At) })
	type process struct {
		node string
		pid  int
	}
	var all []deed
	open := map[process]int{} // index + 1
	for _, c := range calls {
		p := process{c.Node, c.PID}
		if r.unpowered(c.Node, c.At) {
			continue
		}
		switch c.What {
		case callStart, callStop:
			all = append(all, deed{node: c.Node, word: c.Word, what: c.What, pid: c.PID, begin: c.At})
			open[p] = len(all)
		case callStarted, callStopped, callStartFailed, callStopFailed:
			if i := open[p]; i > 0 && all[i-1].word == c.Word && strings.HasPrefix(c.What, all[i-1].what) {
				all[i-1].end, open[p] = c.At, 0
			}
		}
	}
	return all
}

// unpowered says that a node had no power at a time, or was losing it: what its scripts say then does not count.
func (r *Record) unpowered(node string, at time.Time) bool {
	off := false
	for _, c := range r.Changes {
		if c.Node == node && c.Fact == factPower && !c.Begin.After(at) {
			off = c.Value == "off" || c.End.After(at)
		}
	}
	return off
}

// hangs is how long a script runs alone: others pass one that has been running for so long.
const hangs = 30 * time.Second

// oneScript looks at every node's scripts: one at a time, whoever of its daemons, one after the other, ran them.
func (j *judge) oneScript() {
	j.checked("one-script")
	all := j.r.deeds()
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.end.IsZero() || !b.begin.Before(a.end) {
				continue
			}
			if a.node == b.node && b.begin.Sub(a.begin) < hangs-time.Second {
				j.breach("one-script", b.begin, "%s began to %s %s while it had not ended to %s %s", a.node, b.what, b.word, a.what, a.word)
			}
		}
	}
}

// order looks at every group's scripts: what stands left runs before a start, what stands right does not at a stop.
func (j *judge) order() {
	for _, d := range j.r.deeds() {
		for _, g := range j.s.Groups {
			words := recorded(g)
			at := slices.Index(words, d.word)
			if at < 0 || j.untrusted(d.word, d.begin) {
				continue
			}
			j.checked("order")
			if d.what == callStart {
				words = words[:at]
			} else {
				words = words[at+1:]
			}
			for _, w := range words {
				if j.untrusted(w, d.begin) {
					continue
				}
				runs := j.has(d.node, w, d.begin)
				if d.what == callStart && runs == never {
					j.breach("order", d.begin, "%s began to start %s, and %s, which stands before it, did not run", d.node, d.word, w)
				}
				if d.what == callStop && runs == surely {
					j.breach("order", d.begin, "%s began to stop %s, and %s, which stands behind it, still ran", d.node, d.word, w)
				}
			}
		}
	}
}

// has says whether a resource ran on a node at a time.
func (j *judge) has(node, word string, at time.Time) hearing {
	for _, s := range j.spans {
		if s.Node == node && s.Word == word && s.perhaps(at) {
			if s.runs(at) {
				return surely
			}
			return perhaps
		}
	}
	return never
}
