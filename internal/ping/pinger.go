package ping

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// mostAtOnce is how many packets a call of [Pinger.Answers] reads: a flood must not hold up its caller.
const mostAtOnce = 256

// Trouble is why a node was not asked.
type Trouble struct {
	Key  string // what it is about: lines of one key are worth repeating only now and then
	Text string
}

// Pinger asks its targets and collects their answers. Its methods never wait for the network, and may be
// called from any goroutine.
type Pinger struct {
	targets []Target
	clock   func() time.Duration
	news    chan struct{}
	readers sync.WaitGroup

	guard   sync.Mutex
	book    *book
	sockets [2]socket // ICMP, ICMPv6
	closed  bool
	buf     [2048]byte
	strange uint64
}

// New returns a Pinger that has asked nobody yet. id tells its packets from those of other programs, clock is
// monotonic.
func New(targets []Target, id uint16, clock func() time.Duration) *Pinger {
	return &Pinger{
		targets: targets, clock: clock, news: make(chan struct{}, 1),
		book: newBook(id, targets), sockets: [2]socket{{family: icmp4}, {family: icmp6}},
	}
}

// News has something when there may be answers.
func (p *Pinger) News() <-chan struct{} { return p.news }

// Ask sends a request to every host. A socket that is not open is opened first, so one that could not be opened,
// or broke, is tried again every time. What could not be sent is told.
func (p *Pinger) Ask() (all []Trouble) {
	p.guard.Lock()
	defer p.guard.Unlock()
	if p.closed {
		return nil
	}
	seq := p.book.seq
	p.book.seq++
	var failed [2]error
	for i := range p.book.hosts {
		h := &p.book.hosts[i]
		which := 0
		if !h.addr.Is4() {
			which = 1
		}
		s, t := &p.sockets[which], p.targets[h.target]
		if s.file == nil && failed[which] == nil {
			if failed[which] = p.reopen(s); failed[which] != nil {
				all = append(all, Trouble{"open " + t.Kind, failed[which].Error()})
			}
		}
		if s.file == nil {
			continue
		}
		if err := s.send(s.family.put(p.buf[:], p.book.ask(i, seq)), h.addr); err != nil {
			all = append(all, Trouble{"write " + t.Node, p.failure(t, h, err)})
		}
	}
	return all
}

// failure is 3.0.6's line; of a group it does not tell which host it was.
func (p *Pinger) failure(t Target, h *host, err error) string {
	text := fmt.Sprintf("write_child: write failure on %s %s.: %s", t.Kind, t.Node, words(err))
	if len(t.Hosts) > 1 {
		text += " (" + h.addr.String() + ")"
	}
	return text
}

// words is an error of the kernel as C writes it.
func words(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

func (p *Pinger) reopen(s *socket) error {
	if err := s.open(p.book.id); err != nil {
		return fmt.Errorf("glib: Can't open RAW socket.: %s", words(err)) // 3.0.6's line
	}
	file := s.file
	p.readers.Go(func() { p.watch(s, file) })
	return nil
}

// watch reads a socket until it is closed or broken; it sleeps in the kernel while nothing comes.
func (p *Pinger) watch(s *socket, file *os.File) {
	raw, err := file.SyscallConn()
	for err == nil {
		// Closing the file waits for this function: nothing in it may wait for whoever closes.
		err = raw.Read(func(fd uintptr) bool {
			_, _, err := unix.Recvfrom(int(fd), nil, unix.MSG_PEEK|unix.MSG_DONTWAIT)
			return !errors.Is(err, unix.EAGAIN)
		})
		if err != nil {
			return
		}
		p.guard.Lock()
		if s.file == file {
			err = p.read(s)
		}
		p.guard.Unlock()
	}
}

// read reads what waits, up to a limit. A socket that fails is closed, for the next request to open it again.
func (p *Pinger) read(s *socket) error {
	for range mostAtOnce {
		n, from, err := s.receive(p.buf[:])
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil:
			s.close()
			return err
		}
		e, ok := s.family.parse(p.buf[:n])
		if !ok || !p.book.answer(from, &e, p.clock()) {
			p.strange++
			continue
		}
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
	return nil
}

// Answers reads what waits, and calls f for each target that has answered since the last call.
func (p *Pinger) Answers(f func(node string, heard time.Duration)) {
	type answer struct {
		node  string
		heard time.Duration
	}
	var all []answer
	p.guard.Lock()
	for i := range p.sockets {
		if s := &p.sockets[i]; s.file != nil {
			p.read(s) //nolint:errcheck // it is opened again
		}
	}
	for i, heard := range p.book.heard {
		if heard != 0 {
			all = append(all, answer{p.targets[i].Node, heard})
			p.book.heard[i] = 0
		}
	}
	p.guard.Unlock()
	for _, a := range all {
		f(a.node, a.heard)
	}
}

// Strange is how many packets were no answer to a request of ours.
func (p *Pinger) Strange() uint64 {
	p.guard.Lock()
	defer p.guard.Unlock()
	return p.strange
}

// Close closes the sockets. Whoever asks afterwards asks nobody.
func (p *Pinger) Close() {
	p.guard.Lock()
	p.closed = true
	for i := range p.sockets {
		p.sockets[i].close()
	}
	p.guard.Unlock()
	p.readers.Wait()
}
