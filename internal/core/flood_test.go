package core

import (
	"testing"
	"time"
)

// tickTo lets time pass tick by tick, each on incomplete evidence.
func (b *bench) tickTo(end time.Duration) {
	for b.now < end {
		next := b.c.NextTick()
		if next > end {
			b.now = end
			return
		}
		b.now = next
		b.step(Tick{Partial: true})
	}
}

// TestPartialTickJudgesNobody: while more waits in the sockets than can be read in time, our own
// beats go out and nobody is declared dead, but not for ever.
func TestPartialTickJudgesNobody(t *testing.T) {
	b := joined(t, "")
	last := b.now
	b.clear()
	b.tickTo(last + 8*time.Second) // deadtime is 5 s
	b.wantsNot("is dead", "dead.")
	if n := len(b.sent("status")); n < 7 {
		t.Errorf("%d beats of our own in 8 s", n)
	}
	b.beat("active", "hbd", "1") // it was among what waited
	b.tickTo(last + 12*time.Second)
	b.wantsNot("is dead")
	b.tickTo(last + 21*time.Second) // silent for 13 s by now
	b.wants("node beta: is dead")
}

// TestRecordingsOfADeadNode: messages without a number may be recordings. They bring no link of a
// dead node up and are not answered.
func TestRecordingsOfADeadNode(t *testing.T) {
	b := joined(t, "")
	b.advance(12 * time.Second)
	b.wants("node beta: is dead", "Link beta:eth0 dead.")
	b.clear()
	b.from("NS_rexmit", "dest", "alpha", "firstseq", "1", "lastseq", "50")
	b.wantsNot("Link beta:eth0 up.", "NS_nak_rexmit", "send")
}

// TestAbsurdClaims: numbers from a holder of the key are kept within what can be reckoned with.
func TestAbsurdClaims(t *testing.T) {
	b := joined(t, "")
	b.claim("18446744073709551615:-999999999999:db")
	if h := b.c.peer.claim.groups["db"]; h.term.n > 1<<62 || h.age < 0 {
		t.Errorf("%+v", h)
	}
}
