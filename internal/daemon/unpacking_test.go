package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/link"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/wire"
)

// TestUnpackingHasItsShare: a fourth of the time, and some saved for a moment.
func TestUnpackingHasItsShare(t *testing.T) {
	var u unpacking
	u.over(time.Hour) // all that can be saved
	n := 0
	for ; n < 1000 && !u.over(time.Hour); n++ {
		u.spend(2 * time.Millisecond)
	}
	if n != 101 {
		t.Errorf("%d at once", n)
	}
	n = 0
	for ms := range 10_000 {
		if !u.over(time.Hour + time.Duration(ms)*time.Millisecond) {
			u.spend(2 * time.Millisecond)
			n++
		}
	}
	if n < 1240 || n > 1260 {
		t.Errorf("%d of 2 ms in 10 s", n)
	}
}

// TestRecordingsOfCompressed: who replays many compressed datagrams, each of them signed, cannot make the loop unpack
// all day. Beats are heard all the while, and compressed ones again when it is over.
func TestRecordingsOfCompressed(t *testing.T) {
	m := newMachine(t, linktest.New(nil, 1, "eth0"), "node1", nil)
	packer := wire.Packer{Method: "bz2", Traditional: true}
	say := func(n int, p *wire.Packer) (refused uint64) {
		before := m.d.drops["too-many-compressed"]
		msg := wire.New("site").AddStr("src", "node2").AddStr("n", fmt.Sprint(n)).AddStr("v", strings.Repeat("some text ", 300))
		m.d.datagram(link.Datagram{Link: "eth0", Data: m.d.keys.AppendPacked(nil, 0, msg, true, p)})
		return m.d.drops["too-many-compressed"] - before
	}
	m.start()
	m.untilLog("Local Resource acquisition completed.")
	m.d.ask(func() {
		m.d.unpack = unpacking{left: unpackMost, since: m.d.now()}
		const recordings = 2000
		begin := m.d.now()
		var refused, spent uint64
		for n := range recordings {
			refused += say(n, &packer)
		}
		spent = recordings - refused
		// Each is reckoned at 1.4 ms.
		if most := uint64((m.d.now()-begin)/unpackShare/time.Millisecond + unpackMost/time.Millisecond); spent > most || spent < 100 {
			t.Errorf("%d of %d were unpacked, want no more than %d", spent, recordings, most)
		}
		m.d.unpack.left = -time.Second
		if say(0, &packer) != 1 {
			t.Error("it was unpacked: nothing is tested")
		}
		if say(0, &wire.Packer{}) != 0 {
			t.Error("what is not compressed was refused")
		}
		m.d.unpack.since -= 5 * time.Second
		if say(0, &packer) != 0 {
			t.Error("refused when it was over")
		}
	})
}
