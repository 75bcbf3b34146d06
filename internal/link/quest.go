package link

import "time"

const (
	// looks is how often a quest looks, and lookPause how long it waits in between: for the second after which the
	// kernel itself asks again.
	looks     = 6
	lookPause = 200 * time.Millisecond
)

// quest is a while in which somebody looks for a way to a peer, for there may be none though the peer can be heard. Its
// zero value rests. It knows no clock.
type quest struct {
	left int
	next time.Duration // not before, also of the quest after this one
}

// begin starts it, or starts it again.
func (q *quest) begin() { q.left = looks }

func (q *quest) due(now time.Duration) bool { return q.left > 0 && now >= q.next }

// looked ends it when nothing is missing.
func (q *quest) looked(now time.Duration, missing bool) {
	q.left--
	q.next = now + lookPause
	if !missing {
		q.left = 0
	}
}

// wait is how long until it is due; not ok: it rests.
func (q *quest) wait(now time.Duration) (left time.Duration, ok bool) {
	return max(0, q.next-now), q.left > 0
}
