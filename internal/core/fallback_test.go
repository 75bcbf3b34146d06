package core

import (
	"strings"
	"testing"
	"time"
)

func failbackOn(c *Config) { c.Failback = FailbackOn }

// returns is the other node's next life, which claims the given groups.
func (b *bench) returns(groups string) {
	b.t.Helper()
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.claim(groups)
	b.advance(2*time.Second, "beats", "hbd", "1")
}

// What a stopping node had given up already goes back to it, though it was started again before it could
// say goodbye.
func TestFailbackToANodeThatDidNotSayGoodbye(t *testing.T) {
	nfs := func(c *Config) { c.Groups = append(c.Groups, GroupConfig{Home: "beta", Resources: []string{"nfs"}}) }
	b := joined(t, "1:1:db 1:1:nfs", failbackOn, nfs)
	b.claim("1:1:nfs", "info", "shutdown")
	b.wants("run db start")
	b.returns("1:1:nfs")
	b.wants("alpha wants to go standby [foreign]")

	b = joined(t, "1:1:db 1:1:ip1", failbackOn) // what is our own stays
	b.claim("1:1:db", "info", "shutdown")
	b.wants("run ip1 start")
	b.returns("1:1:db")
	b.wantsNot("wants to go standby")
}

// With auto_failback on, only what was here in the other's absence goes back by itself: not what it could
// not run while it was there, unless it dies afterwards. Both groups go with one request.
func TestWhatGoesBackByItself(t *testing.T) {
	nfs := func(c *Config) { c.Groups = append(c.Groups, GroupConfig{Home: "beta", Resources: []string{"nfs"}}) }
	b := joined(t, "", failbackOn, nfs)
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.wantsNot("leaves db to nobody", "run db start")
	b.claim("", "hbd_failed", "db nfs")
	b.wants("run db start", "run nfs start")
	b.claim("")
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.wantsNot("wants to go standby")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.returns("")
	b.wants("alpha wants to go standby [foreign]")
	b.wantsNot("Standby in progress")
}

// With auto_failback legacy everything goes home as soon as its home can run it.
func TestLegacyBetweenHeartbeatds(t *testing.T) {
	b := joined(t, "", legacy)
	b.claim("", "hbd_failed", "db")
	b.wants("run db start")
	b.wantsNot("wants to go standby")
	b.claim("")
	b.advance(2*time.Second, "beats", "hbd", "1")
	b.wants("alpha wants to go standby [foreign]")
}

// A group that neither node could start is tried again at its home half a minute later, not before and
// not after; when it has run since, the next failure counts as the first.
func TestGroupThatNeitherCouldStart(t *testing.T) {
	b := newBench(t)
	mend := b.failing("ip1")
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db", "hbd_failed", "ip1")
	starts := func(want int, when string) {
		t.Helper()
		if n := strings.Count(b.text(), "run ip1 start"); n != want {
			t.Errorf("%s: %d starts, want %d", when, n, want)
		}
	}
	starts(1, "at once")
	b.advance(retryFailed-time.Millisecond, "beats", "hbd", "1")
	starts(1, "just before")
	mend()
	b.advance(time.Millisecond, "beats", "hbd", "1")
	starts(2, "after half a minute")
	if o := b.c.View(b.now).Groups[0].Owner; o != "alpha" {
		t.Errorf("owner %q", o)
	}
}

// A C node that is not settled for long is not asked for anything: it would refuse.
func TestUnsettledCNodeIsNotAsked(t *testing.T) {
	b := newBench(t)
	b.failing("ip1")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("Giving up resources due to failure of ip1")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.clear()
	b.advance(2*time.Minute, "beats")
	b.wantsNot("in flux", "leaves db to nobody", "run db start")
}

// A C node that leaves its group to nobody is asked again and again, and told `done` first every other time.
func TestOrphanIsAskedForAgain(t *testing.T) {
	b := joinedToC(t, "none")
	b.advance(52*time.Second, "beats")
	if n := strings.Count(b.text(), "leaves db to nobody"); n != 3 {
		t.Errorf("asked %d times", n)
	}
	if n := strings.Count(b.text(), "info=done"); n != 1 {
		t.Errorf("told done %d times", n)
	}
}

// A takeover that could not start a group says so in the status, not that all is well; and a node without
// any group says that it has none.
func TestWhatStatusSaysOfATakeover(t *testing.T) {
	b := joined(t, "1:1:db")
	b.failing("db")
	b.advance(5 * time.Second)
	b.wants("mach_down takeover complete for node beta.")
	b.wantsLast("db could not be started here (db start returned 1)")

	b = newBench(t, func(c *Config) { c.Groups = nil })
	b.advance(11 * time.Second)
	b.wants("No local resources [/usr/share/heartbeat/ResourceManager listkeys alpha] to acquire.")
}
