package core

import (
	"strings"
	"testing"
	"time"
)

// split is a pair whose nodes did not hear each other for a while: this one has taken everything.
func split(t *testing.T, groups string, change ...func(*Config)) *bench {
	t.Helper()
	b := joined(t, groups, change...)
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.clear()
	return b
}

// What status says of a clash, and of its end.
func TestClashInTheStatus(t *testing.T) {
	b := split(t, "1:1:db")
	b.hang()
	b.beat("active", "hbd", "1")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "2:1000:ip1 1:9000:db")
	b.wants("Both machines own resource group ip1, for 1s so far!", "alpha keeps ip1 without a restart because it held it before the split; beta releases it now",
		"beta keeps db without a restart because it held it before the split; alpha releases it now", "announce ip1\nannounce web", "run db stop")
	b.wantsNot("announce db")
	b.wantsLast("db stays on beta (both nodes claimed it; beta held it before the split)")
	if v := b.c.View(b.now); v.Holding != "transition" {
		t.Errorf("holding %s", v.Holding)
	}
	b.clear()
	b.advance(1500*time.Millisecond, "beats", "hbd", "1")
	b.claim("1:9000:db")
	b.wants("beta has released ip1 after 1500 ms; it runs here only", "announce ip1\nannounce web")
	b.wantsNot("has released db")
	b.clear()
	b.end(0, "")
	b.wantsNot("has released")
}

// The end of a clash that we gave way in is nothing that the other node has released.
func TestEndOfAClashThatWeLost(t *testing.T) {
	b := split(t, "1:1:db")
	b.hang()
	b.beat("active", "hbd", "1")
	b.claim("1:9000:db")
	b.clear()
	b.claim("") // it has lost db meanwhile, and ours is stopping
	b.wantsNot("has released", "announce")
}

// An operator's request for a standby is no excuse for two owners; a standby that goes on is, for
// then both nodes may name the group for a moment.
func TestClashAndStandby(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StandbyCommand{Local})
	b.claim("2:1:ip1 1:1:db")
	b.wants("Both machines own resource group ip1")

	b = joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.hang()
	b.agrees("local")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "0")
	b.wantsNot("Both machines own")
}

// A node that is the home of no group has a side all the same, empty: it is worth no alarm, and stays with
// the node whose it is.
func TestClashOfAnEmptySide(t *testing.T) {
	few := func(c *Config) { c.Groups = c.Groups[:1] }
	b := joinedToC(t, "local", few)
	b.advance(6 * time.Second)
	b.clear()
	b.beat("active")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.advance(10*time.Second, "beats")
	b.wantsNot("Both machines own", "does not give")
	if hold := b.lastClaim().Str("rsc_hold"); hold != "local" {
		t.Errorf("hold %s", hold)
	}

	b = joined(t, "1:1:db", func(c *Config) { c.Groups = c.Groups[1:] })
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:db")
	b.advance(time.Second, "beats", "hbd", "1")
	if hold := b.c.hold(); hold != Local {
		t.Errorf("our own empty side: hold %s", hold)
	}
}

// A node that does not hear us has taken over and cannot learn that we live: we give way two and a half
// beats after it said so, once, and say it once.
func TestWayIsGivenToTheDeaf(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] })
	b.hang()
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "2:1:ip1", "hbd_sees", "dead")
	b.advance(2499*time.Millisecond, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wantsNot("run web stop")
	b.advance(time.Millisecond, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wants("run web stop", "beta does not hear this node and has taken ip1 over: this node releases it")
	b.wantsNot("has taken  over")
	b.wantsLast("ip1 released to beta (our beats do not reach beta)")
	b.advance(3*time.Second, "beats", "hbd", "1", "hbd_sees", "dead")
	if n := strings.Count(b.text(), "does not hear this node"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// The same for what a killed daemon left running here, before anything is decided.
func TestWayIsGivenToTheDeafAtTheStart(t *testing.T) {
	b := &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.end(0, "running")
	b.end(0, "running")
	b.end(0, "running")
	b.beat("active", "hbd", "1", "hbd_sees", "dead")
	b.advance(2499*time.Millisecond, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wantsNot("stop")
	b.advance(time.Millisecond, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wants("run web stop", "has taken ip1 over", "has taken db over")
	b.advance(3*time.Second, "beats", "hbd", "1", "hbd_sees", "dead")
	if n := strings.Count(b.text(), "has taken db over"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// A C node that stays deaf after a split: what is not here is not released, an empty side is worth no
// line, and status says why the rest went.
func TestWayIsGivenToADeafCNode(t *testing.T) {
	b := joinedToC(t, "local", func(c *Config) { c.Groups = c.Groups[:1] })
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.clear()
	b.beat("active")
	b.advance(healPatience+joinPatience-time.Millisecond, "beats")
	b.wantsNot("run web stop")
	b.advance(time.Millisecond, "beats")
	b.wants("beta does not hear this node and has taken ip1 over: this node releases it", "run web stop")
	b.wantsNot("has taken  over")
	b.wantsLast("ip1 released to beta (our beats do not reach beta)")
	b.advance(5*time.Second, "beats")
	b.wantsNot("does not say what it holds") // that is for a node's first word
	if n := strings.Count(b.text(), "has taken ip1 over"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// Only a C node, only an active one and only after a split: to whoever is merely silent nothing is given.
func TestNoWayForTheMerelySilent(t *testing.T) {
	b := split(t, "1:1:db") // a heartbeatd that returns and makes no claim
	b.advance(time.Duration(0))
	b.beat("active", "hbd", "1")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wantsNot("run web stop", "run db stop")

	b = joinedToC(t, "local") // a C node that returns, but not active
	b.advance(6 * time.Second)
	b.beat("up")
	for range 20 {
		b.advance(time.Second)
		b.beat("up")
	}
	b.wantsNot("run web stop", "does not hear this node")
}

// Only part of a group runs on the other node: no two owners, but a group that is no whole anywhere.
func TestClashWithAPart(t *testing.T) {
	b := joined(t, "1:1:db")
	b.claim("p2:1:ip1 1:1:db")
	b.wants("WARN Part of resource group ip1 runs on the node that does not own it")
	b.wantsNot("Both machines own")

	b = &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.end(0, "running")
	b.end(3, "stopped")
	b.end(3, "stopped")
	b.claim("1:50:ip1 1:1:db")
	b.wants("WARN Part of resource group ip1 runs on the node that does not own it")
	b.wantsNot("Both machines own")
}

// What status says when we give way to a C node.
func TestClashWithCInTheStatus(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.advance(clashPatience-time.Millisecond, "beats")
	b.wantsNot("run web stop")
	b.advance(time.Millisecond, "beats")
	b.wants("beta does not give ip1 up: this node releases it", "run web stop")
	b.wantsLast("ip1 released to beta (both nodes claimed it)")
	if n := strings.Count(b.text(), "does not give ip1 up"); n != 1 {
		t.Errorf("said %d times", n)
	}
}
