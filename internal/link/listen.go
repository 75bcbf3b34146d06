package link

import (
	"time"

	"golang.org/x/sys/unix"

	frames "heartbeatd/internal/wire"
)

// chunk is what is read from a serial line at once: what the kernel keeps of it.
const chunk = 4096

// listen reads a serial line until it is closed or breaks.
//
// The kernel does not say when bytes have come in by a line, so a message counts from when it was read. What has
// waited while this process stood still seems to be new, then: at most what the kernel keeps, some beats.
func (l *line) listen(k *sockets) {
	r := newReader(l, k)
	in := &lineReader{reader: r, stream: frames.Stream{Max: l.set.opt.Max}}
	in.stream.Use(r.bufs[r.turn])
	for {
		err := k.raw.Read(in.attempt)
		if err == nil {
			err = r.failure
		}
		if err != nil {
			l.breakOff(k, err)
			return
		}
		if !in.deliver() {
			return
		}
	}
}

// lineReader is a reader of a serial line.
type lineReader struct {
	*reader
	stream frames.Stream
	bytes  [chunk]byte
	got    []byte
	began  time.Duration // when the last read began
	bad    uint64        // of the stream, that were counted
}

// attempt is one read, for the runtime's poller.
func (r *lineReader) attempt(fd uintptr) bool {
	r.sock.busy.Store(true)
	r.began = r.line.set.opt.Clock()
	size, err := 0, error(unix.EINTR)
	for err == unix.EINTR {
		size, err = unix.Read(int(fd), r.bytes[:])
	}
	r.failure, r.got = err, nil
	switch {
	case err == unix.EAGAIN:
		r.sock.busy.Store(false)
		return false
	case err == nil && size == 0:
		r.failure = errHungUp
	case err == nil:
		r.got = r.bytes[:size]
	}
	return true
}

// deliver hands over the messages in what was read. It returns false when the Set is closing.
func (r *lineReader) deliver() bool {
	r.in.at = time.Now()
	short := len(r.got) < len(r.bytes)
	for rest := r.got; len(rest) > 0; {
		var message []byte
		rest, message = r.stream.Feed(rest)
		if message == nil {
			break
		}
		r.in.size = len(message)
		if !r.handOver() {
			return false
		}
		r.stream.Use(r.bufs[r.turn])
	}
	if n := r.stream.Bad - r.bad; n > 0 {
		r.bad += n
		r.line.set.count.garbled.Add(n)
	}
	if short { // that was all there was: what comes now has not waited
		r.sock.behind.Store(int64(r.began))
	}
	return true
}
