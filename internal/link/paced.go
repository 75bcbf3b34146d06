package link

import (
	"golang.org/x/sys/unix"

	"heartbeatd/internal/pacer"
)

// Paced is somebody who sends beats on the sockets of the media at moments of his own: a [pacer.Pacer]. He is told of
// every sending socket, by the medium's place in the list given to Open, and counts what he sends.
// His methods must not block and must not call back into the Set.
type Paced interface {
	// Opened: send on this socket to that address. The descriptor is the Set's own, and open until Opened returns.
	Opened(line, fd int, to pacer.Address)
	// Closed: the medium has no socket any more.
	Closed(line int)
	// Count never falls.
	Count(line int) pacer.LineCount
}

// unpaced is nobody.
type unpaced struct{}

func (unpaced) Opened(int, int, pacer.Address) {}
func (unpaced) Closed(int)                     {}
func (unpaced) Count(int) pacer.LineCount      { return pacer.LineCount{} }

// notePaced keeps the books of what was sent in the Set's stead since the last look, and says the same words.
func (l *line) notePaced() {
	l.mu.Lock()
	say := l.takePaced()
	l.mu.Unlock()
	for _, s := range say {
		l.set.opt.Log(s.level, s.text)
	}
}

// takePaced is called with the lock held. Of the order in which beats went out and failed only the end is known: so
// many failures in a row. The others are taken to have been before what went out.
func (l *line) takePaced() (say []logLine) {
	c := l.set.opt.Paced.Count(l.index)
	sent, failed := c.Sent-l.paced.Sent, c.Failed-l.paced.Failed
	l.paced = c
	if sent == 0 && failed == 0 {
		return nil
	}
	atEnd := min(failed, c.InARow)
	for range failed - atEnd {
		say = append(say, l.noteElsewhere(c.Errno, c.Size)...)
	}
	for range sent {
		say = append(say, l.noteElsewhere(0, 0)...)
	}
	for range atEnd {
		say = append(say, l.noteElsewhere(c.Errno, c.Size)...)
	}
	return say
}

// noteElsewhere is noteSend for a beat that this process did not send.
func (l *line) noteElsewhere(errno unix.Errno, size int) []logLine {
	switch {
	case l.sock != nil && errno == 0:
		return l.noteSent(nil, size)
	case l.sock != nil:
		return l.noteSent(errno, size)
	case l.Kind == Serial && errno == 0: // it waited in the queue, and is lost with it
	case errno == 0: // before the socket was closed
		l.sent++
		l.set.count.sent.Add(1)
	default: // why it is closed was said when it closed
		l.failed++
		l.set.count.sendErrors.Add(1)
	}
	return nil
}

func (s *Set) notePaced() {
	for _, l := range s.lines {
		l.notePaced()
	}
}
