package linktest

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"heartbeatd/internal/link"
)

// End is a node's end of every cable. It has the methods of a [link.Set] and keeps their promises.
type End struct {
	net       *Network
	node      string
	from      netip.AddrPort
	inbox     chan link.Datagram
	done      chan struct{}
	lines     map[string]*line // by cable
	readers   sync.WaitGroup
	joined    time.Duration
	closed    bool
	inboxFull uint64
	sent      map[string]uint64 // by cable
	heard     map[string]uint64
}

// line is the receiving socket of one cable: what came waits in it until it is the cable's turn.
type line struct {
	buffer  chan link.Datagram // the kernel's
	waiting atomic.Int64       // in the buffer and with the reader
	behind  atomic.Int64       // when the datagram arrived that the reader took last
}

// read hands over one datagram after the other: the readers of all cables take turns.
func (e *End) read(l *line) {
	for {
		select {
		case d := <-l.buffer:
			l.behind.Store(int64(d.Mono))
			select {
			case e.inbox <- d:
				l.waiting.Add(-1)
			case <-e.done:
				return
			}
		case <-e.done:
			return
		}
	}
}

// Send puts data on every cable and never waits.
func (e *End) Send(data []byte) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.closed {
		return
	}
	for _, c := range e.net.cables {
		e.sent[c.name]++
		c.carry(e, data)
	}
}

// take is called with the network's lock held.
func (e *End) take(d link.Datagram) {
	if e.closed {
		return
	}
	l := e.lines[d.Link]
	l.waiting.Add(1)
	select {
	case l.buffer <- d:
		e.heard[d.Link]++
	default:
		l.waiting.Add(-1)
		e.inboxFull++
	}
}

// Inbox yields what arrived and is closed by Close. It holds nothing: datagrams wait in a buffer for
// each cable, and one that finds its buffer full is lost and counted. The cables take turns.
func (e *End) Inbox() <-chan link.Datagram { return e.inbox }

// Counters are those of a [link.Set] that can be other than 0 here.
func (e *End) Counters() map[string]uint64 {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	all := map[string]uint64{"inbox-full": e.inboxFull, "sent": 0, "received": 0, "send-errors": 0}
	for _, n := range e.sent {
		all["sent"] += n
	}
	for _, n := range e.heard {
		all["received"] += n
	}
	return all
}

// States lists the cables. All are up until Close: a cable that was cut is not felt by a socket.
func (e *End) States() []link.State {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	var all []link.State
	for _, c := range e.net.cables {
		s := link.State{
			Medium: link.Medium{Kind: link.Bcast, Device: c.name, Port: 694},
			Open:   !e.closed, Up: !e.closed, Since: e.joined,
			Sent: e.sent[c.name], Heard: e.heard[c.name],
		}
		l := e.lines[c.name]
		s.Behind = time.Duration(l.behind.Load())
		s.Waiting = !e.closed && l.waiting.Load() > 0
		if e.closed {
			s.Err = "closed"
		}
		all = append(all, s)
	}
	return all
}

// CaughtUp says whether the inbox has yielded everything that had arrived by that moment.
func (e *End) CaughtUp(by time.Duration) bool {
	return !slices.ContainsFunc(e.States(), func(s link.State) bool { return !s.CaughtUp(by) })
}

// Close takes the node off every cable and closes its inbox; what nobody took is lost. A second Close
// does nothing.
func (e *End) Close() error {
	if !e.leave() {
		return nil
	}
	close(e.done)
	e.readers.Wait()
	close(e.inbox)
	return nil
}

func (e *End) leave() bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.closed {
		return false
	}
	e.closed = true
	e.net.ends = slices.DeleteFunc(e.net.ends, func(x *End) bool { return x == e })
	return true
}
