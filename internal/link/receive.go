package link

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// receive reads one receiving socket until it is closed or breaks. It ends with the socket, so a
// socket nobody reads never takes a beat from one that is read.
func (l *line) receive(k *sockets) {
	r := newReader(l, k)
	for {
		err := k.raw.Read(r.attempt)
		if err == nil {
			err = r.failure
		}
		if err != nil {
			l.breakOff(k, err)
			return
		}
		if r.in.lost != 0 {
			l.set.count.overflow.Add(uint64(r.in.lost - r.lost)) // the kernel's counter only grows, and wraps
			r.lost = r.in.lost
		}
		if !r.handOver() {
			return
		}
	}
}

// reader is one goroutine that reads one socket, with all the memory it needs.
type reader struct {
	line    *line
	sock    *sockets
	stamp   *stamper
	recv    receiver
	attempt func(fd uintptr) bool // once, for the runtime's poller

	// Two buffers take turns: the inbox is read by one, and who takes the next datagram has done with
	// the one before.
	bufs [2][]byte
	turn int

	in      incoming
	failure error
	lost    uint32
}

func newReader(l *line, k *sockets) *reader {
	r := &reader{line: l, sock: k, stamp: newStamper(l.set.opt.Clock)}
	for i := range r.bufs {
		// One byte more than is let in, so that "too long" can be told from "just fits".
		r.bufs[i] = make([]byte, l.set.opt.Max+1)
	}
	r.attempt = func(fd uintptr) bool {
		k.busy.Store(true)
		r.in, r.failure = r.recv.once(int(fd), r.bufs[r.turn])
		if r.failure == unix.EAGAIN {
			k.busy.Store(false)
			return false
		}
		return true
	}
	return r
}

// handOver gives a datagram to whoever reads the inbox. Until then it waits, and the kernel's buffer
// of this socket fills up: waiting receivers get their turn in the order they came, one datagram
// each. It returns false when the Set is closing.
func (r *reader) handOver() bool {
	l := r.line
	c := &l.set.count
	switch {
	case r.in.size == 0:
		c.empty.Add(1) // 3.0.6: dropped too
		return true
	case r.in.size > l.set.opt.Max:
		c.oversized.Add(1)
		return true
	}
	d := Datagram{Link: l.Device, From: r.in.from, Data: r.bufs[r.turn][:r.in.size:r.in.size]}
	d.At, d.Mono = r.stamp.moment(r.in.at)
	r.sock.behind.Store(int64(d.Mono))
	// Counted before: whoever has it from the inbox must not find it missing in the figures.
	c.received.Add(1)
	l.heard.Add(1)
	l.hears(d.From.Addr(), d.Mono)
	select {
	case l.set.inbox <- d:
	default:
		c.inboxFull.Add(1)
		select {
		case l.set.inbox <- d:
		case <-l.set.done:
			return false
		}
	}
	r.turn = 1 - r.turn
	return true
}

// breakOff leaves a socket that cannot be read: it stays closed until the keeper's next round, so
// that a lasting error costs one try a second and not a processor.
func (l *line) breakOff(k *sockets, err error) {
	l.mu.Lock()
	ours := l.sock == k && !l.closed && l.broken == nil
	if ours {
		l.broken = fmt.Errorf("receiving: %w", err)
	}
	l.mu.Unlock()
	if ours {
		l.set.count.recvErrors.Add(1)
		_ = k.recv.Close() // or the kernel would go on giving it its share of the beats
	}
}

// unixText is an error as C's strerror writes it: the same words, with a capital.
func unixText(err error) string {
	var no unix.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	b := []byte(no.Error())
	if len(b) > 0 && b[0] >= 'a' && b[0] <= 'z' {
		b[0] -= 'a' - 'A'
	}
	return string(b)
}
