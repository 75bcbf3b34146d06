package address

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"
)

// TestAnnouncerWithinAProcess: a round at once, the others by the schedule and with the same socket, and none any more
// when the address has gone.
func TestAnnouncerWithinAProcess(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	peer := h.tap("e0p")
	a := &Announcer{}
	defer a.s.close()
	rounds := func(n int) {
		t.Helper()
		for i := range n {
			if peer.next(patience, isARP(arpReply)) == nil {
				t.Fatalf("round %d is missing", i)
			}
		}
	}
	addr, index := ip("10.1.0.9"), h.dev("e0").index
	if err := a.Announce(spec(t, "10.1.0.9")); err != nil {
		t.Fatal(err)
	}
	rounds(1)
	sockets := packetSockets(t)
	begin := time.Now()
	a.goOn(addr, index, begin, []time.Duration{0, 30 * time.Millisecond})
	rounds(2)
	if took := time.Since(begin); took < 30*time.Millisecond {
		t.Errorf("the second round is early: %s", took)
	}
	if n := packetSockets(t); n != sockets {
		t.Errorf("it has opened another socket: %d, and %d before", n, sockets)
	}
	if _, err := Stop(spec(t, "10.1.0.9")); err != nil {
		t.Fatal(err)
	}
	begin = time.Now()
	a.goOn(addr, index, begin, []time.Duration{0, time.Hour})
	if took := time.Since(begin); took > 10*time.Minute {
		t.Errorf("it went on for %s without the address", took)
	}
	if err := a.Announce(spec(t, "10.1.0.9")); !errors.Is(err, ErrNotHere) {
		t.Errorf("announced though it is not here: %v", err)
	}
	h.up("lo")
	h.addr("lo", "10.9.0.9/32")
	if err := a.On(ip("10.9.0.9"), h.dev("lo").index); !errors.Is(err, ErrNoNeighbours) {
		t.Errorf("on the loopback: %v", err)
	}
}

// packetSockets is how many there are in the network of this thread.
func packetSockets(t *testing.T) int {
	t.Helper()
	table, err := os.ReadFile("/proc/thread-self/net/packet")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(table, []byte("\n"))
}
