package duel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

const ms = int64(1e6)

// rhythm makes n beats; delay tells how late beat i is, in nanoseconds.
func rhythm(n int, period float64, delay func(i int) int64) []int64 {
	var at []int64
	for i := range n {
		at = append(at, 1_700_000_000_000_000_000+int64(float64(i)*period)+delay(i))
	}
	return at
}

func worstOf(late []delay) (worst int64) {
	for _, l := range late {
		worst = max(worst, l.by)
	}
	return worst
}

func TestLateness(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(int) int64 { return r.Int64N(100_000) }
	only := func(beat int, by int64) func(int) int64 {
		return func(i int) int64 {
			if i == beat {
				return by
			}
			return noise(i)
		}
	}
	for _, c := range []struct {
		name  string
		at    []int64
		beats int
		worst int64 // within 0.3 ms
		late  int   // beats later than 1 ms
	}{
		{"a perfect rhythm", rhythm(1000, 50e6, func(int) int64 { return 0 }), 1000, 0, 0},
		{"noise of 0.1 ms", rhythm(1000, 50e6, noise), 1000, 0, 0},
		{"a clock that runs 200 ppm slow", rhythm(1000, 50.01e6, noise), 1000, 0, 0},
		{"a period that is half a millisecond longer", rhythm(1000, 50.5e6, noise), 1000, 0, 0},
		{"one beat 7 ms late", rhythm(1000, 50e6, only(500, 7*ms)), 1000, 7 * ms, 1},
		{"one beat 30 ms late, more than half a period", rhythm(1000, 50e6, only(500, 30*ms)), 1000, 30 * ms, 1},
		{"three of four beats 2 ms late", rhythm(1000, 50e6, func(i int) int64 { return int64(min(i%4, 1)) * 2 * ms }), 1000, 2 * ms, 750},
		{"the first of all beats 7 ms late", rhythm(1000, 50e6, only(0, 7*ms)), 1000, 7 * ms, 1},
		{"the last 30 ms late", rhythm(1000, 50e6, only(999, 30*ms)), 1000, 30 * ms, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			late := lateness(c.at, 50*ms)
			if len(late) != c.beats {
				t.Errorf("%d beats, want %d", len(late), c.beats)
			}
			if w := worstOf(late); w < c.worst-300_000 || w > c.worst+300_000 {
				t.Errorf("worst %.3f ms, want %.3f", milliseconds(w), milliseconds(c.worst))
			}
			n := 0
			for _, l := range late {
				if l.by > ms {
					n++
				}
			}
			if n != c.late {
				t.Errorf("%d beats late by more than 1 ms, want %d", n, c.late)
			}
		})
	}
}

// A daemon that was held up and then sends what it had missed has as many beats as one that never was.
func TestLatenessAfterAPause(t *testing.T) {
	held := func(i int) int64 { // beats 500 to 525 all come with 526
		if i >= 500 && i < 526 {
			return int64(526-i) * 50 * ms
		}
		return 0
	}
	late := lateness(rhythm(1000, 50e6, held), 50*ms)
	if w := worstOf(late); w != 26*50*ms {
		t.Errorf("beats caught up: worst %v ms, want 1300", milliseconds(w))
	}

	skipped := slices.Delete(rhythm(1000, 50e6, func(int) int64 { return 0 }), 500, 526)
	late = lateness(skipped, 50*ms)
	if w := worstOf(late); w != 26*50*ms || len(late) != 1000 {
		t.Errorf("beats left out: worst %v ms of %d beats, want 1300 of 1000", milliseconds(w), len(late))
	}

	shifted := rhythm(1000, 50e6, func(i int) int64 { // a new rhythm, 17 ms aside
		if i >= 500 {
			return 1317 * ms
		}
		return 0
	})
	late = lateness(shifted, 50*ms)
	if w := worstOf(late); w != 1317*ms {
		t.Errorf("a new rhythm: worst %v ms, want 1317", milliseconds(w))
	}
	if n := len(slices.DeleteFunc(late, func(l delay) bool { return l.by < ms })); n != 26 && n != 27 {
		t.Errorf("a new rhythm: %d late beats, want only the 26 that were missing", n)
	}
}

func TestLongestPause(t *testing.T) {
	if got := longestPause([]int64{0, 50 * ms, 107 * ms, 150 * ms}, 50*ms); got != 7*ms {
		t.Errorf("longest pause %v ms, want 7", milliseconds(got))
	}
}
