package link

import (
	"bytes"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

func awaitClosed(t *testing.T, c <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
}

func awaitTrue(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: did not happen", what)
		}
	}
}

var toUs = &net.UDPAddr{IP: net.IPv4(10, 9, 0, 1), Port: 694}

func TestOversizedAndEmptyAreDroppedAndCounted(t *testing.T) {
	peer := newHost(t)
	newWire(t, "eth0", "10.9.0", peer)
	here := open(t, Options{Max: 100}, ucast("eth0", "10.9.0.2"))
	s := peer.listen(t, ":0")
	for _, size := range []int{101, 9000, 0, 100} {
		if _, err := s.WriteTo(bytes.Repeat([]byte("x"), size), toUs); err != nil {
			t.Fatal(err)
		}
	}
	if d := here.next(t); len(d.Data) != 100 {
		t.Errorf("got %d bytes, want the datagram that just fits", len(d.Data))
	}
	awaitTrue(t, "the counters agree", func() bool { // counted just after it is handed over
		c := here.Counters()
		return c["oversized"] == 2 && c["empty"] == 1 && c["received"] == 1
	})
}

func TestFullInboxHoldsUpNobody(t *testing.T) {
	p := newPair(t)
	here := open(t, Options{Inbox: 1}, ucast("eth0", "10.9.0.2"), ucast("eth1", "10.9.1.2"))
	garbage := bytes.Repeat([]byte("g"), 1000)
	s := p.peer.listen(t, ":0")
	const flood = 5000 // more than the kernel's buffer takes
	for range flood {
		if _, err := s.WriteTo(garbage, toUs); err != nil {
			t.Fatal(err)
		}
	}
	awaitTrue(t, "the inbox is full", func() bool { return here.Counters()["inbox-full"] > 0 })

	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for range 1000 {
			here.Send([]byte("beat"))
		}
	}()
	awaitClosed(t, finished, "a full inbox holds up Send")
	p.far1.Send([]byte("real"))
	awaitTrue(t, "eth1's reader waits too", func() bool { return here.Counters()["inbox-full"] > 1 })

	reading := here.opt.Clock()
	for i := range 5 {
		if string(here.next(t).Data) == "real" {
			break
		}
		if i == 4 {
			t.Fatal("garbage on eth0 goes before the beat on eth1")
		}
	}
	// What waited in the kernel bears the time at which it came, not the time at which it was read.
	for range 10 {
		if d := here.next(t); d.Mono > reading {
			t.Errorf("stamp %s of a datagram that was there at %s", d.Mono, reading)
		}
	}
	p.far1.Send([]byte("end"))
	for string(here.next(t).Data) != "end" {
	}
	awaitTrue(t, "losses are counted", func() bool {
		if _, err := s.WriteTo([]byte("one more"), toUs); err != nil {
			t.Fatal(err)
		}
		for {
			select {
			case <-here.Inbox():
				continue
			default:
			}
			return here.Counters()["socket-overflow"] > 0
		}
	})
}

func TestCloseLeavesNothing(t *testing.T) {
	needNamespace(t)
	peer := newHost(t)
	w := newWire(t, "eth0", "10.9.0", peer)
	far := openOn(t, peer, bcast("eth0"))
	warm, err := Open([]Medium{bcast("eth0")}, Options{}) // the poller's own descriptors exist from now on
	if err != nil {
		t.Fatal(err)
	}
	warm.Close()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)

	here, err := Open([]Medium{bcast("eth0"), ucast("eth0", "10.9.0.2"), mcast("eth0", 694, true), bcast("eth9")}, Options{Inbox: 1})
	if err != nil {
		t.Fatal(err)
	}
	if n := openFiles(t); n != files+3*2+2 {
		t.Errorf("%d descriptors in use, want two a medium, one for questions, one for news", n-files)
	}
	for range 100 { // readers stand before a full inbox when Close comes
		far.Send([]byte("beat"))
	}
	awaitTrue(t, "the inbox is full", func() bool { return here.Counters()["inbox-full"] > 0 })
	w.unplug() // and the keeper is busy
	closed := make(chan struct{})
	go func() { here.Close(); here.Close(); close(closed) }()
	awaitClosed(t, closed, "Close does not return")
	for range here.Inbox() { // ends only if it is closed
	}
	here.Send([]byte("into the void"))
	if n := openFiles(t); n != files {
		t.Errorf("%d descriptors are left", n-files)
	}
	awaitTrue(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
