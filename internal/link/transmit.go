package link

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// piece is how much is written at once, and pieceTime what 3.0.6 allows for it.
	piece     = 512
	pieceTime = 500 * time.Millisecond
	// stale is how long a message may wait for its turn. The newest beat is worth more than all those that a line
	// that is slow, or hung, has not taken.
	stale = 2 * time.Second
	// endOfHalf comes after a message that was cut off. A C node, too, is then ready for the next: it would else take
	// both for one, which no signature fits.
	endOfHalf = "\n<<<\n"
)

var (
	// errHangs is a line that takes nothing: no cable, the wrong cable, or nobody at its other end.
	errHangs = errors.New("the line takes nothing")
	// errSlow is a line that has too much to carry.
	errSlow = errors.New("the line is too slow for what it has to carry")
)

// transmit writes what is sent on a serial line, until that is closed.
func (l *line) transmit(k *sockets) {
	t := k.tty
	raw, err := t.queue.SyscallConn()
	if err != nil {
		return
	}
	// 3.0.6: a break comes first. It waits for a quarter of a second, so the keeper must not do it.
	t.onLine(func(fd int) { _ = unix.IoctlSetInt(fd, unix.TCSBRK, 0) })
	w := &writer{line: l, sock: k, clean: true, buf: make([]byte, MaxDatagram)}
	for {
		if raw.Read(w.take) != nil || w.failure != nil || w.in.size == 0 {
			return
		}
		l.noteWritten(k, w.next(), w.in.size)
	}
}

// writer is one goroutine that writes one line, with all the memory it needs.
type writer struct {
	line    *line
	sock    *sockets
	recv    receiver
	in      incoming
	failure error
	buf     []byte
	text    []byte
	clean   bool // the last message went out as a whole
}

func (w *writer) take(fd uintptr) bool {
	w.in, w.failure = w.recv.once(int(fd), w.buf)
	return w.failure != unix.EAGAIN
}

// next writes the message that was taken.
func (w *writer) next() error {
	if !w.in.at.IsZero() && time.Since(w.in.at) > stale {
		if !w.clean { // it has waited because the line hung
			return errHangs
		}
		return errSlow
	}
	w.text = w.text[:0]
	if !w.clean {
		w.text = append(w.text, endOfHalf...)
	}
	before := len(w.text)
	if w.text = w.line.set.opt.Text(w.text, w.buf[:min(w.in.size, len(w.buf))]); len(w.text) == before {
		return unix.EMSGSIZE // it cannot be said on such a line, which is not the line's fault
	}
	err := w.write()
	w.clean = err == nil
	return err
}

func (w *writer) write() error {
	t := w.sock.tty
	for rest := w.text; len(rest) > 0; {
		n := min(piece, len(rest))
		// 3.0.6 sleeps for as long as the line needs for a piece; the kernel's buffer makes the same of it.
		_ = t.line.SetWriteDeadline(time.Now().Add(pieceTime + time.Duration(n)*t.baud))
		if _, err := t.line.Write(rest[:n]); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			t.onLine(func(fd int) { flush(fd, unix.TCOFLUSH) }) // it would be a beat of the past
			return errHangs
		}
		rest = rest[n:]
	}
	return nil
}

// noteWritten keeps the books of one message on a serial line.
func (l *line) noteWritten(k *sockets, err error, size int) {
	l.mu.Lock()
	if l.sock != k || l.broken != nil { // closed meanwhile, which was said
		l.failed++
		l.mu.Unlock()
		l.set.count.sendErrors.Add(1)
		return
	}
	say := l.noteSend(err, size)
	l.mu.Unlock()
	for _, s := range say {
		l.set.opt.Log(s.level, s.text)
	}
	if err != nil && isGone(err) {
		l.set.lookNow()
	}
}
