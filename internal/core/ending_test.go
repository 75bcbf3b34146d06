package core

import (
	"strings"
	"testing"
	"time"
)

func (b *bench) times(part string, want int) {
	b.t.Helper()
	if n := strings.Count(b.text(), part); n != want {
		b.t.Errorf("%q %d times, want %d, in\n%s", part, n, want, b.text())
	}
}

// A stop that is asked for twice, or that waited for a standby, happens once.
func TestOneStopOnly(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.step(StopCommand{})
	b.wants("Heartbeat shutdown already underway.")
	b.times("Giving up all HA resources.", 1)

	b = standbyToC(t)
	b.clear()
	b.step(StopCommand{})
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.advance(3*time.Second, "beats")
	b.times("Giving up all HA resources.", 1)
	b.times("t=shutdone", 1)
	b.times("exit\n", 1)
}

// Where nobody is left to wait for, the stop ends with the last group, and ends once.
func TestStopAloneEndsOnce(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(6 * time.Second)
	b.step(StopCommand{})
	b.wants("run web stop", "run db stop")
	b.times("exit\n", 1)
	b.times("Heartbeat shutdown complete.", 1)

	b = joined(t, "1:1:db") // it has left, and nothing could be started
	b.c.groups[0].want = false
	b.c.groups[0].state, b.c.groups[0].failed, b.c.groups[0].retryAt = groupStopped, true, b.now+time.Hour
	b.failing("db")
	b.failing("ip1")
	b.from("shutdone", "st", "dead")
	b.clear()
	b.step(StopCommand{})
	b.times("exit\n", 1)
}

// A takeover that a stop has ended is not talked of when the other node starts again.
func TestStartDuringOurStop(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.from("shutdone", "st", "dead")
	b.step(StopCommand{})
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("starting")
	b.wantsNot("received during takeover")
}

// What a C node asked for by ip-request before it left is forgotten: it is not answered at our own stop.
func TestGoodbyeEndsRequests(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Failback = FailbackLegacy })
	b.advance(11 * time.Second)
	b.wants("run db start")
	b.beat("up")
	b.beat("active")
	works := b.answer
	b.hang()
	b.from("ip-request", "ipaddr", "db")
	b.wants("run db stop")
	b.from("shutdone", "st", "dead")
	b.answer = works
	b.end(0, "")
	b.clear()
	b.step(StopCommand{})
	b.wantsNot("ip-request-resp")
}

// A C node that dies before it answers an ip-request, and returns from a partition, is asked as at first.
func TestDeathEndsRequests(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Failback = FailbackLegacy })
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=ip-request ipaddr=ip1")
	b.advance(15 * time.Second)
	b.wants("node beta: is dead", "run ip1 start")
	b.beat("active")
	b.clear()
	b.advance(2*time.Second, "beats")
	b.wants("t=ip-request ipaddr=ip1")
	b.wantsNot("does not answer the request")
}

// A node that restarts is the newest change, and status says how we know.
func TestRestartInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.wantsLast("beta restarted (a higher generation in its status)")
}

// Held up for exactly as long as two beats take, a node sends one.
func TestOneBeatAfterTwoBeatsTime(t *testing.T) {
	b := joined(t, "1:1:db")
	b.now = b.c.nextBeat + b.c.cfg.Keepalive
	b.step(Tick{})
	b.advance(0)
	if n := len(b.sent("status")); n != 1 {
		t.Errorf("%d beats, want 1", n)
	}
}

// A C node that returns while our own status scripts still run is left alone for three seconds: it may be
// about to restart.
func TestReturnWhileWeLook(t *testing.T) {
	b := &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.beat("active")
	b.clear()
	b.advance(healPatience-time.Millisecond, "beats")
	b.wantsNot("t=starting")
	b.advance(2*time.Millisecond, "beats")
	b.wants("t=starting")
}

// After a partition a C node is told what we hold, though it is what we held before.
func TestClaimIsRepeatedAfterAPartition(t *testing.T) {
	b := newBench(t)
	b.advance(11 * time.Second)
	b.beat("up")
	b.beat("active")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.wants("rsc_hold=all")
	b.advance(6 * time.Second)
	b.beat("active")
	b.wants("returning after partition")
	b.clear()
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.wants("t=resource rsc_hold=all")
}

// The residue of a number that wants an acknowledgement is a digit: no number ends in ten.
func TestResidueIsADigit(t *testing.T) {
	for r := range uint64(300) {
		c := New(testConfig())
		c.Step(Stamp{At: time.Hour, Rand: r}, Started{})
		if c.peer.residue > 9 {
			t.Fatalf("residue %d for %d", c.peer.residue, r)
		}
	}
}

// A status script that is killed is asked again three times, whatever happened to the one before.
func TestEachProbeHasItsTries(t *testing.T) {
	cfg := testConfig()
	cfg.Groups = cfg.Groups[:1]
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	killed := func() {
		r := b.runs[0]
		b.runs = nil
		b.step(ScriptDone{ID: r.ID, Unsure: true, RC: 137})
		b.advance(time.Second)
	}
	killed()
	killed()
	b.end(3, "stopped")
	for range 3 {
		killed()
	}
	b.times("run web status", 4)
	b.wantsNot("Running here already")
}

// A stop that hangs changes nothing of how the group came here: the other node compares that. And the time
// that a group found hanging is held counts from when it was first said.
func TestHangingChangesNoTerm(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.group("ip1").term.n = 3 // it has changed its owner
	before := b.c.listing(false)
	b.step(StopCommand{})
	b.advance(31*time.Second, "beats", "hbd", "1")
	b.wants("web stop has been running for 30 s")
	if got := b.c.listing(false); got != before {
		t.Errorf("listing %q, was %q", got, before)
	}

	b = &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.advance(31 * time.Second)
	if got := b.c.listing(true); got != "b1:1000:ip1" {
		t.Errorf("listing %q", got)
	}
	b.advance(300 * time.Second)
	if got := b.c.listing(true); !strings.HasPrefix(got, "b1:301000:ip1") {
		t.Errorf("listing %q", got)
	}
}

// What is settled releases nothing, whatever word its claim carries: it is not waited for later.
func TestSettledNodeReleasesNothing(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "info", "standby")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0")
	b.advance(61*time.Second, "beats")
	if b.c.awaitsC() {
		t.Error("still awaited")
	}
}
