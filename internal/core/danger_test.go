package core

import (
	"strings"
	"testing"
	"time"
)

// Each test here is named after a number of behaviour.md chapter 12, "do not copy".

func TestDanger1NothingIsClaimedLessThanHeld(t *testing.T) {
	b := joined(t, "")
	b.hang()
	b.step(StopCommand{})
	b.wants("run web stop")
	if cl := b.lastClaim(); cl.Str("rsc_hold") != "local" || !strings.HasSuffix(cl.Str("hbd_groups"), ":ip1") || cl.Str("isstable") != "0" {
		t.Errorf("while the stop script runs the claim is %s [%s]", cl.Str("rsc_hold"), cl.Str("hbd_groups"))
	}
	b.clear()
	b.end(0, "")
	b.wants("run ip1 stop")
	b.wantsNot("rsc_hold=none", "shutdone")
	b.end(0, "")
	b.wants("rsc_hold=none", "t=shutdone")
}

func TestDanger2FailedStartGoesToTheOtherNode(t *testing.T) {
	b := newBench(t)
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start && r.Resource == "web" {
			return 5, "", true
		}
		return 0, "stopped", true
	}
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db")
	b.wants("ERROR: Return code 5 from /etc/ha.d/resource.d/web", "CRIT: Giving up resources due to failure of web", "run web stop", "run ip1 stop")
	if cl := b.lastClaim(); cl.Str("hbd_failed") != "ip1" || cl.Str("hbd_groups") != "" {
		t.Errorf("claim [%s] failed [%s]", cl.Str("hbd_groups"), cl.Str("hbd_failed"))
	}
	b.clear()
	b.advance(40*time.Second, "beats", "hbd", "1")
	b.wantsNot("run") // the other node can take it, and has not failed

	// and from the other side
	b = joined(t, "1:1:db")
	b.claim("", "hbd_failed", "db")
	b.wants("run db start")
}

func TestDanger2NeitherNodeCanStartIt(t *testing.T) {
	b := newBench(t)
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start {
			return 1, "", true
		}
		return 0, "stopped", true
	}
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db", "hbd_failed", "ip1")
	b.clear()
	b.advance(29*time.Second, "beats", "hbd", "1")
	b.wantsNot("run")
	b.advance(2*time.Second, "beats", "hbd", "1")
	b.wants("run ip1 start") // its home tries again
}

func TestDanger3ResultsOfScriptsCountInAStandby(t *testing.T) {
	b := joined(t, "1:1:db")
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start {
			return 1, "", true
		}
		return 0, "stopped", true
	}
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	b.claim("", "hbd_standby", id+" waiting")
	b.wants("run db start", "Return code 1", "info=done")
	if cl := b.lastClaim(); cl.Str("hbd_failed") != "db" || strings.Contains(cl.Str("hbd_groups"), "db") {
		t.Errorf("claim [%s] failed [%s]", cl.Str("hbd_groups"), cl.Str("hbd_failed"))
	}
}

func TestDanger4RestartForgetsTheClaim(t *testing.T) {
	b := joined(t, "1:1:ip1 1:1:db")
	b.wantsNot("run ip1 start")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.wants("Heartbeat restart on node beta")
	b.wantsNot("run")
	if b.c.peer.claim.known {
		t.Error("the claim of the earlier life is kept")
	}
	b.beat("active", "hbd", "1")
	b.wantsNot("run") // it may hold it still: its word is awaited
	b.claim("")
	b.wants("run ip1 start", "run web start")
	b.wantsNot("run db start")
}

func TestDanger5PeerDiesDuringOurRelease(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StandbyCommand{All})
	b.wants("info=me")
	id := b.sent("ask_resources")[0].Str("hbd_standby")
	b.beat("active", "hbd", "1", "hbd_standby", strings.Replace(id, "asked", "offered", 1))
	b.wants("run web stop")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "Cancelling pending standby operation")
	b.clear()
	b.end(0, "") // web has stopped; ip1 has not
	b.wants("run ip1 status")
	b.end(0, "running")
	b.end(0, "stopped")
	b.wants("run web start")
}

func TestDanger7HealedPartitionKeepsTheHolder(t *testing.T) {
	for _, tt := range []struct {
		name  string
		mine  int // changes of owner when we took it
		group string
		keep  bool
	}{
		{"we held it before", 1, "2:100:ip1", true},
		{"it held it before", 3, "2:100:ip1", false},
		{"tie: our preferred group", 2, "2:100:ip1", true},
		{"a claim made blind yields", 2, "b1:100:ip1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := joined(t, "")
			b.advance(6 * time.Second)
			g := b.group("ip1")
			g.term.n = uint64(tt.mine)
			b.clear()
			b.beat("active", "hbd", "1")
			b.wants("Cluster node beta returning after partition.", "hbd_reply=yes")
			b.claim(tt.group)
			b.wants("Both machines own resource group ip1")
			if stopped := strings.Contains(b.text(), "run web stop"); stopped == tt.keep {
				t.Errorf("stopped: %v\n%s", stopped, b.text())
			}
			if tt.keep {
				b.wants("announce ip1")
				b.clear()
				b.claim("")
				b.wants("beta has released ip1", "announce ip1")
			}
		})
	}
}

func TestDanger8HangingScriptIsNamedAndBeatsGoOn(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.clear()
	b.advance(31*time.Second, "beats", "hbd", "1")
	b.wants("web stop has been running for 30 s: it seems to hang; group ip1 waits for it")
	if n := len(b.sent("status")); n < 30 {
		t.Errorf("%d beats in 31 s", n)
	}
	b.clear()
	b.end(0, "")
	b.wants("web stop has ended after", "run ip1 stop")
}

func TestDanger9Held(t *testing.T) {
	for _, tt := range []struct {
		rc   int
		out  string
		held bool
	}{
		{0, "running", true},
		{0, "INFO:  Running OK\n", true},
		{0, "INFO:  Resource is stopped\n", false},
		{0, "", false},
		{0, "stopped", false},
		{0, "nginx is running.\n", true},
		{0, "sshd (pid  1234) is running...\n", true},
		{3, "mysqld is not running\n", false},
		{0, "mysqld is not running\n", false},
		{0, "Apache is NOT running.\n", false},
		{3, "mysqld was running but is dead\n", false},
		{1, "apache2 dead but pid file exists: was running", true}, // rc 1 says nothing certain: 3.0.6's words count
		{7, "OK", false},
		{4, "unknown", false},
		{0, "● nginx.service - A web server\n   Active: active (running) since Mon\n", true},
		{3, "● nginx.service - A web server\n   Active: inactive (dead)\n", false},
		{0, "device drbd0: Primary/Secondary OK", true},
	} {
		if got := Held(tt.rc, tt.out); got != tt.held {
			t.Errorf("Held(%d, %q) = %v", tt.rc, tt.out, got)
		}
	}
}

func TestDanger10TakeoverFailbackMeansOurs(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(TakeoverCommand{Failback})
	if w := b.sent("hb_takeover")[0].Str("rsc_hold"); w != "local" {
		t.Errorf("asks for %s", w)
	}
	b.step(TakeoverCommand{"some"})
	b.wants("takeover: unknown word [some]")
	b.clear()
	b.from("hb_takeover", "rsc_hold", "failback") // of a C node
	b.wants("beta asks to take over [failback]", "alpha wants to go standby [foreign]")
}

func TestDanger12NewestClaimCounts(t *testing.T) {
	b := joined(t, "1:1:db")
	old := b.message("resource", "seq", hex(b.seq+1), "rsc_hold", "none", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "")
	b.seq++
	b.claim("1:5:db")
	b.deliver(old)
	if !b.c.peerHolds(b.group("db")) {
		t.Error("the older claim won because it came last")
	}
}

func TestDanger14OnlyHeldGroupsAreStopped(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StopCommand{})
	b.wants("run web stop", "run ip1 stop")
	b.wantsNot("run db stop")
}

func TestDanger15LinksAreJudgedByTheirOwnNode(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("status", "st", "active", "dt", "4e20", "hbd", "1") // 20 s
	b.advance(19 * time.Second)
	b.wantsNot("dead")
	b.advance(2 * time.Second)
	b.wants("node beta: is dead", "Link beta:eth0 dead.")
}

func TestDanger17StopIsNeverRefused(t *testing.T) {
	b := newBench(t)
	b.step(StopCommand{}) // nobody was heard, nothing is decided
	b.wants("All HA resources relinquished.", "alpha Heartbeat shutdown complete.", "exit")
	b = joined(t, "1:1:db")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "hbd", "1", "hbd_groups", "1:1:db")
	b.step(StopCommand{})
	b.step(StopCommand{})
	b.wants("Heartbeat shutdown in progress. (42)", "Heartbeat shutdown already underway.", "t=shutdone")
	b.wantsNot("exit")
	b.advance(linger)
	b.wants("exit")
	if b.c.NextTick() != NoTick || b.c.Step(Stamp{At: b.now}, Tick{}) != nil {
		t.Error("an ended core wants to go on")
	}
}
