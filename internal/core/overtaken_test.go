package core

import (
	"strconv"
	"testing"
	"time"
)

// standbyToC is a standby of our own group to a C node, up to our `done`.
func standbyToC(t *testing.T) *bench {
	t.Helper()
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.agrees("local")
	b.wants("info=standby", "info=done")
	return b
}

// A C node believes the claim that arrives last. One that was lost and is asked for when a newer
// one has arrived must not undo that: its number carries the newest claim.
func TestLostClaimDoesNotUndoTheNewest(t *testing.T) {
	b := standbyToC(t)
	var lost uint64
	for _, m := range b.sends() {
		if m.Str("info") == "standby" && m.Str("t") == "resource" {
			lost, _ = strconv.ParseUint(m.Str("seq"), 16, 64)
		}
	}
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	newest := b.sends()[len(b.sends())-1]
	if newest.Str("t") != "resource" || newest.Str("isstable") != "1" {
		t.Fatalf("our newest word is no settled claim:\n%s", b.text())
	}
	b.now += time.Second
	b.clear()
	number := strconv.FormatUint(lost, 10)
	b.rexmit(number, number)
	got := b.sends()
	if len(got) != 1 || got[0].Str("seq") != hex(lost) || got[0].Str("isstable") != "1" || got[0].Str("rsc_hold") != "none" || got[0].Has("info") {
		t.Errorf("sent for the lost claim: %s", b.text())
	}
	if newest.Str("seq") == hex(lost) {
		t.Error("the newest claim itself was changed")
	}
}

// Between heartbeatd nodes the number decides, and what is sent again is what was sent.
func TestLostClaimForHeartbeatd(t *testing.T) {
	b := joined(t, "")
	b.advance(time.Second, "beats", "hbd", "1")
	b.clear()
	b.c.sendClaim(false)
	first := b.c.history.find(b.c.lastClaim).msg
	old := b.c.lastClaim
	b.c.sendClaim(false)
	b.now += time.Second
	b.clear()
	b.rexmit(strconv.FormatUint(old, 10), strconv.FormatUint(old, 10))
	if got := b.sends(); len(got) != 1 || got[0] != first {
		t.Errorf("sent %v, want the same message", got)
	}
}

// A C giver's claim that it has released may be lost; its `done` says the same.
func TestCGiverDoneSaysThatItReleased(t *testing.T) {
	b := joinedToC(t, "all")
	b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
	b.wants("info=other")
	b.seq++ // resource rsc_hold=local isstable=0 info=standby
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.wants("run ip1 start", "run web start", "Standby resource acquisition done [foreign].")
	b.wantsNot("Both machines own")
	b.clear()
	b.deliver(b.message("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "seq", hex(b.seq-1)))
	b.wantsNot("Both machines own", "run")
}

// A claim from before a C taker's `done` that arrives after it must not call the group back.
func TestOldClaimAfterCTakerDone(t *testing.T) {
	b := standbyToC(t)
	b.seq++ // an older resource rsc_hold=local
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.clear()
	b.deliver(b.message("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "seq", hex(b.seq-1)))
	b.wantsNot("run")
	b.advance(15*time.Second, "beats")
	b.wantsNot("run")
}
