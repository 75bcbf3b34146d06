package core

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func dec(n uint64) string { return strconv.FormatUint(n, 10) }

// The newest five hundred messages can be asked for, each under its own number, and no older one: a node
// that was deaf for a while gets all of what it missed.
func TestNewestFiveHundredAreKept(t *testing.T) {
	b := joined(t, "")
	b.advance(1200*time.Second, "beats", "hbd", "1")
	b.now += time.Second
	newest := b.c.seq
	for n := newest - historySize; n <= newest; n++ {
		b.c.peer.acked = 0
		b.clear()
		b.rexmit(dec(n), dec(n))
		got := b.sends()
		if len(got) != 1 || (got[0].Str("seq") != hex(n)) != (n == newest-historySize) {
			t.Fatalf("for %d of %d: %s", n, newest, b.text())
		}
		b.wantsNot("is max")
	}
}

// A missing message is asked for between 50 ms and max_rexmit_delay later; where that is too short for
// such a choice, at any time up to it. 3.0.6: nodes put their own messages on the wire out of order.
func TestWhenAMissingMessageIsAskedFor(t *testing.T) {
	for _, tt := range []struct {
		delay, first, last time.Duration
	}{
		{250 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond},
		{150 * time.Millisecond, 50 * time.Millisecond, 150 * time.Millisecond},
		{100 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond},
		{99 * time.Millisecond, 0, 99 * time.Millisecond},
		{40 * time.Millisecond, 0, 40 * time.Millisecond},
	} {
		b := joined(t, "", func(c *Config) { c.MaxRexmit = tt.delay })
		after := func(random time.Duration) time.Duration {
			b.c.now.Rand = uint64(random)
			return b.c.askFirst() - b.c.now.At
		}
		width := tt.last - tt.first
		for random, want := range map[time.Duration]time.Duration{
			0: tt.first, 1: tt.first + 1, width: tt.last, width + 1: tt.first, width + 2: tt.first + 1,
		} {
			if got := after(random); got != want {
				t.Errorf("max_rexmit_delay %s: asked for after %s, want %s", tt.delay, got, want)
			}
		}
	}
}

// A number is sent again once in max_rexmit_delay, less a little: the other node asks at that pace, and each
// of its requests is to be answered, but not the copies of one that come over other links.
func TestPaceOfResending(t *testing.T) {
	b := joined(t, "")
	n := dec(b.c.seq)
	b.now += time.Second
	b.rexmit(n, n)
	if len(b.sends()) != 1 {
		t.Fatalf("not sent: %s", b.text())
	}
	b.wantsNot("is max") // it is the newest, and no more than that
	b.clear()
	b.now += 240*time.Millisecond - 1
	b.rexmit(n, n)
	if len(b.sends()) != 0 {
		t.Errorf("sent too soon: %s", b.text())
	}
	b.now++
	b.rexmit(n, n)
	if len(b.sends()) != 1 {
		t.Errorf("not sent after 240 ms: %s", b.text())
	}
}

// What is meant for a third node is not for us: its acknowledgement would keep a message from the other
// node, its request would be answered twice.
func TestWordsForOthers(t *testing.T) {
	b := joined(t, "")
	n := b.c.seq
	b.now += time.Second
	b.deliver(b.message("NS_rexmit", "dest", "gamma", "firstseq", dec(n), "lastseq", dec(n)))
	if len(b.sends()) != 0 {
		t.Errorf("answered: %s", b.text())
	}
	b.deliver(b.message("NS_ackmsg", "dest", "gamma", "ackseq", hex(n)))
	b.rexmit(dec(n), dec(n))
	if len(b.sends()) != 1 {
		t.Errorf("not sent: %s", b.text())
	}
}

// Numbers that do not fit are no request at all; they are not read as the largest number there is.
func TestNumbersBeyondAllBounds(t *testing.T) {
	const most, beyond = "18446744073709551615", "99999999999999999999"
	for _, r := range [][2]string{{"1", beyond}, {beyond, most}, {beyond, beyond}} {
		b := joined(t, "")
		b.now += time.Second
		b.rexmit(r[0], r[1])
		b.wants("Invalid rexmit seqnos from beta")
		b.wantsNot("send", "is max")
	}
}

// The number of a message that is lost for good is hexadecimal, too: read otherwise the loss is not seen,
// and the number asked for again and again.
func TestLostForGood(t *testing.T) {
	b := joined(t, "")
	for b.seq < 0x19 {
		b.beat("active", "hbd", "1")
	}
	b.seq++
	b.beat("active", "hbd", "1")
	b.deliver(b.message("NS_nak_rexmit", "dest", "alpha", "firstseq", "1a", "info", "seqno too low"))
	b.wants("ERROR Irretrievably lost packet: node beta seq 26\n")

	b = joined(t, "")
	for b.seq < 0x14 {
		b.beat("active", "hbd", "1")
	}
	b.seq++
	b.beat("active", "hbd", "1")
	b.deliver(b.message("NS_nak_rexmit", "dest", "alpha", "firstseq", "15", "info", "seqno too low"))
	b.wants("ERROR Irretrievably lost packet: node beta seq 21\n")
}

// Before the first number that wants an acknowledgement there is none to give, also when a late one comes:
// a C node believes what it is told, and would throw away what we have not got.
func TestNoAcknowledgementOfNothing(t *testing.T) {
	b := newBench(t)
	b.c.peer.residue = 9
	b.beat("up")
	b.seq++
	b.beat("up")
	b.deliver(b.message("status", "st", "up", "dt", "1388", "seq", "2"))
	b.wants("No pkts missing from beta!")
	b.wantsNot("NS_ackmsg")
}

// Towards a C node an old claim becomes the newest. Everything else is sent again as it was: a beat it
// missed as a beat, the newest claim as the very same message.
func TestOnlyOldClaimsAreReplaced(t *testing.T) {
	b := joinedToC(t, "local")
	b.now += time.Second
	newest := b.c.history.find(b.c.lastClaim).msg
	kept := map[uint64]string{}
	for n := uint64(1); n <= b.c.seq; n++ {
		kept[n] = b.c.message(b.c.history.find(n)).Str("t")
	}
	if kept[1] != "status" {
		t.Fatalf("%v", kept)
	}
	for n, kind := range kept {
		b.clear()
		b.rexmit(dec(n), dec(n))
		got := b.sends()
		if len(got) != 1 {
			t.Fatalf("for %s %d: %s", kind, n, b.text())
		}
		if kind == "starting" {
			kind = "resource" // it was answered long ago
		}
		if got[0].Str("t") != kind || got[0].Str("seq") != hex(n) {
			t.Errorf("%s %d: %s", kind, n, b.text())
		}
		if n == b.c.lastClaim && got[0] != newest {
			t.Error("the newest claim is another message now")
		}
	}
}

// A C node that has lost our `starting` and has not answered it gets it: a claim in its place would leave
// us without its word.
func TestLostStartingIsSentAgain(t *testing.T) {
	b := newBench(t)
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("starting") // it asks, too, and gets our claim
	n, _ := strconv.ParseUint(b.sent("starting")[0].Str("seq"), 16, 64)
	if b.c.lastClaim <= n {
		t.Fatalf("no claim after it: %s", b.text())
	}
	b.clear()
	b.now += 300 * time.Millisecond
	b.rexmit(dec(n), dec(n))
	if got := b.text(); !strings.Contains(got, "t=starting") {
		t.Errorf("sent instead: %s", got)
	}
}
