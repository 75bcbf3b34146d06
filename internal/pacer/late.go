package pacer

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram counts times up to a minute in steps of an eighth: below 8 µs by the microsecond, then eight
// buckets between a power of two and the next. One writer, any number of readers.
type histogram struct {
	count   atomic.Uint64
	max     atomic.Int64 // ns
	buckets [buckets]atomic.Uint64
}

const (
	parts   = 8 // of a power of two
	buckets = 24 * parts
)

//go:nosplit
func bucket(ns int64) int {
	us := uint64(max(0, ns)) / 1000
	if us < parts {
		return int(us)
	}
	top := bits.Len64(us) - 4 // us>>top is 8..15
	return min(top*parts+int(us>>top), buckets-1)
}

// above is the end of a bucket.
func above(b int) time.Duration {
	if b < parts {
		return time.Duration(b+1) * time.Microsecond
	}
	top := b/parts - 1
	return time.Duration(b%parts+parts+1) << top * time.Microsecond
}

//go:nosplit
func (h *histogram) add(ns int64) {
	b := &h.buckets[bucket(ns)]
	b.Store(b.Load() + 1)
	if ns > h.max.Load() {
		h.max.Store(ns)
	}
	h.count.Store(h.count.Load() + 1)
}

// merge adds what another has counted.
func (h *histogram) merge(o *histogram) {
	for i := range h.buckets {
		h.buckets[i].Add(o.buckets[i].Load())
	}
	h.count.Add(o.count.Load())
	h.max.Store(max(h.max.Load(), o.max.Load()))
}

// Lateness says how late beats were, as the pacer itself saw it: from the moment planned to the moment at
// which it called the kernel.
type Lateness struct {
	Count uint64
	Max   time.Duration
	hist  [buckets]uint64
}

func (h *histogram) lateness() Lateness {
	l := Lateness{Max: time.Duration(h.max.Load())}
	for i := range h.buckets {
		l.hist[i] = h.buckets[i].Load()
		l.Count += l.hist[i]
	}
	return l
}

// Quantile is a lateness that the given share of all beats (0.999) did not exceed, at most an eighth
// too high; 0 if there were none.
func (l *Lateness) Quantile(share float64) time.Duration {
	rank := uint64(math.Ceil(share * float64(l.Count)))
	var seen uint64
	for b, n := range l.hist {
		if seen += n; n > 0 && seen >= rank {
			return min(above(b), l.Max)
		}
	}
	return 0
}
