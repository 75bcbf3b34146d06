package chaos

import (
	"strings"
	"time"
)

// noFalseDeath looks at each node that was declared dead.
func (j *judge) noFalseDeath() {
	for _, l := range j.r.Lines {
		if !strings.Contains(l.Text, "WARN: node "+other(l.Node)+": is dead") {
			continue
		}
		j.checked("false-death")
		silent := j.silence(index(l.Node), ending(l.From, l.At), l.At)
		need := j.s.shortest()
		if j.t.lossAt(l.At) {
			need -= 3 * j.s.Keepalive
		}
		if j.tooYoung(l) {
			continue
		}
		if silent < need {
			j.breach("false-death", l.At, "%s held %s for dead, which was silent for %v at most (deadtime %v)", l.Node, other(l.Node), silent.Round(time.Millisecond), j.s.Deadtime)
		}
	}
}

// sleepers looks at daemons that were held up: who wakes up declares nobody dead for two keepalives, unless
// it is held up again and again.
func (j *judge) sleepers() {
	for i, c := range j.r.Changes {
		if c.Fact != factStall || c.Value == "off" {
			continue
		}
		again := false
		for _, b := range j.r.Changes[:i] {
			again = again || b.Fact == factStall && b.Node == c.Node && b.Value == "off" && b.End.After(c.Begin.Add(-2*j.s.Deadtime)) && b.End.After(j.r.Begin)
		}
		woke, ok := j.woken(j.r.Changes[i+1:], c.Node)
		if again || !ok || woke.Sub(c.End) <= 2*j.s.Keepalive+100*time.Millisecond {
			continue
		}
		j.checked("sleeper-waits")
		for _, l := range j.r.Lines {
			if l.Node == c.Node && strings.Contains(l.Text, "WARN: node "+other(l.Node)+": is dead") && l.From.After(c.End) && l.At.Before(woke.Add(2*j.s.Keepalive)) {
				j.breach("sleeper-waits", l.At, "%s slept for %v and held %s for dead %v after it was woken", l.Node, woke.Sub(c.End).Round(time.Millisecond), other(l.Node), l.At.Sub(woke).Round(time.Millisecond))
			}
		}
	}
}

// woken is when a node's daemon was let go on, if it was not killed, by the first of later changes.
func (j *judge) woken(later []Change, node string) (time.Time, bool) {
	for _, c := range later {
		if c.Node == node && (c.Fact == factDaemon || c.Fact == factPower) {
			break
		}
		if c.Node == node && c.Fact == factStall {
			return c.Begin, c.Value == "off"
		}
	}
	return time.Time{}, false
}

// finding is how long a kernel may need to find its neighbour again when a cable is back: it asks once a second.
const finding = time.Second

// silence is the longest time, up to about a moment between first and last, in which a node may have heard
// nothing. A cable that is in for a moment may be out again before the next beat.
func (j *judge) silence(node int, first, last time.Time) time.Duration {
	longest := time.Duration(0)
	var from, sure time.Time
	for i, s := range j.t.states {
		if j.t.cuts[i].After(last) {
			break
		}
		end := earlier(j.t.cuts[i+1], last)
		if s.hears(node) != surely {
			sure = time.Time{}
		} else if sure.IsZero() {
			sure = j.t.cuts[i]
		}
		if !sure.IsZero() && end.Sub(sure) >= j.s.Keepalive+finding {
			from = time.Time{}
			continue
		}
		if from.IsZero() {
			from = j.t.cuts[i]
		}
		if end.After(first.Add(-2*j.s.Keepalive - 500*time.Millisecond)) {
			longest = max(longest, end.Sub(from))
		}
	}
	return longest
}

// lossAt says whether datagrams were being lost at a time, or a deadtime before.
func (t *timeline) lossAt(at time.Time) bool {
	for i, s := range t.states {
		if t.cuts[i].Before(at) && t.cuts[i+1].After(at.Add(-t.setup.Deadtime)) && (s.loss[0] > 0 || s.loss[1] > 0) {
			return true
		}
	}
	return false
}

// tooYoung looks at a node that held the other for dead: it has listened for long enough to say so, and for initdead if
// it never heard the other.
func (j *judge) tooYoung(l Line) bool {
	born := j.born(l.Node, ending(l.From, l.At))
	if born.IsZero() {
		return false
	}
	need := j.s.Initdead - 100*time.Millisecond
	for i, s := range j.t.states {
		if j.t.cuts[i+1].After(born) && j.t.cuts[i].Before(l.At) && s.hears(index(l.Node)) != never {
			need = j.s.shortest() - 3*j.s.Keepalive
		}
	}
	age := l.At.Sub(born)
	if age < need {
		j.breach("false-death", l.At, "%s held %s for dead %v after its own start", l.Node, other(l.Node), age.Round(time.Millisecond))
	}
	return age < need
}
