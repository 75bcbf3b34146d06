package link

import (
	"bytes"
	"testing"
)

// The bytes of a datagram are the receiver's until it takes the next, which has been read by then.
func TestADatagramStaysUntilTheNextIsTaken(t *testing.T) {
	peer := newHost(t)
	newWire(t, "eth0", "10.9.0", peer)
	here := open(t, Options{}, ucast("eth0", "10.9.0.2"))
	s := peer.listen(t, ":0")
	const n = 20
	text := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 500) }
	for i := range n {
		if _, err := s.WriteTo(text(i), toUs); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		d := here.next(t)
		awaitTrue(t, "the next one is read", func() bool { return here.Counters()["received"] == min(uint64(i)+2, n) })
		if !bytes.Equal(d.Data, text(i)) {
			t.Fatalf("datagram %d became %q...", i, d.Data[:20])
		}
	}
}
