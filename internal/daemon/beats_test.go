package daemon

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/pacer"
)

// metronome is a beatSender within this process.
type metronome struct {
	now  func() time.Duration
	send func([]byte)
	news chan struct{}

	mu      sync.Mutex
	gone    bool // there is nobody who could send
	stuck   bool // it takes beats and sends none
	full    bool // it takes no more
	choosy  bool // it takes every other one
	waiting [][]byte
	lease   int
	sent    int // and not told yet
	all     int
	offers  int
	lates   []time.Duration
}

func (p *metronome) Offer(at time.Duration, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offers++
	if p.gone || p.full || p.choosy && p.offers%2 == 0 {
		return false
	}
	p.waiting = append(p.waiting, append([]byte(nil), data...))
	lease := p.lease
	time.AfterFunc(at-p.now(), func() { p.due(lease) })
	return true
}

func (p *metronome) due(lease int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lease == lease && !p.stuck && len(p.waiting) > 0 {
		p.send(p.waiting[0])
		p.waiting = p.waiting[1:]
		p.sent++
		p.all++
		p.lates = append(p.lates, p.now())
	}
}

func (p *metronome) Revoke() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.sent
	p.sent, p.waiting = 0, nil
	p.lease++
	return n
}

func (p *metronome) Sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.sent
	p.sent = 0
	return n
}

func (p *metronome) Alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.gone
}

// become changes what it does and says so, as a process that ends or begins does.
func (p *metronome) become(change func()) {
	p.mu.Lock()
	change()
	p.mu.Unlock()
	p.news <- struct{}{}
}

func (p *metronome) total() (sent, offers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all, p.offers
}

func (p *metronome) Each(f func(at, sent time.Duration)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.lates {
		f(at, at+7*time.Millisecond)
	}
	p.lates = nil
}

func (p *metronome) News() <-chan struct{}          { return p.news }
func (p *metronome) Tick(time.Duration)             {}
func (p *metronome) Close()                         { p.Revoke() }
func (p *metronome) Opened(int, int, pacer.Address) {}
func (p *metronome) Closed(int)                     {}
func (p *metronome) Count(int) (c pacer.LineCount)  { return c }

// withMetronome gives a machine one.
func (m *machine) withMetronome(network *linktest.Network, name string) *metronome {
	p := &metronome{now: m.d.now, news: make(chan struct{})}
	out := network.Join(name, 1024)
	p.send = out.Send
	m.d.openSender = func(*daemon) beatSender { return p }
	return p
}

// numbers reads everything on the network and remembers what each number of a node's life said.
type numbers struct {
	mu    sync.Mutex
	said  map[string]string
	twice []string
}

func (n *numbers) listen(m *machine, end *linktest.End) {
	for dg := range end.Inbox() {
		msg, _, err := m.d.opt.Config.Keys.Open(dg.Data)
		if err != nil || msg.Str("seq") == "" {
			continue
		}
		id := msg.Str("src") + " " + msg.Str("hg") + " " + msg.Str("seq")
		text := string(msg.AppendNetstring(nil))
		n.mu.Lock()
		if old, ok := n.said[id]; ok && old != text {
			n.twice = append(n.twice, fmt.Sprintf("%s: %q and %q", id, old, text))
		}
		n.said[id] = text
		n.mu.Unlock()
	}
}

func (n *numbers) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.said)
}

// TestBeatsByTheSender moves a group there and back while the sender of node1 works, takes nothing more, hangs, ends
// and comes back. Beats go out all the time, and no number is ever given twice.
func TestBeatsByTheSender(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil)
	p := a.withMetronome(network, "node1's metronome")
	seen := &numbers{said: map[string]string{}}
	ear := network.Join("ear", 1<<16)
	go seen.listen(a, ear)
	a.start()
	b.start()
	a.until("web runs", a.runs)
	b.untilLog("remote resource transition completed.")
	a.until("beats go out by the sender", func() bool { n, _ := p.total(); return n > 3 })

	home := true
	move := func() {
		t.Helper()
		home = !home
		if err := (handler{map[bool]*daemon{true: a.d, false: b.d}[home]}).Takeover("all"); err != nil {
			t.Fatal(err)
		}
		b.until("web moved", func() bool { return a.runs() == home && b.runs() != home })
		b.until("all is said", func() bool { return a.status().Holding != "transition" && b.status().Holding != "transition" })
	}
	for _, c := range []struct {
		name   string
		change func()
		by     string // who sends the beats
	}{
		{"works", func() {}, "it"},
		{"is full", func() { p.full = true }, "the loop"},
		{"works again", func() { p.full = false }, "it"},
		{"takes every other beat", func() { p.choosy = true }, "both"},
		{"hangs", func() { p.choosy, p.stuck = false, true }, "the loop"},
		{"is gone", func() { p.stuck, p.gone = false, true }, "the loop"},
		{"is back", func() { p.gone = false }, "it"},
	} {
		p.become(c.change)
		move()
		before, _ := p.total()
		now := seen.count()
		a.until("beats go on when the sender "+c.name, func() bool { return seen.count() > now+20 })
		if after, _ := p.total(); c.by == "the loop" && after > before+1 {
			t.Errorf("when the sender %s, %d beats went out by it", c.name, after-before)
		} else if c.by == "it" && after == before {
			t.Errorf("when the sender %s, no beat goes out by it", c.name)
		}
	}
	if own := a.status().Own.Beats.Start; own.Count < 20 || own.Worst < 7000 {
		t.Errorf("lateness of the sender's beats is not counted: %+v", own)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, text := range seen.twice {
		t.Errorf("one number, two messages: %s", text)
	}
}

// TestNewKeysSignTheNextBeat: beats that wait are signed anew.
func TestNewKeysSignTheNextBeat(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil)
	p := a.withMetronome(network, "node1's metronome")
	next := keyTable(t, 2, map[int]string{1: "secret", 2: "fresh"})
	a.d.opt.Reread = func() Reread { return Reread{Keys: next} }
	a.start()
	a.until("beats go out by the sender", func() bool { n, _ := p.total(); return n > 3 })
	a.rekey(1)
	old := keyTable(t, 1, map[int]string{1: "secret"})
	a.d.ask(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, data := range p.waiting {
			if _, _, err := old.Open(data); err == nil {
				t.Error("a beat waits that the old key signed")
			}
		}
		if len(p.waiting) == 0 {
			t.Error("nothing waits")
		}
	})
}
