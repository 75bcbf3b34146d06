package core

import (
	"math/bits"
	"time"
)

// Own is how late this node did what was due at a certain time. What is late here is what the other node
// sees as gaps, and what makes our own verdicts late.
type Own struct {
	Beats Lateness // beats sent
	Ticks Lateness // moments at which the core had asked to be woken up
}

// lateBuckets are half powers of two of microseconds, up to 16 s.
const lateBuckets = 48

// lates are the latenesses of a span of time.
type lates struct {
	count uint64
	worst time.Duration
	tally [lateBuckets]uint32
}

// Lateness counts how late something was that is done again and again. It takes no memory beyond its own.
type Lateness struct{ windows[lates] }

// Note counts one that was done at the moment now, so much later than it was due.
func (l *Lateness) Note(now, late time.Duration) {
	late = max(0, late)
	b := lateBucket(late)
	for _, s := range l.at(now) {
		s.count++
		s.worst = max(s.worst, late)
		if s.tally[b]++; s.tally[b] == 1<<31 { // a beat of 10 ms, on time for eight months
			for i := range s.tally {
				s.tally[i] /= 2
			}
		}
	}
}

// lateBucket is which tally counts it: those up to 1 µs, to 2, 3, 5, 7, 11, 15 ...
func lateBucket(late time.Duration) int {
	us := uint64((late + time.Microsecond - 1) / time.Microsecond)
	if us < 2 {
		return 0
	}
	n := bits.Len64(us) - 1
	return min(2*n-1+int(us>>(n-1)&1), lateBuckets-1)
}

// bucketEnd is what all that a tally counts is below, or at.
func bucketEnd(b int) time.Duration {
	n := (b + 1) / 2
	us := uint64(2) << n
	if b%2 == 1 {
		us = 3 << (n - 1)
	}
	return time.Duration(us-1) * time.Microsecond
}

// Late is the lateness of a span of time.
type Late struct {
	Count uint64
	Worst time.Duration
	P999  time.Duration // 999 of 1,000 were no later, to a precision of half a power of two; Worst, of fewer
}

// LateView is the lateness of the last hour, the last day, and since the start.
type LateView struct{ Hour, Day, Start Late }

// View looks at it at the moment now.
func (l *Lateness) View(now time.Duration) LateView {
	l.at(now)
	return LateView{Hour: late(l.minutes[:]), Day: late(l.hours[:]), Start: late([]lates{l.start})}
}

func late(slots []lates) (v Late) {
	var tally [lateBuckets]uint64
	var all uint64
	for i := range slots {
		v.Count += slots[i].count
		v.Worst = max(v.Worst, slots[i].worst)
		for b, n := range slots[i].tally {
			tally[b] += uint64(n)
			all += uint64(n)
		}
	}
	v.P999 = v.Worst
	later := all / 1000 // so many may be; what is in the last bucket has no end
	for b := lateBuckets - 1; b > 0 && tally[b] <= later; b-- {
		later -= tally[b]
		v.P999 = min(v.Worst, bucketEnd(b-1))
	}
	return v
}

// NoteBeat counts, for the operator, a beat that went out by what had it ahead of time ([Core.BeatAhead]): when
// it was due, and when it was sent. The core's own are counted by itself.
func (c *Core) NoteBeat(due, sent time.Duration) { c.watch.beatSent(sent, due) }

// beatSent and woken count our own lateness, where somebody wants to know.
func (w *watch) beatSent(now, due time.Duration) {
	if w != nil {
		w.own.Beats.Note(now, now-due)
	}
}

func (w *watch) woken(now, promised time.Duration) {
	if w != nil && now >= promised {
		w.own.Ticks.Note(now, now-promised)
	}
}
