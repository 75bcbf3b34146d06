package core

import (
	"testing"
	"time"
)

// Each way of not answering is named once, and the second though the first was named.
func TestBothSilencesAreNamed(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.advance(5*time.Second-1, "beats")
	b.wantsNot("does not answer")
	b.advance(1, "beats")
	b.wants("beta is heard, but does not answer")
	b.from("repnodes", "nodelist", "alpha beta")
	b.advance(2*joinPatience+time.Second, "beats")
	b.wants("beta does not say what it holds")
	b.times("does not answer", 1)
}

// A node that has restarted a moment ago is not blamed for its earlier life's silence.
func TestRestartIsNoSilence(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Keepalive, c.Deadtime = 100*time.Millisecond, 400*time.Millisecond })
	b.beat("up")
	b.advance(500 * time.Millisecond)
	b.gen, b.seq = b.gen+1, 0
	b.beat("init")
	b.clear()
	b.advance(time.Second)
	b.wantsNot("does not answer", "t=reqnodes")
}

// With ip-request nobody says what it holds, and nobody is blamed for it while our own scripts are slow.
func TestLegacyCNodeIsNotBlamed(t *testing.T) {
	cfg := testConfig()
	legacy(&cfg)
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.advance(25*time.Second, "beats")
	b.wantsNot("does not say what it holds")
}

// A heartbeatd that returns after a partition is asked for its claim; `starting` would unsettle it.
func TestReturnedNodeIsAskedForItsClaim(t *testing.T) {
	b := split(t, "1:1:db")
	b.beat("active", "hbd", "1")
	b.clear()
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.wants("hbd_reply=yes")
	b.wantsNot("t=starting")
}

// Who stops wants to know nothing any more, and a stop that comes before the other node has answered is not
// followed by a start.
func TestStoppingNodeAsksNothing(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.clear()
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.wantsNot("hbd_reply=yes", "t=starting")

	b = &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("up")
	b.step(StopCommand{})
	b.from("repnodes", "nodelist", "alpha beta")
	b.advance(2*time.Second, "beats")
	b.wantsNot("Comm_now_up()", "t=resource")
}

// The first claim of a life says what was found, before anything is taken.
func TestFirstClaimIsUnsettled(t *testing.T) {
	b := newBench(t)
	b.advance(10 * time.Second)
	first := b.sent("resource")[0]
	if first.Str("rsc_hold") != "none" || first.Str("isstable") != "0" {
		t.Errorf("%s isstable=%s", first.Str("rsc_hold"), first.Str("isstable"))
	}
}

// A C node that asks who holds what is not settled from then on, whatever it says later.
func TestCNodeThatAsksIsAwaited(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("starting")
	b.advance(59*time.Second, "beats")
	if !b.c.awaitsC() {
		t.Error("not awaited for a minute")
	}
	b.advance(2*time.Second, "beats")
	if b.c.awaitsC() {
		t.Error("awaited for longer than a minute")
	}
}

// Found running here at our start: what a C node claims is stopped at once, for it never yields; what it
// leaves to nobody runs on.
func TestLeftoversBesideACNode(t *testing.T) {
	b := foundHere(t, map[string]bool{"ip1": true, "web": true})
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.wants("run web stop")

	b = foundHere(t, map[string]bool{"db": true})
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.advance(2*time.Second, "beats")
	b.wants("Running here already, of group db: db")
	b.wantsNot("run db stop")
}

// Who has only given us something by a word, and never said what it holds, has not given up everything.
func TestDeathOfAGiverThatNeverClaimed(t *testing.T) {
	b := joinedToC(t, "local")
	b.advance(6 * time.Second)
	b.beat("active")
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.wants("standby: acquire [local] resources from beta")
	b.clear()
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "No STONITH device configured.")
	b.wantsNot("gave up resources")
}
