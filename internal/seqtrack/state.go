package seqtrack

import "time"

// State is everything a window remembers, for one who compares or copies windows: the exhaustive
// search, which goes back to where it was before.
type State struct {
	Gen, Last     uint64
	Heard, Adrift bool
	Missing       []Hole
}

// Hole is a number that is being waited for.
type Hole struct {
	Seq   uint64
	Ask   time.Duration // when it is asked for next
	Asked int           // how often so far; beyond a few dozen all are one
}

// State returns a copy of everything the window remembers.
func (w *Window) State() State {
	s := State{Gen: w.gen, Last: w.last, Heard: w.heard, Adrift: w.adrift}
	for _, h := range w.missing {
		s.Missing = append(s.Missing, Hole{h.seq, h.ask, min(h.asked, quickRequests+10)}) // see pause
	}
	return s
}

// Clone returns a window that shares no memory with this one.
func (w *Window) Clone() Window {
	c := *w
	c.missing = append([]hole(nil), w.missing...)
	return c
}

// Restore returns the window that has this state.
func Restore(s State) Window {
	w := Window{gen: s.Gen, last: s.Last, heard: s.Heard, adrift: s.Adrift}
	for _, h := range s.Missing {
		w.missing = append(w.missing, hole{h.Seq, h.Ask, h.Asked})
	}
	return w
}
