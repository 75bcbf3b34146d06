package core

import (
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// TestPeerKeyIsWhatACNodeSignsWith: a C node refuses what is not signed with its own sending key. Of a
// heartbeatd, a dead node and a recording nothing is learnt.
func TestPeerKeyIsWhatACNodeSignsWith(t *testing.T) {
	c := New(Config{Self: "a", Peer: "b", Keepalive: time.Second, Deadtime: 5 * time.Second, Initdead: 10 * time.Second, Generation: 1})
	at := time.Duration(1)
	c.Step(Stamp{At: at}, Started{})
	beat := func(seq string, n int, capable bool) {
		at += time.Second
		m := wire.New("status").AddStr("src", "b").AddStr("seq", seq).AddStr("hg", "5").AddStr("ts", "1").AddStr("st", "up").AddStr("dt", "1388")
		if capable {
			m.AddStr(fieldCapable, "1")
		}
		c.Step(Stamp{At: at}, Received{Link: "eth0", Msg: m, Key: n})
	}
	want := func(what string, n int) {
		t.Helper()
		if got := c.PeerKey(); got != n {
			t.Errorf("%s: key %d, want %d", what, got, n)
		}
	}
	want("nobody heard yet", NoKey)
	beat("1", 1, false)
	want("a C node", 1)
	beat("3", 2, false)
	want("it has changed its key", 2)
	beat("3", 1, false)
	want("a copy of an old beat", 2)
	beat("2", 1, false)
	want("a late beat", 2)
	beat("4", NoKey, false)
	want("a key that is another one here", NoKey)
	beat("5", 2, false)
	at += 20 * time.Second
	c.Step(Stamp{At: at}, Tick{})
	at += 20 * time.Second
	c.Step(Stamp{At: at}, Tick{})
	want("it is dead, as far as we can tell", 2)
	beat("6", 2, true)
	want("a heartbeatd takes any key of the table", NoKey)
}
