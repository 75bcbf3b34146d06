package link

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/pacer"
)

// unpluggedAfter is the run of failures after which 3.0.6 asks about the cable.
const unpluggedAfter = 11

// line is a medium at work. The lock is held for one non-blocking system call at most.
type line struct {
	Medium
	set   *Set
	index int // in the list given to Open
	heard atomic.Uint64
	peers []*sought // on its interface

	mu      sync.Mutex
	sock    *sockets // nil while closed
	closed  bool     // for good
	broken  error    // the reader found the socket unusable: make a new one at the next look
	opening trouble
	sending trouble
	sent    uint64
	failed  uint64
	paced   pacer.LineCount // what of it Options.Paced has done
	up      bool
	since   time.Duration
	wasOpen bool
}

func newLine(s *Set, index int, m Medium) *line {
	return &line{Medium: m, set: s, index: index, since: s.opt.Clock()}
}

// send never waits. The lines it has to log are written after the lock is gone.
func (l *line) send(data []byte) {
	l.mu.Lock()
	if l.sock == nil {
		l.failed++
		l.mu.Unlock()
		l.set.count.sendErrors.Add(1) // why it is closed was said when it closed
		return
	}
	err := l.sock.to.Send(l.sock.send, data)
	say := l.noteSent(err, len(data))
	l.mu.Unlock()
	for _, s := range say {
		l.set.opt.Log(s.level, s.text)
	}
	if isGone(err) {
		l.set.lookNow()
	}
}

type logLine struct{ level, text string }

// noteSent keeps the books of one message that was given to the kernel, or to the queue of a serial line: what that
// has taken counts when it was written, and what it has not is the line's slowness. Called with the lock held.
func (l *line) noteSent(err error, size int) []logLine {
	if l.sock.tty == nil {
		return l.noteSend(err, size)
	}
	if err == nil {
		return nil
	}
	if err == unix.EAGAIN {
		err = errHangs
	}
	return l.noteSend(err, size)
}

// noteSend keeps the books of one send. Called with the lock held.
func (l *line) noteSend(err error, size int) []logLine {
	if err == nil {
		l.sent++
		l.set.count.sent.Add(1)
		return l.sendsAgain()
	}
	l.failed++
	l.set.count.sendErrors.Add(1)
	// A message too long for UDP is not the medium's fault.
	if err != unix.EMSGSIZE {
		l.setUp(false)
	}
	var say []logLine
	switch l.sending.failed(l.set.opt.Clock(), err) {
	case begins:
		say = l.cannotSend(err, size)
	case lasts:
		say = append(say, logLine{"ERROR", fmt.Sprintf("write_child: write failure on %s.: %s (%d messages in a row)",
			l.Medium, unixText(err), l.sending.count)})
	}
	if l.sending.count == unpluggedAfter && l.sending.said {
		say = append(say,
			logLine{"WARN", "Temporarily Suppressing write error messages"},
			logLine{"WARN", fmt.Sprintf("Is a cable unplugged on %s?", l.Medium)})
	}
	return say
}

// cannotSend is what 3.0.6 says of a first failure.
func (l *line) cannotSend(err error, size int) []logLine {
	switch {
	case err == errHangs:
		return []logLine{
			{"WARN", fmt.Sprintf("glib: TTY write timeout on [%s] (no connection or bad cable? [see documentation])", l.Device)},
			{"info", "glib: See http://linux-ha.org/wiki/FAQ#TTY_timeout for details"}}
	case err == errSlow:
		return []logLine{{"WARN", fmt.Sprintf("%s: %d baud are not enough: what has waited for %s is discarded", l.Medium, l.Baud, stale)}}
	case l.Kind == Serial:
		return []logLine{
			{"ERROR", fmt.Sprintf("glib: TTY write failure on [%s]: %s", l.Device, unixText(err))},
			{"ERROR", fmt.Sprintf("write_child: write failure on %s.: %s", l.Medium, unixText(err))}}
	}
	return []logLine{
		{"ERROR", fmt.Sprintf("glib: %s_write: Unable to send HBcomm packet %s len=%d [-1]: %s", l.Kind, l.sock.name, size, unixText(err))},
		{"ERROR", fmt.Sprintf("write_child: write failure on %s.: %s", l.Medium, unixText(err))}}
}

// sendsAgain is called with the lock held, after a message went out.
func (l *line) sendsAgain() []logLine {
	l.setUp(true)
	if l.sending.count == 0 {
		return nil
	}
	lasted := l.set.opt.Clock() - l.sending.since
	n, said := l.sending.over()
	if !said {
		return nil
	}
	return []logLine{{"info", fmt.Sprintf("%s: sending works again. %d messages discarded due to write errors in %s",
		l.Medium, n, lasted.Round(time.Millisecond))}}
}

func (l *line) setUp(up bool) {
	if l.up != up {
		l.up, l.since = up, l.set.opt.Clock()
	}
}

// attend compares the interface as it is now with the one the sockets were made for, and closes and
// opens as needed. Only the keeper calls it (and Open, before there is a keeper).
func (l *line) attend() {
	dev, err := lookUp(l.set.ctl, l.Medium)
	l.mu.Lock()
	have, broken, closed := l.sock, l.broken, l.closed
	l.mu.Unlock()
	switch {
	case closed:
		return
	case have != nil && err == nil && dev == have.dev && broken == nil:
		return
	case have != nil:
		l.drop(reason(l.needs(), err, broken, have.dev, dev))
	}
	if err != nil {
		l.cannotOpen(err)
		return
	}
	k, err := openSockets(l.Medium, dev, l.set.opt.Locks, l.set.inherited(l.Medium, dev))
	if err != nil {
		l.cannotOpen(err)
		return
	}
	l.adopt(k)
}

// reason tells the operator why sockets that worked are given up.
func reason(what string, err, broken error, had, has device) string {
	switch {
	case isGone(err):
		return what + " is gone; waiting for it to come back"
	case err != nil:
		return err.Error()
	case had.index != has.index || had.file != has.file:
		return what + " was removed and made anew; opening it again"
	case had.broadcast != has.broadcast:
		return fmt.Sprintf("broadcast address changed from %s to %s; opening it again", had.broadcast, has.broadcast)
	}
	return fmt.Sprintf("receiving failed: %s; opening it again", unixText(broken))
}

// drop closes the sockets of a medium that has to be opened again.
func (l *line) drop(why string) {
	l.notePaced() // while there is still a socket to speak of
	l.mu.Lock()
	k := l.sock
	l.sock, l.broken = nil, nil
	l.set.opt.Paced.Closed(l.index)
	l.setUp(false)
	l.sending.over()
	say := l.opening.failed(l.set.opt.Clock(), errors.New(why)) != silent
	l.mu.Unlock()
	if k != nil {
		k.close()
	}
	if say {
		l.set.opt.Log("ERROR", l.Medium.String()+": "+why)
	}
}

func (l *line) cannotOpen(err error) {
	l.mu.Lock()
	// That the interface went is known to the log by now: do not say it twice.
	known := isGone(err) && l.opening.said && l.wasOpen
	if known {
		err = l.opening.err
	}
	v := l.opening.failed(l.set.opt.Clock(), err)
	n := l.opening.count
	l.mu.Unlock()
	switch v {
	case begins:
		l.set.opt.Log("ERROR", fmt.Sprintf("%s: cannot open: %s. It is tried again every %s", l.Medium, err, l.set.opt.Retry))
	case lasts:
		l.set.opt.Log("ERROR", fmt.Sprintf("%s: still closed after %d tries: %s", l.Medium, n, err))
	}
}

// adopt puts new sockets to work.
func (l *line) adopt(k *sockets) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		k.close()
		return
	}
	l.sock = k
	l.set.opt.Paced.Opened(l.index, k.send, k.to)
	l.setUp(true)
	_, said := l.opening.over()
	again := l.wasOpen
	l.wasOpen = true
	if k.tty == nil {
		l.set.readers.Go(func() { l.receive(k) })
	} else {
		l.set.readers.Go(func() { l.listen(k) })
		l.set.readers.Go(func() { l.transmit(k) })
	}
	l.mu.Unlock()
	if again {
		l.set.count.reopened.Add(1)
	}
	if said || !again {
		l.set.opt.Log("info", l.startLine())
	}
}

// shut ends the line for good.
func (l *line) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.set.opt.Paced.Closed(l.index)
	if l.sock != nil {
		l.sock.close()
		l.sock = nil
	}
}

func (l *line) caughtUp(by time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	var s State
	l.whatWaits(&s)
	return s.CaughtUp(by)
}

// whatWaits is called with the lock held.
func (l *line) whatWaits(s *State) {
	if l.sock != nil && l.broken == nil {
		s.Behind = time.Duration(l.sock.behind.Load()) // before asking: it must not be later than the answer
		s.Waiting = l.sock.waiting()
	}
}

func (l *line) state() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := State{
		Medium: l.Medium, Open: l.sock != nil, Up: l.up && l.sock != nil, Since: l.since,
		Sent: l.sent, Failed: l.failed, Heard: l.heard.Load(),
	}
	l.whatWaits(&s)
	switch {
	case s.Up:
	case l.closed:
		s.Err = "closed"
	case s.Open && l.sending.err != nil:
		s.Err = unixText(l.sending.err)
	case l.opening.err != nil:
		s.Err = l.opening.err.Error()
	default:
		s.Err = "not open yet"
	}
	return s
}
