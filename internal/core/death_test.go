package core

import (
	"strings"
	"testing"
	"time"
)

// last is the line that `heartbeatd status` shows for what happened last, with its cause.
func (b *bench) last() string {
	v := b.c.View(b.now)
	return v.Last.What + " (" + v.Last.Cause + ")"
}

func (b *bench) wantsLast(want string) {
	b.t.Helper()
	if got := b.last(); got != want {
		b.t.Errorf("status says %q, want %q", got, want)
	}
}

// A timer that is as late as a beat is long is nothing; one that is later means that nobody let us run.
func TestWhenAStallIsOne(t *testing.T) {
	for _, tt := range []struct {
		keepalive, late time.Duration
		stalled         bool
	}{
		{time.Second, 500 * time.Millisecond, false},
		{time.Second, time.Second, false},
		{time.Second, time.Second + 1, true},
		{50 * time.Millisecond, 80 * time.Millisecond, false},
		{50 * time.Millisecond, 150 * time.Millisecond, true},
	} {
		b := joined(t, "", func(c *Config) { c.Keepalive = tt.keepalive })
		b.now = b.c.NextTick() + tt.late
		b.step(Tick{})
		if got := strings.Contains(b.text(), "This node was held up"); got != tt.stalled {
			t.Errorf("keepalive %s, %s late: held up %v", tt.keepalive, tt.late, got)
		}
	}
	b := newBench(t, func(c *Config) { c.Peer = "" })
	b.now += time.Minute
	b.step(Tick{})
	b.wants("This node was held up")
}

// When more waits than can be read in time, we look again a quarter of a beat later.
func TestPartialEvidence(t *testing.T) {
	b := joined(t, "")
	b.advance(4999 * time.Millisecond)
	b.now += time.Millisecond
	b.step(Tick{Partial: true})
	b.wantsNot("is dead")
	if at := b.c.NextTick(); at != b.now+250*time.Millisecond {
		t.Errorf("looks again after %s", at-b.now)
	}
}

// What an operator finds in status after a death: since when, how often, why, and which link.
func TestDeathInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.Links = []string{"eth0"} })
	up := b.c.now.Wall
	b.advance(2 * time.Second)
	if v := b.c.View(b.now); v.Nodes[1].Links[0] != (LinkView{"eth0", true, up}) || v.Nodes[0].Since != up || v.Nodes[0].Status != "active" {
		t.Errorf("%+v", v)
	}
	b.hang()
	b.advance(3 * time.Second)
	v := b.c.View(b.now).Nodes[1]
	if v.Status != "dead" || v.Deaths != 1 || v.Since != up+5 || v.Links[0] != (LinkView{"eth0", false, up + 5}) {
		t.Errorf("%+v", v)
	}
	b.wantsLast("beta is dead (no beat for 5s)")
	b.end(3, "stopped")
	b.end(0, "")
	b.wantsLast("everything taken over from beta (no beat for 5s)")
	b.beat("active", "hbd", "1")
	b.wantsLast("beta returned after a partition (its beats came back without a restart)")
}

// A node that stopped by the book and falls silent has not died.
func TestStoppedNodeDoesNotDie(t *testing.T) {
	b := joined(t, "1:1:db")
	start := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "db" && r.Op == Start {
			return 1, "", true
		}
		return start(r)
	}
	b.from("shutdone", "st", "dead")
	b.clear()
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "Dead node beta gave up resources.")
	b.wantsNot("Resources being acquired", "No STONITH")
	if v := b.c.View(b.now).Nodes[1]; v.Deaths != 0 || !v.Stopped && v.Status != "dead" {
		t.Errorf("%+v", v)
	}
	b.wantsLast("db could not be started here (db start returned 1)")
}

// Who is stopping takes nothing over, and does not talk of it.
func TestDeathWhileWeStop(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.wantsNot("STONITH", "Resources being acquired", "run db")
	b.wantsLast("beta is dead (no beat for 5s)")
}

// A group that failed here is tried again at once when the only node that could run it is dead.
func TestDeathOfTheOnlyOneThatCould(t *testing.T) {
	b := joined(t, "1:1:db")
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "db" && r.Op == Start {
			return 1, "", true
		}
		return works(r)
	}
	b.claim("", "hbd_failed", "db")
	b.wants("Giving up resources due to failure of db")
	b.claim("2:1:db")
	b.answer = works
	b.clear()
	b.advance(5 * time.Second)
	b.wants("node beta: is dead", "run db start")
	if cl := b.lastClaim(); cl.Has("hbd_failed") {
		t.Errorf("still said to have failed: %s", cl.Str("hbd_failed"))
	}
	if v := b.c.View(b.now); v.Groups[0].State != "running" || v.Groups[1].State != "running" {
		t.Errorf("%+v", v.Groups)
	}
}

// The other node dies before the clash about its group is over.
func TestDeathInAClash(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(6 * time.Second)
	b.hang()
	b.beat("active", "hbd", "1")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:9000:db")
	b.wants("Both machines own resource group db", "run db stop")
	b.clear()
	b.advance(5 * time.Second)
	b.wants("node beta: is dead", "Resources being acquired from beta.", "No STONITH device configured.")
}

// A C node that dies while our own scripts are still asked what runs here has its ten seconds anew
// when it returns.
func TestTenSecondsAfterADeath(t *testing.T) {
	b := &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.advance(6 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.beat("active")
	b.from("starting")
	for range 3 {
		b.end(3, "stopped")
	}
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(9*time.Second, "beats")
	b.wantsNot("local resource transition completed.")
}

// After a partition both nodes say what they hold, even if ours is what we said before.
func TestClaimAfterAPartition(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] })
	b.advance(6 * time.Second)
	b.clear()
	b.beat("active", "hbd", "1")
	if b.lastClaim().Str("hbd_reply") != "yes" {
		t.Errorf("the other is not asked for its claim: %s", b.text())
	}
}

// A C node that noticed the partition restarts two seconds later, and is left alone until then.
func TestCNodeIsLeftAloneAfterAPartition(t *testing.T) {
	b := joinedToC(t, "local")
	b.advance(6 * time.Second)
	b.wantsNot("t=resource") // it is dead: if it only looks so, a claim makes it complain
	b.beat("active")
	b.clear()
	b.advance(2900*time.Millisecond, "beats")
	b.wantsNot("t=starting")
	b.advance(200*time.Millisecond, "beats")
	b.wants("t=starting")
}
