package link

import "time"

// How often a trouble may reach the log: its start at once, then after a minute, then ever more
// rarely while it lasts. One that comes and goes spends a small allowance that refills by the minute.
const (
	repeatFirst = time.Minute
	repeatMax   = time.Hour
	allowance   = 5
)

// verdict says whether to log a failure.
type verdict uint8

const (
	silent verdict = iota
	begins         // the first of its kind: say what is wrong
	lasts          // still so, after a while: say how many
)

// trouble is a run of failures of one sort on one medium. Its zero value is ready.
type trouble struct {
	count uint64 // failures in a row
	since time.Duration
	err   error
	said  bool // the log has a line about this run

	next time.Duration // the run is said again then
	gap  time.Duration

	spent  int // of the allowance
	refill time.Duration
}

// failed records one more failure.
func (t *trouble) failed(now time.Duration, err error) verdict {
	changed := t.err == nil || t.err.Error() != err.Error()
	t.count++
	t.err = err
	if t.count == 1 {
		t.since = now
	}
	switch {
	case changed || !t.said:
		if !t.allow(now) {
			return silent
		}
		t.said, t.gap, t.next = true, repeatFirst, now+repeatFirst
		return begins
	case now >= t.next:
		t.gap = min(2*t.gap, repeatMax)
		t.next = now + t.gap
		return lasts
	}
	return silent
}

// over ends the run; it returns how many failures it had and whether the log told of it.
func (t *trouble) over() (count uint64, said bool) {
	count, said = t.count, t.said
	t.count, t.err, t.said = 0, nil, false
	return count, said
}

func (t *trouble) allow(now time.Duration) bool {
	for t.spent > 0 && now >= t.refill {
		t.spent--
		t.refill += repeatFirst
	}
	if t.spent == allowance {
		return false
	}
	if t.spent == 0 {
		t.refill = now + repeatFirst
	}
	t.spent++
	return true
}
