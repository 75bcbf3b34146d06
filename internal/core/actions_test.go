package core

import (
	"testing"
	"time"
)

// What a Step gave stays what it was, unless the core is told to be thrifty: a caller may keep it.
func TestActionsStayWhatTheyWere(t *testing.T) {
	b := joined(t, "")
	stamp := func() Stamp { b.now += time.Second; return Stamp{At: b.now} }
	first := b.c.Step(stamp(), Tick{})
	if len(first) == 0 {
		t.Fatal("nothing was done")
	}
	was := append([]Action{}, first...)
	b.c.Step(stamp(), StandbyCommand{"no such word"})
	b.c.Step(stamp(), Tick{})
	for i := range first {
		if first[i] != was[i] {
			t.Errorf("action %d was %v and is %v", i, was[i], first[i])
		}
	}
}

// The same of an acknowledgement, of which a thrifty core has one only.
func TestAcknowledgementsStayWhatTheyWere(t *testing.T) {
	b := joined(t, "")
	for range 25 {
		b.beat("active", "hbd", "1")
	}
	seen := map[string]bool{}
	for _, m := range b.sent("NS_ackmsg") {
		if seen[m.Str("ackseq")] {
			t.Errorf("%s is acknowledged twice", m.Str("ackseq"))
		}
		seen[m.Str("ackseq")] = true
	}
	if len(seen) < 2 {
		t.Errorf("%d acknowledgements", len(seen))
	}
}
