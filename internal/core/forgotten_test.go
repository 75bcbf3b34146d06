package core

import (
	"strconv"
	"testing"
	"time"
)

// A C node that has taken everything at our stop says `done` when it is ready, to whoever is there by
// then. Taken for a giver's word it started every group twice.
func TestDoneOfACTaker(t *testing.T) {
	for _, side := range []string{"all", "local"} {
		b := joinedToC(t, side)
		b.from("ask_resources", "info", "done", "rsc_hold", side)
		b.advance(12*time.Second, "beats")
		b.wantsNot("run ip1 start", "run db start")
	}
}

// A C node that had `starting` from an earlier life of ours, and nothing since, answers no further one: it
// waits for a claim.
func TestCNodeThatWaitsForAClaim(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.advance(joinPatience-time.Second, "beats")
	if n := len(b.sent("resource")); n != 0 {
		t.Errorf("%d claims before it has had time to answer", n)
	}
	b.advance(5*time.Second, "beats")
	if len(b.sent("resource")) == 0 {
		t.Error("no claim: both wait for ever")
	}
}

// A lost `starting` that is asked for when it was answered long ago would unsettle a C node for good.
func TestLateStartingDoesNotUnsettle(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	number, _ := strconv.ParseUint(b.sent("starting")[0].Str("seq"), 16, 64)
	b.advance(2500*time.Millisecond, "beats")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1") // answers the second one
	b.advance(time.Second, "beats")
	b.clear()
	b.rexmit(strconv.FormatUint(number, 10), strconv.FormatUint(number, 10))
	if got := b.sends(); len(got) != 1 || got[0].Str("t") != "resource" || got[0].Str("isstable") != "1" || got[0].Str("seq") != hex(number) {
		t.Errorf("sent for it: %s", b.text())
	}
}

// With ip-request a C node asks once. What an earlier life of ours was asked for is offered to it.
func TestCNodeAskedAnEarlierLife(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Failback = FailbackLegacy })
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=ip-request-resp dest=beta ipaddr=db weown=no ok=OK")
	b.clear()
	b.advance(time.Minute, "beats")
	b.wantsNot("ipaddr=db")
}

// With ip-request a group found half running is stopped: the C node that was there may run all of it.
func TestHalfOfAGroupFoundBesideC(t *testing.T) {
	cfg := testConfig()
	cfg.Failback = FailbackLegacy
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.answer = func(r Run) (int, string, bool) {
		if r.Op != Status {
			return 0, "", true
		}
		if r.Resource == "web" {
			return 0, "running", true
		}
		return 3, "stopped", true
	}
	b.step(Started{})
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=ip-request ipaddr=ip1", "run web stop")
	b.wantsNot("run ip1 start")
}

// A C node that waits for the end of a move an earlier life of ours has forgotten refuses every request;
// its group ran nowhere.
func TestOrphanOfARefusingCNode(t *testing.T) {
	b := joinedToC(t, "none")
	b.advance(2*time.Minute, "beats")
	var words []string
	for _, m := range b.sent("ask_resources") {
		words = append(words, m.Str("info"))
	}
	if len(words) < 3 || words[0] != "me" || words[1] != "done" || words[2] != "me" {
		t.Errorf("asked with %v, want me, and then done before the next", words)
	}
}

// Only we were deaf: the C node hears us still, and only by the key it speaks with.
func TestPeerKeyOutlivesItsNode(t *testing.T) {
	b := joinedToC(t, "local")
	key := b.c.PeerKey()
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	if b.c.PeerKey() != key {
		t.Errorf("key %d, was %d", b.c.PeerKey(), key)
	}
}

// After a split only the way from the C node to us is mended: it runs everything and cannot learn that
// we live.
func TestCNodeStaysDeafAfterASplit(t *testing.T) {
	b := joinedToC(t, "local")
	b.advance(6 * time.Second)
	b.wants("run db start")
	b.advance(healPatience+joinPatience-time.Second, "beats")
	b.wantsNot("run db stop")
	b.advance(3*time.Second, "beats")
	b.wants("beta does not hear this node and has taken db over", "run db stop", "run ip1 stop")
	b.clear()
	b.advance(time.Minute, "beats")
	b.wantsNot("run db start", "run ip1 start")
}

// mach_down's claim may be the first word of a C node: it is waited for, but not for ever.
func TestMachDownIsTheFirstWord(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "foreign", "info", "mach_down")
	b.advance(unsettledPatience+joinPatience, "beats")
	if b.c.awaitsC() {
		t.Error("waits for ever")
	}
}

// A C taker that held us for dead while we released takes over, and says nothing more of the dialogue.
func TestTakerTookOverMeanwhile(t *testing.T) {
	b := standbyToC(t)
	b.clear()
	b.from("resource", "rsc_hold", "foreign", "info", "mach_down")
	b.wants("Other node completed standby takeover of local resources.", "isstable=1")
	if b.c.standby.phase != standbyNone {
		t.Error("waits for a done that never comes")
	}
}

// A C taker is killed while a script of its starts the group, and comes back within deadtime: the script may
// have ended well, and nobody there looks. Here the group does not start a second time.
func TestCTakerRestarts(t *testing.T) {
	b := standbyToC(t)
	b.clear()
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.wants("Heartbeat restart on node beta", "which may run there: it is asked again")
	b.beat("active")
	b.from("starting")
	b.wantsNot("run ip1 start")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("info=me")
	b.wantsNot("run ip1 start")
	b.advance(10*time.Second, "beats")
	b.clear()
	b.advance(10 * time.Second) // and now it dies
	b.advance(30 * time.Second)
	b.wants("node beta: is dead", "run ip1 start")
}

// A C taker that is told we have left, while it still starts what we gave, complains of its own word.
func TestStopWaitsForACTaker(t *testing.T) {
	for _, answers := range []bool{true, false} {
		b := standbyToC(t)
		b.clear()
		b.step(StopCommand{})
		b.step(StopCommand{})
		b.wants("Shutdown delayed until current resource activity finishes.", "Heartbeat shutdown already underway.")
		b.wantsNot("t=shutdone")
		if answers {
			b.from("ask_resources", "info", "done", "rsc_hold", "local")
			b.wants("t=shutdone")
			continue
		}
		b.advance(stopPatience-time.Second, "beats")
		b.wantsNot("t=shutdone")
		b.advance(2*time.Second, "beats")
		b.wants("t=shutdone")
	}
}

// A C taker puts the claim that follows its `done` on the wire first. It ends nothing, and the word that comes
// after it is no giver's: the group would be started here again.
func TestClaimOfACTakerOvertakesItsDone(t *testing.T) {
	b := standbyToC(t)
	b.clear()
	done := b.message("ask_resources", "info", "done", "rsc_hold", "local", "seq", hex(b.seq+1))
	b.seq++
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.deliver(done)
	b.advance(5*time.Second, "beats")
	b.wants("Other node completed standby takeover of local resources.")
	b.wantsNot("run ip1 start", "acquire", "info=done")
}

// We were frozen while we released: the C taker's takeover came before our own release was over.
func TestTakerTookOverBeforeWeHadReleased(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.hang()
	b.agrees("local")
	b.from("resource", "rsc_hold", "foreign", "info", "mach_down")
	b.end(0, "")
	for len(b.runs) > 0 {
		b.end(0, "")
	}
	b.wants("info=done", "Other node completed standby takeover of local resources.")
}
