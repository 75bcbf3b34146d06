package link

import (
	"fmt"
	"math"
	"net/netip"
	"sync/atomic"
	"time"

	"heartbeatd/internal/address"
)

// unheard is long before any moment, and far enough from the end of the numbers to be subtracted.
const unheard = math.MinInt64 / 2

// seeker sees to it that no peer is heard for long to whom nothing can be sent. After a cable was out the kernel asks for
// the hardware address of a peer of ucast once a second, and keeps what is sent until there is an answer. With a
// keepalive below that the peer would believe, and say, that it is the only one alive, for some beats in which it is
// heard: and who hears that gives way. So when a peer is heard again, or an interface has changed, the
// question is put at once.
//
// DIFFERS: 3.0.6 leaves it to the kernel.
type seeker struct {
	set   *Set
	peers []*sought
	wake  chan struct{}
	find  func(index uint32, peer netip.Addr) (missing bool, err error)
}

// sought is one peer of ucast or ucast6.
type sought struct {
	line  *line
	peer  netip.Addr
	heard atomic.Int64 // when, on Options.Clock
	begin atomic.Bool
	quest quest  // of the seeker's goroutine
	err   string // said last; of the same goroutine
}

func newSeeker(s *Set) *seeker {
	k := &seeker{set: s, wake: make(chan struct{}, 1)}
	for _, l := range s.lines {
		if l.Kind == Ucast || l.Kind == Ucast6 {
			p := &sought{line: l, peer: l.Peer.WithZone("")}
			p.heard.Store(unheard)
			k.peers = append(k.peers, p)
		}
	}
	// The kernel gives a datagram to any of the sockets that share interface and port: each line knows all peers.
	for _, l := range s.lines {
		for _, p := range k.peers {
			if l.Device == p.line.Device {
				l.peers = append(l.peers, p)
			}
		}
	}
	return k
}

// hears is called for each datagram, by any reader.
func (l *line) hears(from netip.Addr, at time.Duration) {
	for _, p := range l.peers {
		if p.peer == from && at-time.Duration(p.heard.Swap(int64(at))) > l.set.opt.Quiet {
			l.set.seek.start(p)
		}
	}
}

func (k *seeker) start(p *sought) {
	p.begin.Store(true)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// startAll is for a change of an interface.
func (k *seeker) startAll() {
	for _, p := range k.peers {
		k.start(p)
	}
}

func (k *seeker) run() {
	again := time.NewTimer(0)
	defer again.Stop()
	var kernel address.Seeker
	defer kernel.Close()
	k.find = kernel.Seek
	for {
		select {
		case <-k.set.done:
			return
		case <-k.wake:
		case <-again.C:
		}
		if wait := k.round(); wait > 0 {
			again.Reset(wait)
		}
	}
}

// round looks for everybody whose turn it is, and says when to look again; 0: when somebody calls.
func (k *seeker) round() (again time.Duration) {
	for _, p := range k.peers {
		if p.begin.Swap(false) {
			p.quest.begin()
		}
		if p.quest.due(k.set.opt.Clock()) {
			missing := k.look(p)
			p.quest.looked(k.set.opt.Clock(), missing)
		}
		if wait, ok := p.quest.wait(k.set.opt.Clock()); ok && (again == 0 || wait < again) {
			again = max(wait, time.Millisecond)
		}
	}
	return again
}

// look may fail, where it is not allowed or the interface is not there: then it is as it would be without it.
func (k *seeker) look(p *sought) (missing bool) {
	index, ok := p.line.deviceIndex()
	if !ok {
		return true
	}
	missing, err := k.find(uint32(index), p.peer)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != p.err && text != "" {
		k.set.opt.Log("debug", fmt.Sprintf("%s: %s", p.line.Medium, text))
	}
	p.err = text
	return missing
}

func (l *line) deviceIndex() (index int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sock == nil {
		return 0, false
	}
	return l.sock.dev.index, true
}
