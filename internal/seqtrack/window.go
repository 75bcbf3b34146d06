package seqtrack

import (
	"sort"
	"time"
)

// MaxGap is the widest hole that is asked for. 3.0.6: a wider one restarts the sequence.
const MaxGap = 250

// Verdict is what to do with a message.
type Verdict uint8

// Verdicts. Only New, Late and Restart are acted on.
const (
	New       Verdict = iota // the next number, or one beyond a hole
	Late                     // one of the missing numbers
	Restart                  // the first status of a new life of the sender
	Duplicate                // the newest number once more: the copy of another link
	Old                      // seen, or given up
	Replay                   // of an earlier generation
	Early                    // of a later generation whose status has not come yet
)

var verdictNames = [...]string{"new", "late", "restart", "duplicate", "old", "replay", "early"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown"
}

// Accepted says whether the message is to be handled.
func (v Verdict) Accepted() bool { return v <= Restart }

// Result is the judgement of one message.
type Result struct {
	Verdict Verdict
	Last    uint64 // the newest number before this message
	Lost    uint64 // how many numbers this message skipped
	GaveUp  bool   // the gap was wider than MaxGap, or too old: nothing of it is asked for
	Whole   bool   // this message closed the last hole
}

type hole struct {
	seq   uint64
	ask   time.Duration // when to ask (again)
	asked int           // how often so far
}

// After so many requests at the given pace each further one waits twice as long as the one
// before, up to slowest times. 3.0.6 asks at the same pace for ever, for each number, also a
// sender that does not hear it.
const (
	quickRequests = 8
	slowest       = 64
)

func (h *hole) pause(pace time.Duration) time.Duration {
	h.asked++
	if over := h.asked - quickRequests; over > 0 {
		return pace * min(slowest, time.Duration(1)<<min(over, 10))
	}
	return pace
}

// Window is the memory kept of one sender. The zero value has heard nothing.
type Window struct {
	gen     uint64
	last    uint64
	heard   bool // a message of this generation was accepted
	adrift  bool // the sender was away: the next number is taken as it comes
	missing []hole
}

// Generation is the highest generation a status carried; 0 before the first.
func (w *Window) Generation() uint64 { return w.gen }

// Last is the newest number accepted in this generation.
func (w *Window) Last() uint64 { return w.last }

// Missing says how many numbers are being waited for.
func (w *Window) Missing() int { return len(w.missing) }

// Judge looks at one message and remembers it. Only a status opens a new generation
// (3.0.6: other types never change the stored one). askAt is when to ask for numbers that
// this message shows to be missing.
func (w *Window) Judge(gen, seq uint64, status bool, askAt time.Duration) Result {
	switch {
	case gen < w.gen:
		return Result{Verdict: Replay}
	case gen > w.gen || !w.heard:
		if !status {
			return Result{Verdict: Early}
		}
		*w = Window{gen: gen, last: seq, heard: true}
		return Result{Verdict: Restart}
	case seq == w.last:
		return Result{Verdict: Duplicate}
	case seq < w.last:
		return w.late(seq)
	}
	r := Result{Verdict: New, Last: w.last}
	if gap := seq - w.last - 1; gap > 0 && !w.adrift {
		r.Lost = gap
		if gap > MaxGap {
			w.missing, r.GaveUp = nil, true
		} else {
			for s := w.last + 1; s < seq; s++ {
				w.missing = append(w.missing, hole{seq: s, ask: askAt})
			}
			r.GaveUp = w.trim()
		}
	}
	w.last, w.adrift = seq, false
	return r
}

// trim bounds what a sender with large losses can make us remember.
func (w *Window) trim() bool {
	if over := len(w.missing) - MaxGap; over > 0 {
		w.missing = append([]hole(nil), w.missing[over:]...)
		return true
	}
	return false
}

func (w *Window) late(seq uint64) Result {
	if !w.Forget(seq) {
		return Result{Verdict: Old}
	}
	return Result{Verdict: Late, Last: w.last, Whole: len(w.missing) == 0}
}

// Forget strikes seq off the missing numbers (it came, or will never come) and says whether
// it was one of them.
func (w *Window) Forget(seq uint64) bool {
	i := sort.Search(len(w.missing), func(i int) bool { return w.missing[i].seq >= seq })
	if i == len(w.missing) || w.missing[i].seq != seq {
		return false
	}
	w.missing = append(w.missing[:i], w.missing[i+1:]...)
	return true
}

// Due returns the missing numbers to ask for now and schedules the next request for each: at
// the given pace at first, ever more slowly if no answer comes.
func (w *Window) Due(now, pace time.Duration) []uint64 {
	var due []uint64
	for i := range w.missing {
		if w.missing[i].ask <= now {
			due = append(due, w.missing[i].seq)
			w.missing[i].ask = now + w.missing[i].pause(pace)
		}
	}
	return due
}

// NextAsk is the earliest time Due has something; ok is false if nothing is missing.
func (w *Window) NextAsk() (at time.Duration, ok bool) {
	for _, h := range w.missing {
		if !ok || h.ask < at {
			at, ok = h.ask, true
		}
	}
	return at, ok
}

// Covered is the highest number below which nothing is missing.
func (w *Window) Covered() uint64 {
	if len(w.missing) > 0 {
		return w.missing[0].seq - 1
	}
	return w.last
}

// SenderDied forgets the holes of a sender that fell silent. Its generation and newest number
// stay, so that nothing recorded before can be played again; when it returns, its next number
// starts the sequence anew.
func (w *Window) SenderDied() {
	w.missing, w.adrift = nil, true
}
