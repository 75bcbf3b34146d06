package link

import "time"

// stepped is the difference between wall clock and monotonic clock that cannot be explained by
// reading one after the other: somebody set the time.
const stepped = 20 * time.Millisecond

// stamper brings the kernel's receive stamp, which is wall clock, to the monotonic clock. One
// goroutine uses it.
type stamper struct {
	mono   func() time.Duration
	wall   func() time.Time
	offset time.Duration // wall minus monotonic when last looked at
}

func newStamper(mono func() time.Duration) *stamper {
	s := &stamper{mono: mono, wall: time.Now}
	_, _, s.offset = s.read()
	return s
}

func (s *stamper) read() (wall time.Time, mono, offset time.Duration) {
	mono = s.mono()
	wall = s.wall().Round(0) // only the wall clock counts here
	return wall, mono, time.Duration(wall.UnixNano()) - mono
}

// moment returns when the datagram came in, on both clocks. Where the stamp is missing or the wall
// clock was set meanwhile, that is now: better a beat taken for fresher than it is than a live node
// taken for dead because somebody set the time.
func (s *stamper) moment(stamp time.Time) (time.Time, time.Duration) {
	wall, mono, offset := s.read()
	moved := (offset - s.offset).Abs()
	s.offset = offset
	if stamp.IsZero() || moved > stepped {
		return wall, mono
	}
	age := wall.Sub(stamp)
	if age < 0 {
		return wall, mono
	}
	return stamp, mono - age
}
