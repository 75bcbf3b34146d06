package duel

import "testing"

func TestHeldTimeCountsOnce(t *testing.T) {
	s := &sentries{holds: []hold{{40, 50}, {10, 20}, {15, 30}, {90, 200}}}
	for _, c := range []struct{ from, to, want int64 }{
		{0, 5, 0}, {0, 12, 2}, {0, 100, 40}, {12, 18, 6}, {16, 45, 19}, {30, 40, 0}, {0, 300, 140}, {100, 110, 10},
	} {
		if got := s.during(c.from, c.to); got != c.want {
			t.Errorf("from %d to %d: held for %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestOwnLateness(t *testing.T) {
	s := &sentries{holds: []hold{{100 * ms, 130 * ms}}}
	for _, c := range []struct{ at, by, want int64 }{
		{131 * ms, 31 * ms, 1 * ms},  // held up from when it was due
		{131 * ms, 40 * ms, 10 * ms}, // late by itself before
		{99 * ms, 7 * ms, 7 * ms},    // before it
		{160 * ms, 20 * ms, 20 * ms}, // after it
		{120 * ms, 10 * ms, 0},       // in it: the other processor went on
	} {
		if got := (delay{c.at, c.by}).own(s); got != c.want {
			t.Errorf("%d ms late at %d: own %d ms, want %d", c.by/ms, c.at/ms, got/ms, c.want/ms)
		}
	}
}
