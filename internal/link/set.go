package link

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// MaxDatagram is the largest payload UDP over IPv4 can carry.
const MaxDatagram = 65507

// Datagram is one received datagram.
type Datagram struct {
	Link string         // the medium's name, which is its interface or device: eth0, /dev/ttyS0
	From netip.AddrPort // who sent it, by IP; proves nothing; zero from a serial line
	At   time.Time      // wall clock at which the kernel received it
	Mono time.Duration  // the same moment on Options.Clock; never later than when it was read
	Data []byte         // never empty; the receiver's until it takes the next one from the inbox
}

// Log takes one line. level is the word 3.0.6 prints: info, WARN, ERROR. It must not block and must
// not call back into the Set.
type Log func(level, text string)

// Options of a Set. The zero value works.
type Options struct {
	Log   Log                  // nil: nothing is logged
	Max   int                  // longest datagram let in, in bytes; 0: MaxDatagram
	Clock func() time.Duration // monotonic time; nil: since Open. Called from several goroutines.
	Retry time.Duration        // how often the interfaces are looked at; 0: one second
	Quiet time.Duration        // a peer that is heard again after more than this is made sure of; 0: one second
	Paced Paced                // sends beats on the same sockets; nil: nobody does
	Locks string               // directory of the lock files of serial lines; "": /var/lock

	// Text appends a datagram as it is written on a serial line; nothing at all if that cannot be. It is called from
	// several goroutines, and keeps no reference to either. nil: it is written as it is.
	Text func(dst, datagram []byte) []byte

	// Inherited are the receiving sockets of the image of this process before this one. Those whose media are still
	// the same are gone on with; all others are closed.
	Inherited []Inherited
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = func(string, string) {}
	}
	if o.Max <= 0 || o.Max > MaxDatagram {
		o.Max = MaxDatagram
	}
	if o.Clock == nil {
		origin := time.Now()
		o.Clock = func() time.Duration { return time.Since(origin) }
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	if o.Quiet <= 0 {
		o.Quiet = time.Second
	}
	if o.Paced == nil {
		o.Paced = unpaced{}
	}
	if o.Locks == "" {
		o.Locks = lockPlace
	}
	if o.Text == nil {
		o.Text = func(dst, datagram []byte) []byte { return append(dst, datagram...) }
	}
	return o
}

// State is how one medium stands.
type State struct {
	Medium Medium
	Open   bool          // sockets are open, on the interface that has the name now
	Up     bool          // open, and the last message went out
	Err    string        // what is wrong; "" while Up
	Since  time.Duration // moment of the last change of Up, on Options.Clock
	Sent   uint64        // messages the kernel took
	Failed uint64        // messages it did not
	Heard  uint64        // datagrams the inbox has yielded, and the one it offers

	// Waiting: something has arrived that the inbox has not yielded yet.
	Waiting bool
	// Behind, while Waiting: what arrived before this moment, on Options.Clock, was yielded.
	Behind time.Duration
}

// CaughtUp says whether the inbox has yielded everything that had arrived by that moment.
func (s *State) CaughtUp(by time.Duration) bool { return !s.Waiting || s.Behind >= by }

// Set is every medium of a node. Its methods may be called from any goroutine.
type Set struct {
	opt     Options
	lines   []*line
	inbox   chan Datagram
	done    chan struct{}
	stop    sync.Once
	readers sync.WaitGroup // all goroutines of the Set
	look    chan struct{}  // an interface changed: look now, not at the next tick
	ctl     int            // socket for questions about interfaces
	watch   *watch         // nil if the kernel does not tell
	seek    *seeker
	count   counters
}

// counters are per reason; see Counters for the names.
type counters struct {
	received, inboxFull, overflow, oversized, empty, recvErrors, garbled atomic.Uint64
	sent, sendErrors, reopened                                           atomic.Uint64
}

// Open opens every medium. A medium that cannot be opened now (no such interface, port taken) is no
// error: it is logged, and tried again for ever. An error means that the media make no sense or that
// the process cannot have any socket at all.
func Open(media []Medium, opt Options) (*Set, error) {
	if err := checkAll(media); err != nil {
		return nil, fmt.Errorf("opening links: %w", err)
	}
	ctl, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening links: making a socket: %w", err)
	}
	opt = opt.withDefaults()
	s := &Set{
		opt:   opt,
		inbox: make(chan Datagram),
		done:  make(chan struct{}),
		look:  make(chan struct{}, 1),
		ctl:   ctl,
	}
	for i, m := range media {
		s.lines = append(s.lines, newLine(s, i, m))
	}
	s.seek = newSeeker(s)
	if len(s.seek.peers) > 0 {
		s.readers.Go(s.seek.run)
	}
	// Before the first look, so that no change falls between the two.
	s.watch = startWatch(s)
	s.attend()
	s.closeInherited()
	s.readers.Go(s.keep)
	return s, nil
}

// Send writes data once on every medium and never waits: what the kernel does not take at once is
// lost on that medium, counted and logged there. It keeps no reference to data.
func (s *Set) Send(data []byte) {
	for _, l := range s.lines {
		l.send(data)
	}
}

// Inbox yields received datagrams, own broadcasts included, and is closed by Close. Only one may read it:
// the memory of a datagram is used again when the next one was taken. It holds nothing:
// while nobody reads it, datagrams wait in the kernel's buffer of their own medium and what does not
// fit there is lost and counted, and the media take turns, one datagram each. So a flood on one
// medium can neither push out nor hold up the beats of another. [Set.States] tells what waits.
func (s *Set) Inbox() <-chan Datagram { return s.inbox }

// Counters since Open, by reason: received; inbox-full (a datagram had to wait until somebody read
// the inbox), socket-overflow (datagrams lost while it stayed full), oversized, empty,
// receive-errors; garbled (on serial lines: stretches of noise, and messages that had no end or were too long);
// sent, send-errors (per medium and message); reopened (media, after a failure).
func (s *Set) Counters() map[string]uint64 {
	s.notePaced()
	c := &s.count
	return map[string]uint64{
		"received":        c.received.Load(),
		"inbox-full":      c.inboxFull.Load(),
		"socket-overflow": c.overflow.Load(),
		"oversized":       c.oversized.Load(),
		"empty":           c.empty.Load(),
		"receive-errors":  c.recvErrors.Load(),
		"garbled":         c.garbled.Load(),
		"sent":            c.sent.Load(),
		"send-errors":     c.sendErrors.Load(),
		"reopened":        c.reopened.Load(),
	}
}

// States tells how each medium stands, in the order given to Open.
func (s *Set) States() []State {
	s.notePaced()
	all := make([]State, 0, len(s.lines))
	for _, l := range s.lines {
		all = append(all, l.state())
	}
	return all
}

// CaughtUp says whether the inbox has yielded everything that had arrived by that moment, on every medium.
func (s *Set) CaughtUp(by time.Duration) bool {
	for _, l := range s.lines {
		if !l.caughtUp(by) {
			return false
		}
	}
	return true
}

// Close closes every socket, waits for the goroutines and closes the inbox. What is sent afterwards
// goes nowhere. A second Close does nothing.
func (s *Set) Close() error {
	s.stop.Do(func() {
		close(s.done)
		s.watch.close()
		for _, l := range s.lines {
			l.shut()
		}
		s.readers.Wait()
		_ = unix.Close(s.ctl) // a socket without data: nothing can be lost by closing it
		close(s.inbox)
	})
	return nil
}
