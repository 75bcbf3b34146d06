package chaos

import (
	"fmt"
	"math"
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
		need := j.s.shortest() - j.t.lostBeats(index(l.Node), l.At)
		if j.tooYoung(l) {
			continue
		}
		if silent < need {
			j.breach("false-death", l.At, "%s held %s for dead, which was silent for %v at most (deadtime %v)", l.Node, other(l.Node), silent.Round(time.Millisecond), j.s.Deadtime)
		}
	}
}

// sleepers looks at daemons that were held up: who wakes up declares nobody dead for two keepalives, unless
// it is held up again and again for a deadtime.
func (j *judge) sleepers() {
	for i, c := range j.r.Changes {
		if c.Fact != factStall || c.Value == "off" {
			continue
		}
		woke, ok := j.woken(j.r.Changes[i+1:], c.Node)
		if !ok || woke.Sub(c.End) <= 2*j.s.Keepalive+100*time.Millisecond {
			continue
		}
		j.checked("sleeper-waits")
		for _, l := range j.r.Lines {
			if l.Node != c.Node || !strings.Contains(l.Text, "WARN: node "+other(l.Node)+": is dead") || !l.From.After(c.End) || !l.At.Before(woke.Add(2*j.s.Keepalive)) {
				continue
			}
			if doubted := j.doubted(l); l.At.Before(doubted.Add(j.s.Deadtime)) {
				j.breach("sleeper-waits", l.At, "%s slept for %v and held %s for dead %v after it was woken, and has doubted for %v",
					l.Node, woke.Sub(c.End).Round(time.Millisecond), other(l.Node), l.At.Sub(woke).Round(time.Millisecond), l.At.Sub(doubted).Round(time.Millisecond))
			}
		}
	}
}

// doubted is since when, at the earliest, a node that holds the other for dead may have had reason to distrust that:
// it was woken, and has not heard the other since, which was silent for a deadtime.
func (j *judge) doubted(l Line) time.Time {
	i, at := index(l.Node), ending(l.From, l.At)
	heard := at.Add(-j.silence(i, at, l.At) - 2*j.s.Keepalive - j.t.lostBeats(i, l.At))
	heard = later(heard, j.born(l.Node, at))
	first := l.At
	for i, c := range j.r.Changes {
		if c.Node != l.Node || c.Fact != factStall || c.Value == "off" {
			continue
		}
		if woke, ok := j.woken(j.r.Changes[i+1:], c.Node); ok && woke.After(heard) {
			first = earlier(first, woke)
		}
	}
	return later(first, heard.Add(j.s.Deadtime))
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

// finding is how long a kernel may need to find its neighbour again when a cable is back: it asks once a second
// before it sends to one address. A broadcast and a multicast need no neighbour.
const finding = time.Second

// silence is the longest time, up to about a moment between first and last, in which a node may have heard
// nothing. A cable that is in for a moment may be out again before the next beat.
func (j *judge) silence(node int, first, last time.Time) time.Duration {
	longest := time.Duration(0)
	var from, sure time.Time
	need, path := j.s.Keepalive, never
	for i, s := range j.t.states {
		if j.t.cuts[i].After(last) {
			break
		}
		end := earlier(j.t.cuts[i+1], last)
		if s.path() != surely {
			path = never
		} else if path != surely {
			path, need = surely, j.s.Keepalive
			if i > 0 && s.asks(j.s.ucast()) {
				need += finding
			}
			sure = time.Time{}
		}
		if s.hears(node) != surely {
			sure = time.Time{}
		} else if sure.IsZero() {
			sure = j.t.cuts[i]
		}
		if !sure.IsZero() && end.Sub(sure) >= need {
			from, need = time.Time{}, j.s.Keepalive
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

// ucast says of each link whether it needs a neighbour.
func (s Setup) ucast() []bool {
	all := make([]bool, s.Links)
	for i := range all {
		for _, medium := range s.Media {
			all[i] = all[i] || strings.HasPrefix(medium, fmt.Sprintf("ucast eth%d ", i))
		}
	}
	return all
}

// asks says that all links that are there need a neighbour.
func (s state) asks(ucast []bool) bool {
	for link, asks := range ucast {
		if !asks && s.link[0][link] == "ok" && s.link[1][link] == "ok" {
			return false
		}
	}
	return true
}

// lostBeats is how long ago the last beats before a death may have been lost, beyond the one that a silence
// allows for anyway: as many as are lost in a row more than once in 500 times.
func (t *timeline) lostBeats(node int, at time.Time) (lost time.Duration) {
	k := t.setup.Keepalive
	for i, s := range t.states {
		if !t.cuts[i].Before(at) || !t.cuts[i+1].After(at.Add(-t.setup.Deadtime-5*k)) || s.loss[node] > lossBorne(t.setup.Links) {
			continue // what is lost beyond that is no time in which the other is heard
		}
		one := math.Pow(float64(s.loss[node])/100, float64(t.setup.Links))
		d := time.Duration(0)
		for p := one * one; p > 0.002; p *= one {
			d += k
		}
		lost = max(lost, d)
	}
	return lost
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
			need = j.s.Deadtime - 100*time.Millisecond
		}
	}
	age := l.At.Sub(born)
	if age < need {
		j.breach("false-death", l.At, "%s held %s for dead %v after its own start", l.Node, other(l.Node), age.Round(time.Millisecond))
	}
	return age < need
}
