package core

import (
	"fmt"
	"testing"
	"time"
)

// TestNewGroupSaysWhoLetsGo: a stop that fails on the other node keeps a new group waiting here, whose log must say so.
func TestNewGroupSaysWhoLetsGo(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "g")
	if v := b.c.View(b.now); v.Groups[1].Waits != "node beta still stops what haresources no longer has there" {
		t.Errorf("status: %+v", v)
	}
}

// TestNewGroupWaitsForTheOther: nobody is there, nobody is heard yet, somebody was and is dead.
func TestNewGroupWaitsForTheOther(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.wants("WARN resource group ip2 is taken by nobody yet: node beta has not the same haresources yet", "WARN haresources differs from that of node beta now: copy the file there and reload that node, too")
	if v := b.c.View(b.now); !v.Differs || v.Groups[1].Waits == "" || v.Groups[1].Owner != "" {
		t.Errorf("status: %+v", v)
	}
	b.step(TakeoverCommand{All}) // an operator's word is no reason either
	b.from("ask_resources", "rsc_hold", "foreign", "info", "me", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.advance(4 * time.Second)
	if got := b.scripts(); got != "" {
		t.Errorf("ran %q", got)
	}
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "run ip2 start", "run db start")
	if v := b.c.View(b.now); v.Differs || v.Groups[1].Waits != "" {
		t.Errorf("status: %+v", v)
	}
}

// TestNewGroupRunsAlready: it stays where it was found, and is claimed.
func TestNewGroupRunsAlready(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.finds("ip2")
	b.replace(file("g", "alpha ip1 web", "beta ip2 log", "beta db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" || listed(b.c) != "1:ip1 p1:ip2" {
		t.Errorf("ran %q, claims %q", b.scripts(), listed(b.c))
	}
	b.claim("1:1:db", "hbd_haresources", "g")
	if b.scripts() != "log start" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestNewGroupRunsAlreadyHere: somebody has started it by hand, and the other node has the new file already. It is not stopped,
// and what is missing of it is started.
func TestNewGroupRunsAlreadyHere(t *testing.T) {
	for _, home := range []string{"alpha", "beta"} {
		b := beside(t, "1:1:db", "g")
		b.finds("ip2")
		b.replace(file("g", "alpha ip1 web", home+" ip2 log", "beta db"))
		b.advance(time.Minute, "beats", "hbd", "1")
		if b.scripts() != "log start" {
			t.Errorf("home %s: ran %q", home, b.scripts())
		}
	}
}

// TestNewGroupIsNotTakenInAStandby: the giver's file does not have it.
func TestNewGroupIsNotTakenInAStandby(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web", "beta db", "beta new"))
	b.clear()
	b.from("ask_resources", "rsc_hold", "local", "info", "me", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	b.claim("", "hbd_haresources", "f", "hbd_standby", id+" waiting")
	b.advance(5*time.Second, "beats", "hbd", "1", "hbd_standby", id+" waiting")
	if b.scripts() != "db start" || b.c.standby.phase != standbyNone {
		t.Errorf("ran %q, the standby is %s", b.scripts(), b.c.standby.phase)
	}
}

// TestNothingMovesWhileNewGroupsAreLookedAt: meanwhile the other node would not be told what is taken, and would take it as well.
func TestNothingMovesWhileNewGroupsAreLookedAt(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.hang()
	b.replace(file("g", "alpha ip1 web", "beta db", "alpha new"))
	b.advance(time.Second, "beats", "hbd", "1")
	b.wants("run new status")
	b.clear()
	b.from("ask_resources", "rsc_hold", "local", "info", "me", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	b.claim("1:1:db", "hbd_haresources", "f", "hbd_standby", id+" asked")
	b.step(StandbyCommand{All})
	if b.c.standby.phase != standbyNone {
		t.Fatalf("a standby is %s", b.c.standby.phase)
	}
	b.wants("local resources in flux")
	b.claim("", "hbd_haresources", "f", "hbd_failed", "db", "hbd_standby", id+" asked")
	b.advance(time.Second, "beats", "hbd", "1", "hbd_standby", id+" asked")
	if got := listed(b.c); got != "1:ip1" {
		t.Fatalf("claims %q, of which the other node hears nothing", got)
	}
	b.end(0, "stopped")
	b.wants("info=other")
	if m := b.lastClaim(); m.Str("hbd_haresources") != "g" {
		t.Errorf("the other node was told %v", m)
	}
}

// TestNewNamesWaitForTheReset: what a dead node may still run by an old name is not taken under a new one before it has been
// reset; nor when it is heard again instead.
func TestNewNamesWaitForTheReset(t *testing.T) {
	b := joined(t, "1:1:db", withDevice)
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "g")
	b.replace(file("g", "alpha ip1 web db"))
	b.clear()
	b.advance(20 * time.Second)
	b.wants("Resetting node beta")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
	b.fenced(1, true, 0)
	b.advance(time.Second)
	if b.scripts() != "db start" {
		t.Errorf("after the reset it ran %q", b.scripts())
	}

	b = dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.replace(file("g", "alpha ip1 web", "alpha new db"))
	b.beat("active", "hbd", "1")
	b.claim("1:1:db", "hbd_haresources", "f")
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" {
		t.Errorf("beside the node that is heard again it ran %q", b.scripts())
	}
}

// TestNewGroupIsNotClaimedBeforeTheReset: the dead node may have it, by that name or by another.
func TestNewGroupIsNotClaimedBeforeTheReset(t *testing.T) {
	for _, ours := range []bool{false, true} {
		b := joined(t, "1:1:db", withDevice)
		held := "1:ip1"
		if ours { // nothing that we know is barred
			b.claim("1:1:old", "hbd_failed", "db")
			b.wants("run db start")
			held = "1:ip1 2:db"
		}
		b.advance(6 * time.Second)
		b.wantsFence(1)
		b.fenced(1, false, 1)
		b.clear()
		b.replace(file("g", "alpha ip1 web", "beta db", "alpha new"))
		b.advance(time.Second)
		b.ran("")
		if got := listed(b.c); got != held {
			t.Errorf("ours %v: claims %q before the reset, want %q", ours, got, held)
		}
		b.advance(5 * time.Second)
		b.fenced(2, true, 0)
		b.wants("run new start")
	}
}

// TestNewGroupBesideANewNode: what is waited for is said in words that fit.
func TestNewGroupBesideANewNode(t *testing.T) {
	b := alone(t)
	b.replace(withBeta, file("g", "alpha ip1 web", "alpha ip2"))
	b.wants("resource group ip2 is taken by nobody yet: node beta has not said yet what it holds")
	b.ran("")
}

// TestGroupWithTheSameHomeIsNotNew: what the other node has of it, and gives up, is taken without its new file.
func TestGroupWithTheSameHomeIsNotNew(t *testing.T) {
	b := beside(t, "1:1:db 1:1:ip1", "f")
	b.replace(file("g", "alpha ip1 web log", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "f")
	b.ran("ip1 start, web start, log start")
}

// TestNewGroupOfARestartedNode: as long as it has not said what it has, and which file, nothing is taken.
func TestNewGroupOfARestartedNode(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.gen, b.seq = 6, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.advance(time.Second, "beats", "hbd", "1")
	b.claim("1:1:db", "hbd_haresources", "f")
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("")

	b = beside(t, "", "g") // a newer claim is on its way
	b.beat("active", "hbd", "1", "hbd_claim", hex(b.seq+3))
	b.replace(file("g", "alpha ip1 web db"))
	b.ran("")
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "g")
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "g", "hbd_claim", hex(b.seq+1))
	b.ran("")
	b.claim("", "hbd_haresources", "g", "hbd_claim", hex(b.seq+1))
	b.ran("db start")
}

// TestNewGroupIsTakenByItsHome: also where other groups of the same home have been moved.
func TestNewGroupIsTakenByItsHome(t *testing.T) {
	b := beside(t, "", "f")
	b.claim("", "hbd_haresources", "f", "hbd_failed", "db")
	b.ran("db start")
	b.claim("", "hbd_haresources", "f")
	b.clear()
	b.replace(file("g", "alpha ip1 web", "beta db", "beta ip3"))
	b.claim("", "hbd_haresources", "g")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.ran("")
}

// TestNewGroupFoundWhileStopping: what is found running then is stopped too.
func TestNewGroupFoundWhileStopping(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.hang()
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.wants("run ip2 status")
	b.step(StopCommand{})
	b.end(0, "running")
	for range 3 {
		b.end(0, "")
	}
	b.wants("t=shutdone")
	b.ran("web stop, ip1 stop, ip2 stop")
}

// TestNewGroupFoundOnBoth: where the files differ the name decides, and nothing is restarted.
func TestNewGroupFoundOnBoth(t *testing.T) {
	b := beside(t, "1:1:db b1:1:ip2", "x")
	b.finds("ip2")
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.wants("alpha keeps ip2 without a restart")
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("")
	if got := fmt.Sprint(b.c.View(b.now).Groups[1].Owner); got != "alpha" {
		t.Errorf("it is %s's", got)
	}
}
