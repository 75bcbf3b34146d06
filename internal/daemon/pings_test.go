package daemon

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/ping"
)

// fakePinger has hosts that answer, or not.
type fakePinger struct {
	guard   sync.Mutex
	clock   func() time.Duration
	silent  bool
	failing error
	asked   int
	waits   []time.Duration // answers that nobody took
	news    chan struct{}
	closed  bool
}

func (f *fakePinger) Ask() []ping.Trouble {
	f.guard.Lock()
	defer f.guard.Unlock()
	f.asked++
	if f.failing != nil {
		return []ping.Trouble{{Key: "write router", Text: f.failing.Error()}}
	}
	if !f.silent {
		f.waits = append(f.waits, f.clock())
		select {
		case f.news <- struct{}{}:
		default:
		}
	}
	return nil
}

func (f *fakePinger) News() <-chan struct{} { return f.news }

func (f *fakePinger) Answers(each func(string, time.Duration)) {
	f.guard.Lock()
	waits := f.waits
	f.waits = nil
	f.guard.Unlock()
	for _, at := range waits {
		each("router", at)
	}
}

func (f *fakePinger) Close() {
	f.guard.Lock()
	defer f.guard.Unlock()
	f.closed = true
}

func (f *fakePinger) set(silent bool, failing error) {
	f.guard.Lock()
	defer f.guard.Unlock()
	f.silent, f.failing = silent, failing
}

// asker is a machine with a ping node.
func asker(t *testing.T) (*machine, *fakePinger) {
	m := newMachine(t, linktest.New(nil, 1, "eth0"), "node1", func(c *config.Config) {
		c.Nodes, c.Deadping = []string{"node1"}, 1500*time.Millisecond
		c.PingNodes = []config.PingNode{{Name: "router", Kind: "ping", After: 1}}
	})
	f := &fakePinger{news: make(chan struct{}, 1), clock: m.d.now}
	m.d.openPinger = func(*daemon) pinger { return f }
	return m, f
}

// TestPingNodeInTheDaemon: asked by the loop, seen in the status, lost and found again, and a network that does
// not take requests does no more harm than a line now and then.
func TestPingNodeInTheDaemon(t *testing.T) {
	m, f := asker(t)
	m.start()
	m.untilLog("Status update for node router: status ping")
	m.untilLog("Local status now set to: 'active'")
	n := m.status().Nodes[1]
	if n.Name != "router" || n.Type != "ping" || n.Status != "ping" || n.Deadtime != 1500 || len(n.Links) != 1 || n.Links[0].Status != "up" || n.Weight != 100 {
		t.Errorf("%+v", n)
	}
	f.set(false, errors.New("write_child: write failure on ping router.: Operation not permitted"))
	m.untilLog("WARN: node router: is dead")
	m.untilLog("ERROR: write_child: write failure on ping router.: Operation not permitted")
	if n := strings.Count(m.log(), "write failure"); n > 2 {
		t.Errorf("%d lines of one trouble", n)
	}
	if n := m.status().Nodes[1]; n.Status != "dead" || n.Deaths != 1 {
		t.Errorf("%+v", n)
	}
	f.set(false, nil)
	m.until("it answers again", func() bool { return m.status().Nodes[1].Status == "ping" })
	m.stop()
	if !f.closed {
		t.Error("the sockets are left open")
	}
}

// TestTickTakesAnswersFirst: an answer that has arrived counts before a deadline is judged, whether the loop has
// heard of it or not.
func TestTickTakesAnswersFirst(t *testing.T) {
	m, f := asker(t)
	f.silent = true
	m.d.openLog()
	t.Cleanup(func() { m.d.log.Close(time.Second) })
	if err := m.d.open(); err != nil {
		t.Fatal(err)
	}
	f.waits = []time.Duration{m.d.now()}
	m.d.evidence()
	if f.waits != nil {
		t.Error("an answer waits while a deadline is judged")
	}
	if n := m.d.core.View(m.d.now()).Nodes[1]; n.Status != "ping" {
		t.Errorf("%+v", n)
	}
}

// TestOpenICMP: who is asked, and 3.0.6's lines about it; nobody is asked before the core says so.
func TestOpenICMP(t *testing.T) {
	m, _ := asker(t)
	m.d.opt.Config.PingNodes = append(m.d.opt.Config.PingNodes, config.PingNode{Name: "g", Kind: "ping_group"})
	m.d.openLog()
	t.Cleanup(func() { m.d.log.Close(time.Second) })
	p := openICMP(m.d)
	defer p.Close()
	m.untilLog("info: glib: ping heartbeat started.")
	m.untilLog("info: glib: ping group heartbeat started.")
	if openICMP(&daemon{opt: Options{Config: &config.Config{}}}) != nil {
		t.Error("somebody is to ask although there is no ping node")
	}
}

// noNetwork has a hundred nodes that cannot be asked.
type noNetwork struct{ fakePinger }

func (*noNetwork) Ask() (all []ping.Trouble) {
	for i := range 100 {
		all = append(all, ping.Trouble{Key: fmt.Sprint("write ", i), Text: fmt.Sprint("write_child: write failure on ping ", i)})
	}
	return all
}

// TestNoNetworkAndPings: a hundred troubles at once are a few lines.
func TestNoNetworkAndPings(t *testing.T) {
	m, _ := asker(t)
	m.d.openLog()
	m.d.pinger = &noNetwork{}
	for range 3 {
		m.d.askPings()
	}
	m.d.log.Close(time.Second)
	if n := strings.Count(m.log(), "write failure"); n != mostPingTroubles+1 {
		t.Errorf("%d lines, want %d", n, mostPingTroubles+1)
	}
}
