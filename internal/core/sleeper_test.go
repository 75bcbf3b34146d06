package core

import (
	"testing"
	"time"
)

// Who slept through its own death ends a standby in which it was to take; who slept for less does not, nor does one beside
// a C node, which goes on with what it has begun.
func TestSleepAndAnOfferedStandby(t *testing.T) {
	offered := func(b *bench) *bench {
		b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", fieldStandby, hex(b.seq+1)+" asked")
		if b.c.standby.phase != standbyOffered {
			t.Fatalf("%s:\n%s", b.c.standby.phase, b.text())
		}
		return b
	}
	for name, test := range map[string]struct {
		b    *bench
		late time.Duration // K is 1 s, D is 5 s
		ends bool
	}{
		"for less than a deadtime":        {joined(t, "1:1:db"), 2 * time.Second, false},
		"for just not long enough":        {joined(t, "1:1:db"), 3750 * time.Millisecond, false},
		"for long enough":                 {joined(t, "1:1:db"), 3751 * time.Millisecond, true},
		"for much longer":                 {joined(t, "1:1:db"), 9 * time.Second, true},
		"for much longer, beside a C one": {joinedToC(t, "local"), 9 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := offered(test.b)
			capable := b.c.peer.capable
			b.now = b.c.promised + test.late
			b.step(Received{Link: "eth0", Heard: b.now, Msg: b.message("NS_ackmsg", "dest", "alpha", "ackseq", "1")})
			if got := b.c.standby.phase == standbyNone; got != test.ends || capable == (name == "for much longer, beside a C one") {
				t.Errorf("held up for %v beside one that is capable: %v; the standby is %s", test.late, capable, b.c.standby.phase)
			}
		})
	}
	b := joined(t, "1:1:db") // one who gives has what it gives, and is not a taker
	b.step(StandbyCommand{Local})
	b.now = b.c.promised + 9*time.Second
	b.step(Received{Link: "eth0", Heard: b.now, Msg: b.message("NS_ackmsg", "dest", "alpha", "ackseq", "1")})
	if b.c.standby.phase != standbyAsked {
		t.Errorf("the giver's is %s", b.c.standby.phase)
	}
}
