package core

import (
	"strings"
	"testing"
	"time"
)

// A stopping heartbeatd that still holds something has given up what it no longer lists: that is taken
// at once. When it lists nothing more, its goodbye is on the way and is waited for.
func TestGroupsOfAStoppingNode(t *testing.T) {
	b := joined(t, "1:1:db 1:1:nfs", func(c *Config) {
		c.Groups = append(c.Groups, GroupConfig{Home: "beta", Resources: []string{"nfs"}})
	})
	b.claim("1:1:nfs", "info", "shutdown")
	b.wants("beta is stopping", "run db start")
	b.wantsNot("run nfs start")
	b.clear()
	b.claim("", "info", "shutdown")
	b.wantsNot("run nfs start", "beta is stopping")
	b.from("shutdone", "st", "dead")
	b.wants("run nfs start")
}

// A claim that is older than the one the node says it has made decides nothing.
func TestOutdatedClaimDecidesNothing(t *testing.T) {
	b := joined(t, "1:1:db")
	b.claim("", "hbd_failed", "db", "hbd_claim", hex(b.seq+3))
	b.wantsNot("run db start")
	b.seq++
	b.claim("2:1:db", "hbd_claim", hex(b.seq+1))
	b.wantsNot("run db start")
}

// A node that could not run its own group is not given it back again and again.
func TestNoFailbackToWhoFailed(t *testing.T) {
	on := func(c *Config) { c.Failback = FailbackOn }
	returns := func(claim ...string) *bench {
		b := joined(t, "1:1:db", on)
		b.advance(6 * time.Second)
		b.wants("run db start")
		b.gen, b.seq = b.gen+1, 0
		b.beat("active", "hbd", "1")
		b.clear()
		b.claim("", claim...)
		b.advance(5*time.Second, "beats", "hbd", "1")
		return b
	}
	returns().wants("alpha wants to go standby [foreign]")
	returns("hbd_failed", "db").wantsNot("wants to go standby")

	b := joined(t, "1:1:db", on) // what is not running yet is not given
	b.hang()
	b.advance(6 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.beat("active", "hbd", "1")
	b.claim("")
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.wantsNot("wants to go standby")
	b.end(3, "stopped")
	b.end(0, "")
	b.wants("alpha wants to go standby [foreign]")

	b = joined(t, "1:1:db", on) // nor to who is not settled
	b.advance(6 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.beat("active", "hbd", "1")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "hbd", "1", "hbd_groups", "")
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.wantsNot("wants to go standby")
}

// The lines that an operator waits for at the start, and what status says then.
func TestLinesOfTheStart(t *testing.T) {
	b := newBench(t)
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db")
	b.wants("info Local Resource acquisition completed.\n")
	b.wantsLast("our own resources acquired (start of this node)")

	b = newBench(t) // the other node has ours already
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db 1:1:ip1")
	b.wants("Local Resource acquisition completed. (none)")
	b.wantsLast(" ()")

	b = newBench(t, func(c *Config) { c.Groups = c.Groups[1:] }) // we have none
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db")
	b.wants("No local resources [/usr/share/heartbeat/ResourceManager listkeys alpha] to acquire.")

	b = newBench(t)
	b.failing("ip1")
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db")
	b.wants("info Local Resource acquisition completed.\n")
	b.wantsLast("ip1 could not be started here (ip1 start returned 1)")
}

// The lines of a takeover come once, when everything is here, and not before.
func TestLinesOfATakeover(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.from("shutdone", "st", "dead")
	b.wants("info: Taking over resource group db")
	b.wantsNot("mach_down takeover complete")
	b.end(3, "stopped")
	b.wantsNot("mach_down takeover complete")
	b.end(0, "")
	b.wants("info: mach_down takeover complete for node beta.", "info mach_down takeover complete.\n")
	b.clear()
	b.advance(20 * time.Second)
	b.wantsNot("takeover complete")

	b = newBench(t, func(c *Config) { c.Failback = FailbackLegacy }) // 3.0.6: its mach_down then sends no claim
	b.advance(11 * time.Second)
	b.wants("info: mach_down takeover complete for node beta.")
	b.wantsNot("info mach_down takeover complete.\n")
}

// A group that failed beside a C node is offered to it after half a minute, the right side of it, and
// only when nothing of it runs here any more.
func TestFailedGroupIsHandedToC(t *testing.T) {
	b := joinedToC(t, "none", func(c *Config) { c.Groups = c.Groups[:1] })
	b.step(StandbyCommand{Local})
	b.agrees("local")
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.advance(time.Second, "beats")
	b.failing("ip1")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.wants("Giving up resources due to failure of ip1")
	b.clear()
	b.advance(29*time.Second, "beats")
	b.wantsNot("wants to go standby")
	b.advance(2*time.Second, "beats")
	b.wants("alpha wants to go standby [local]")
}

// What a C node leaves to nobody: it is asked after ten seconds, and when it has been asked in vain, told
// `done` first; a group that is owned in between has its ten seconds anew.
func TestOrphansOfACNode(t *testing.T) {
	b := joinedToC(t, "none")
	b.advance(9*time.Second, "beats")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.advance(9*time.Second, "beats")
	b.wantsNot("leaves db to nobody")
	b.advance(2*time.Second, "beats")
	b.wants("WARN beta leaves db to nobody: it is asked to take it", "info=me")
	b.wantsNot("info=done", "run db start")

	b = joinedToC(t, "none")
	b.advance(9*time.Second, "beats")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(5*time.Second, "beats")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.advance(9*time.Second, "beats")
	b.wantsNot("leaves db to nobody") // it was not settled in between
}

// With ip-request: what the C node asks for is released and then answered, once; its restart voids what
// it asked, and so does its death.
func TestRequestsOfACNode(t *testing.T) {
	legacy := func(c *Config) { c.Failback = FailbackLegacy }
	start := func() *bench {
		b := newBench(t, legacy)
		b.advance(11 * time.Second) // alone: everything is here
		b.wants("run db start")
		b.beat("up")
		b.beat("active")
		b.clear()
		return b
	}
	b := start()
	b.from("ip-request", "ipaddr", "db")
	b.wants("run db stop", "t=ip-request-resp dest=beta ipaddr=db weown=yes ok=OK")
	b.wantsLast("db given to beta (beta asked for it)")
	if o := b.c.View(b.now).Groups[1].Owner; o != "beta" {
		t.Errorf("owner %q", o)
	}
	b.clear()
	b.from("ip-request", "ipaddr", "db")
	b.wants("ipaddr=db weown=no ok=OK")
	b.from("ip-request", "ipaddr", "nfs") // it knows a group that we do not
	b.wants("ipaddr=nfs weown=no ok=OK")
	b.clear()
	b.from("ip-request", "ipaddr", "")
	b.wantsNot("send")

	for _, end := range []string{"restart", "death"} {
		b = start()
		b.hang()
		b.from("ip-request", "ipaddr", "db")
		b.wants("run db stop")
		if end == "restart" {
			b.gen, b.seq = b.gen+1, 0
			b.beat("up")
		} else {
			b.advance(6 * time.Second)
		}
		b.end(0, "")
		b.wantsNot("ip-request-resp")
	}
}

// With ip-request our own group is taken only when the C node has answered for it, and to us.
func TestAnswersOfACNode(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Failback = FailbackLegacy })
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=ip-request ipaddr=ip1")
	b.wantsNot("ipaddr=db")
	for _, wrong := range [][]string{
		{"dest", "gamma", "ipaddr", "ip1", "ok", "OK"}, {"dest", "alpha", "ipaddr", "db", "ok", "OK"},
		{"dest", "alpha", "ipaddr", "ip1", "ok", "fail"}, {"dest", "alpha", "ipaddr", "nfs", "ok", "OK"},
	} {
		b.from("ip-request-resp", append(wrong, "weown", "no")...)
	}
	b.wantsNot("run ip1 start", "run db start")
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "yes")
	b.wants("received ip-request-resp ip1 OK yes", "run ip1 start", "run web start")
	b.wantsNot("announce") // its start announces it
	b.clear()
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "yes")
	b.wants("announce ip1", "announce web")
	if n := strings.Count(b.text(), "run"); n != 0 {
		t.Errorf("started again: %s", b.text())
	}
}
