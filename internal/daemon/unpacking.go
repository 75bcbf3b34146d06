package daemon

import "time"

// What compressed datagrams may take of the loop's time. A recording of one has a good signature, and whoever has many
// of them can have them unpacked one after the other: one of bz2 takes a thousand times as long as a beat.
const (
	unpackShare = 4                      // of all time, a fourth
	unpackMost  = 200 * time.Millisecond // of what was not used, for all claims of a transition
)

// unpacking is what is left of that.
type unpacking struct {
	left  time.Duration // below 0: it was overdrawn
	since time.Duration // when that was so
}

// over says whether nothing is left.
func (u *unpacking) over(now time.Duration) bool {
	u.left = min(u.left+(now-u.since)/unpackShare, unpackMost)
	u.since = now
	return u.left < 0
}

func (u *unpacking) spend(d time.Duration) { u.left -= d }
