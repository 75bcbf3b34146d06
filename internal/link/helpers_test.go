package link

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = time.Minute

// journal collects log lines and lets a test wait for one.
type journal struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newJournal() *journal { return &journal{more: make(chan struct{}, 1)} }

func (j *journal) log(level, text string) {
	j.mu.Lock()
	j.lines = append(j.lines, level+": "+text)
	j.mu.Unlock()
	select {
	case j.more <- struct{}{}:
	default:
	}
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines...)
}

func (j *journal) said(part string) int {
	n := 0
	for _, l := range j.all() {
		if strings.Contains(l, part) {
			n++
		}
	}
	return n
}

// await waits until n lines contain part.
func (j *journal) await(t *testing.T, n int, part string) {
	t.Helper()
	late := time.After(patience)
	for j.said(part) < n {
		select {
		case <-j.more:
		case <-late:
			t.Fatalf("not %d lines with %q in the log:\n%s", n, part, strings.Join(j.all(), "\n"))
		}
	}
}

// node is a Set under test with its log.
type node struct {
	*Set
	*journal
}

func open(t *testing.T, opt Options, media ...Medium) node {
	t.Helper()
	n := node{journal: newJournal()}
	opt.Log = n.log
	s, err := Open(media, opt)
	if err != nil {
		t.Fatal(err)
	}
	n.Set = s
	t.Cleanup(func() {
		s.Close()
		if t.Failed() {
			t.Logf("log:\n%s\ncounters: %v\nstates: %+v", strings.Join(n.all(), "\n"), s.Counters(), s.States())
		}
	})
	return n
}

// openOn opens a Set on a peer. It must not need to reopen: that would happen in our namespace.
func openOn(t *testing.T, h *host, media ...Medium) node {
	t.Helper()
	var n node
	h.do(func() { n = open(t, Options{}, media...) })
	return n
}

// await returns the first datagram that carries text.
func (n node) await(t *testing.T, text string) Datagram {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case d := <-n.Inbox():
			if string(d.Data) == text {
				return d
			}
		case <-late:
			t.Fatalf("%q did not arrive", text)
		}
	}
}

// next returns the very next datagram.
func (n node) next(t *testing.T) Datagram {
	t.Helper()
	select {
	case d := <-n.Inbox():
		return d
	case <-time.After(patience):
		t.Fatal("nothing arrived")
	}
	return Datagram{}
}

// beat sends text every 20 ms, as beats do, until it is heard over the link.
func beat(t *testing.T, from node, to node, text, link string) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			from.Send([]byte(text))
		case d := <-to.Inbox():
			if string(d.Data) == text && d.Link == link {
				return
			}
		case <-late:
			t.Fatalf("no beat %q over %s", text, link)
		}
	}
}

// sendUntil sends every 20 ms until done says that what was waited for has come.
func sendUntil(t *testing.T, n node, what string, done func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
			n.Send([]byte("poke"))
		case <-n.Inbox():
		case <-late:
			t.Fatalf("%s: did not happen", what)
		}
	}
}

func (n node) medium(i int) State { return n.States()[i] }

func bcast(dev string) Medium { return Medium{Kind: Bcast, Device: dev, Port: 694} }

func ucast(dev, peer string) Medium {
	return Medium{Kind: Ucast, Device: dev, Port: 694, Peer: netip.MustParseAddr(peer)}
}

func mcast(dev string, port uint16, loop bool) Medium {
	return Medium{Kind: Mcast, Device: dev, Port: port, Peer: netip.MustParseAddr("239.1.2.3"), TTL: 1, Loop: loop}
}

func text(format string, args ...any) []byte { return fmt.Appendf(nil, format, args...) }
