package duel

import (
	"math"
)

const (
	// fitBeats is the number of beats to which one rhythm is fitted.
	fitBeats = 200
	// fitLeast is the number of beats below which the length of a beat is taken from the configuration.
	fitLeast = 20
	// onTime is the share of the beats by which the rhythm's begin is found: those are hardly late at all.
	onTime = 0.05
)

// delay is by how much a beat was late, and when it came, in nanoseconds.
type delay struct{ at, by int64 }

// own is its lateness without the time in which the machine was held up.
func (d delay) own(s *sentries) int64 { return d.by - s.during(d.at-d.by, d.at) }

// lateness tells of each beat of an ideal rhythm how late it came. at are the moments of the
// beats on the wire, in order; period is that of the configuration.
//
// The rhythm is not known: a daemon begins when it likes, its clock is not that of the wire, and one that sets
// its timer anew after each beat has a slightly longer period. So period and begin are fitted to some beats at a
// time, in favour of the daemon: its period is what it shows, its begin is that of its earliest beats. A pause
// ends the beats that are fitted together, because some daemons begin a new rhythm after it. The beats that
// should have come in the pause are as late as the first one after it.
func lateness(at []int64, period int64) (late []delay) {
	for len(at) > 0 {
		n := 1
		for n < len(at) && n < fitBeats && at[n]-at[n-1] < period*3/2 {
			n++
		}
		late = append(late, fitted(at[:n], period)...)
		if n < len(at) && at[n]-at[n-1] >= period*3/2 {
			for missing := at[n-1] + period; missing < at[n]-period/2; missing += period {
				late = append(late, delay{at[n], at[n] - missing})
			}
			if n+1 == len(at) {
				return late // the last beat was the missing one
			}
		}
		at = at[n:]
	}
	return late
}

// fitted is the lateness of beats without a pause between them.
func fitted(at []int64, period int64) []delay {
	slot := make([]int, len(at))
	for i := 1; i < len(at); i++ {
		// A late beat is a long step and then a short one: their sum is right.
		slot[i] = slot[i-1] + int(math.Round(float64(at[i]-at[i-1])/float64(period)))
	}
	length := beatLength(at, slot, period)
	off := make([]float64, len(at))
	for i := range at {
		off[i] = float64(at[i]-at[0]) - float64(slot[i])*length
	}
	begin := quantile(off, onTime)
	late := make([]delay, 0, len(at))
	var pending []int // slots without a beat so far
	for i, next := 0, 0; i < len(at); next = slot[i-1] + 1 {
		for ; next < slot[i]; next++ {
			pending = append(pending, next)
		}
		last := i
		for last+1 < len(at) && slot[last+1] == slot[i] {
			last++
		}
		// Of several beats in one slot the last is its own; those before were due earlier, or are extra.
		for ; len(pending) > 0; pending = pending[1:] {
			late = append(late, delay{at[i], after(off[i] + float64(slot[i]-pending[0])*length - begin)})
			if i < last {
				i++
			}
		}
		late = append(late, delay{at[last], after(off[last] - begin)})
		i = last + 1
	}
	return late
}

func after(by float64) int64 { return int64(max(by, 0)) }

// beatLength is the middle of the lengths that beats far from each other show.
func beatLength(at []int64, slot []int, period int64) float64 {
	if len(at) < fitLeast {
		return float64(period)
	}
	half := len(at) / 2
	var lengths []float64
	for i := 0; i+half < len(at); i++ {
		if steps := slot[i+half] - slot[i]; steps > 0 {
			lengths = append(lengths, float64(at[i+half]-at[i])/float64(steps))
		}
	}
	if len(lengths) == 0 {
		return float64(period)
	}
	return median(lengths)
}

// longestPause is the longest time between two beats, beyond the period.
func longestPause(at []int64, period int64) (longest int64) {
	for i := 1; i < len(at); i++ {
		longest = max(longest, at[i]-at[i-1]-period)
	}
	return longest
}
