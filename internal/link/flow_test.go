package link

import (
	"bytes"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	here := open(t, Options{}, ucast("eth0", "10.9.0.2"), ucast("eth1", "10.9.1.2"))
	awaitStamps(t, p.far1, here)
	full := here.Counters()["inbox-full"]
	garbage := bytes.Repeat([]byte("g"), 1000)
	s := p.peer.listen(t, ":0")
	const flood = 5000 // more than the kernel's buffer takes
	for range flood {
		if _, err := s.WriteTo(garbage, toUs); err != nil {
			t.Fatal(err)
		}
	}
	awaitTrue(t, "the inbox is full", func() bool { return here.Counters()["inbox-full"] > full })

	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for range 1000 {
			here.Send([]byte("beat"))
		}
	}()
	awaitClosed(t, finished, "a full inbox holds up Send")
	p.far1.Send([]byte("real"))
	awaitTrue(t, "eth1's reader waits too", func() bool { return here.Counters()["inbox-full"] > full+1 })

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

// awaitStamps waits until the kernel stamps what arrives and not what is read: it takes a moment for
// that after the first socket has asked for it. Both media must be idle.
func awaitStamps(t *testing.T, from, to node) {
	t.Helper()
	awaitTrue(t, "the kernel stamps what arrives", func() bool {
		from.Send([]byte("first"))
		from.Send([]byte("second")) // stays in the kernel while its reader holds the first
		time.Sleep(5 * time.Millisecond)
		read := to.opt.Clock()
		to.next(t)
		return to.next(t).Mono <= read
	})
}

// What is in the kernel counts as waiting, and a flood does not hide that what came before was yielded.
func TestStatesTellWhatWaits(t *testing.T) {
	p := newPair(t)
	here := open(t, Options{}, ucast("eth0", "10.9.0.2"), ucast("eth1", "10.9.1.2"))
	far := openOn(t, p.peer, ucast("eth0", "10.9.0.1"))
	caughtUp := func(i int, by time.Duration) bool { s := here.medium(i); return s.CaughtUp(by) }
	awaitStamps(t, far, here)
	awaitTrue(t, "nothing waits", func() bool { return !here.medium(0).Waiting })
	full := here.Counters()["inbox-full"]
	far.Send([]byte("old"))
	awaitTrue(t, "the reader is stuck", func() bool { return here.Counters()["inbox-full"] == full+1 })
	if !here.medium(0).Waiting || here.medium(1).Waiting {
		t.Errorf("one datagram is with eth0's reader: %+v", here.States())
	}
	for range 19 {
		far.Send([]byte("old"))
	}
	begin := here.opt.Clock()
	for range 5 {
		far.Send([]byte("new"))
	}
	for i := range 20 {
		if caughtUp(0, begin) {
			t.Fatalf("caught up after %d of 20", i)
		}
		if d := here.next(t); string(d.Data) != "old" || d.Mono >= begin {
			t.Fatalf("%s stamped %v, begin %v", d.Data, d.Mono, begin)
		}
	}
	awaitTrue(t, "it is known that all of the old was yielded", func() bool { return caughtUp(0, begin) })
	if s := here.medium(0); !s.Waiting || s.CaughtUp(here.opt.Clock()) {
		t.Errorf("five more wait: %+v", s)
	}
	for range 5 {
		here.next(t)
	}
	awaitTrue(t, "nothing waits", func() bool { return !here.medium(0).Waiting })
}

// A datagram counts from when the kernel has it, not from when its reader wakes up.
func TestKernelIsAskedWhatWaits(t *testing.T) {
	p := newPair(t)
	m := ucast("eth0", "10.9.0.2")
	ctl, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ctl)
	dev, err := lookUp(ctl, m)
	if err != nil {
		t.Fatal(err)
	}
	k, err := openSockets(m, dev, "", -1) // without a reader
	if err != nil {
		t.Fatal(err)
	}
	if k.waiting() {
		t.Error("nothing was sent")
	}
	if _, err := p.peer.listen(t, ":0").WriteTo(nil, toUs); err != nil { // even an empty one hides what is behind it
		t.Fatal(err)
	}
	awaitTrue(t, "it waits", k.waiting)
	k.close()
	if k.waiting() {
		t.Error("something waits in a closed socket")
	}
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

	here, err := Open([]Medium{bcast("eth0"), ucast("eth0", "10.9.0.2"), mcast("eth0", 694, true), bcast("eth9")}, Options{})
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
