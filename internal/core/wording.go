package core

import "strconv"

// wording puts a text together or, without making anything, compares it with one that was made before.
type wording struct {
	text []byte

	compares bool
	rest     string // of the other text, what was not compared yet
	differs  bool
}

func (w *wording) add(s string) {
	switch {
	case !w.compares:
		w.text = append(w.text, s...)
	case len(w.rest) < len(s) || w.rest[:len(s)] != s:
		w.differs = true
	default:
		w.rest = w.rest[len(s):]
	}
}

func (w *wording) number(n uint64) {
	var room [20]byte
	digits := strconv.AppendUint(room[:0], n, 10)
	switch {
	case !w.compares:
		w.text = append(w.text, digits...)
	case len(w.rest) < len(digits) || w.rest[:len(digits)] != string(digits):
		w.differs = true
	default:
		w.rest = w.rest[len(digits):]
	}
}
