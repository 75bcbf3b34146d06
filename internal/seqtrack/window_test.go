package seqtrack

import (
	"testing"
	"time"
)

const ask = 50 * time.Millisecond

// opened is a window that has heard generation 7 up to number 10.
func opened(t *testing.T) *Window {
	t.Helper()
	w := &Window{}
	if r := w.Judge(7, 10, true, ask); r.Verdict != Restart {
		t.Fatalf("first status: %v", r.Verdict)
	}
	return w
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name   string
		gen    uint64
		seq    uint64
		status bool
		want   Result
	}{
		{"next", 7, 11, false, Result{Verdict: New, Last: 10}},
		{"copy of the newest", 7, 10, false, Result{Verdict: Duplicate}},
		{"seen", 7, 9, false, Result{Verdict: Old}},
		{"earlier generation", 6, 99, true, Result{Verdict: Replay}},
		{"later generation, no status", 8, 1, false, Result{Verdict: Early}},
		{"later generation", 8, 1, true, Result{Verdict: Restart}},
		{"hole of two", 7, 13, false, Result{Verdict: New, Last: 10, Lost: 2}},
		{"widest hole", 7, 11 + MaxGap, false, Result{Verdict: New, Last: 10, Lost: MaxGap}},
		{"too wide", 7, 12 + MaxGap, false, Result{Verdict: New, Last: 10, Lost: MaxGap + 1, GaveUp: true}},
	} {
		if got := opened(t).Judge(tt.gen, tt.seq, tt.status, ask); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestHoleIsAskedForAndClosed(t *testing.T) {
	w := opened(t)
	w.Judge(7, 13, false, ask)
	if at, ok := w.NextAsk(); !ok || at != ask {
		t.Fatalf("next ask %v %v", at, ok)
	}
	if due := w.Due(ask-1, time.Second); due != nil {
		t.Fatalf("asked too early: %v", due)
	}
	if due := w.Due(ask, time.Second); len(due) != 2 || due[0] != 11 || due[1] != 12 {
		t.Fatalf("due %v", due)
	}
	if due := w.Due(ask+time.Second-1, time.Second); due != nil {
		t.Fatalf("asked again too early: %v", due)
	}
	if c := w.Covered(); c != 10 {
		t.Fatalf("covered %d", c)
	}
	if r := w.Judge(7, 12, false, ask); r.Verdict != Late || r.Whole {
		t.Fatalf("first late: %+v", r)
	}
	if r := w.Judge(7, 11, false, ask); r.Verdict != Late || !r.Whole {
		t.Fatalf("last late: %+v", r)
	}
	if r := w.Judge(7, 11, false, ask); r.Verdict != Old {
		t.Fatalf("late twice: %+v", r)
	}
	if c := w.Covered(); c != 13 {
		t.Fatalf("covered %d", c)
	}
}

func TestNothingRecordedBeforeDeathCounts(t *testing.T) {
	w := opened(t)
	w.Judge(7, 13, false, ask)
	w.SenderDied()
	if w.Missing() != 0 {
		t.Error("holes of a dead sender are kept")
	}
	for seq := uint64(1); seq <= 13; seq++ {
		if r := w.Judge(7, seq, true, ask); r.Verdict.Accepted() {
			t.Errorf("number %d from before the death: %v", seq, r.Verdict)
		}
	}
	if r := w.Judge(7, 400, true, ask); r.Verdict != New || r.Lost != 0 {
		t.Errorf("return: %+v", r)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	w := opened(t)
	for seq := uint64(12); seq < 20000; seq += 2 {
		w.Judge(7, seq, false, ask)
		if w.Missing() > MaxGap {
			t.Fatalf("%d numbers remembered", w.Missing())
		}
	}
}

// 3.0.6 goes on asking four times a second for every missing number, for ever, even a sender
// that cannot hear it.
func TestUnansweredRequestsBecomeRare(t *testing.T) {
	const pace = 250 * time.Millisecond
	w := opened(t)
	w.Judge(7, 12, false, 0)
	var asked []time.Duration
	for now := time.Duration(0); now < 5*time.Minute; now += pace {
		if w.Due(now, pace) != nil {
			asked = append(asked, now)
		}
	}
	if len(asked) < quickRequests || asked[quickRequests-1] != (quickRequests-1)*pace {
		t.Errorf("the first %d requests: %v", quickRequests, asked)
	}
	if len(asked) > 35 {
		t.Errorf("%d requests for one number in five minutes", len(asked))
	}
	if at, ok := w.NextAsk(); !ok || at > 5*time.Minute+slowest*pace {
		t.Errorf("the next request: %v %v", at, ok)
	}
}
