package bz2

// bits writes numbers of any width, the most significant bit first.
type bits struct {
	out  []byte
	held uint64 // the lowest n bits wait for a whole byte
	n    uint
}

// put writes the lowest width bits of v, at most 48.
func (w *bits) put(v uint64, width uint) {
	w.held = w.held<<width | v&(1<<width-1)
	for w.n += width; w.n >= 8; {
		w.n -= 8
		w.out = append(w.out, byte(w.held>>w.n))
	}
}

func (w *bits) flag(on bool) {
	if on {
		w.put(1, 1)
	} else {
		w.put(0, 1)
	}
}

// flush fills the last byte up with zeros.
func (w *bits) flush() []byte {
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	return w.out
}
