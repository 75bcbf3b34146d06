package simulate

import (
	"slices"

	"heartbeatd/internal/scenario"
)

// word is an hb_takeover that one node has sent the other. Where it is lost it is asked for again, like any message, for
// as long as the window of numbers lasts: it may be obeyed long after all came right.
type word struct {
	from, to *scenario.Machine
	lives    [2]uint64 // of both
	seq      uint64
}

func (r *Run) wordSent(m *scenario.Machine, seq uint64) {
	if o := r.other(m); o != nil {
		r.words = append(r.words, word{m, o, [2]uint64{m.Life(), o.Life()}, seq})
	}
}

func (r *Run) wordArrived(to, from *scenario.Machine, seq uint64) {
	r.words = slices.DeleteFunc(r.words, func(w word) bool { return w.to == to && w.from == from && w.seq == seq })
}

// wordUnderWay says that such a word may still arrive.
func (r *Run) wordUnderWay() bool {
	r.words = slices.DeleteFunc(r.words, func(w word) bool {
		return w.lives != [2]uint64{w.from.Life(), w.to.Life()} || r.sent[w.from.Index()].seq > w.seq+remembered
	})
	return len(r.words) > 0
}
