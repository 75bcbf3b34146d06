package linktest

import (
	"net/netip"
	"slices"
	"time"

	"heartbeatd/internal/link"
)

// End is a node's end of every cable. It has the methods of a [link.Set] and keeps their promises.
type End struct {
	net       *Network
	node      string
	from      netip.AddrPort
	inbox     chan link.Datagram
	joined    time.Duration
	closed    bool
	inboxFull uint64
	sent      map[string]uint64 // by cable
	heard     map[string]uint64
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
	select {
	case e.inbox <- d:
		e.heard[d.Link]++
	default:
		e.inboxFull++
	}
}

// Inbox yields what arrived and is closed by Close. A datagram that finds it full is lost and counted.
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
		if e.closed {
			s.Err = "closed"
		}
		all = append(all, s)
	}
	return all
}

// Close takes the node off every cable and closes its inbox. A second Close does nothing.
func (e *End) Close() error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	e.net.ends = slices.DeleteFunc(e.net.ends, func(x *End) bool { return x == e })
	close(e.inbox)
	return nil
}
