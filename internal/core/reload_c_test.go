package core

import (
	"strings"
	"testing"
	"time"
)

// says delivers a C node's claim.
func (b *bench) says(hold, stable string) {
	b.t.Helper()
	b.from("resource", "rsc_hold", hold, "rtype", "full", "isstable", stable)
}

// TestNewGroupBesideAnUnsettledC: its word of what it holds is waited for; and who is told to stop meanwhile takes nothing any more.
func TestNewGroupBesideAnUnsettledC(t *testing.T) {
	added := file("g", "alpha ip1 web", "alpha ip2", "beta db")
	b := joinedToC(t, "local")
	b.says("local", "0")
	b.replace(added)
	b.advance(5*time.Second, "beats")
	b.ran("")
	b.says("local", "1")
	b.ran("ip2 start")

	b = joinedToC(t, "local")
	b.says("local", "0")
	b.replace(added)
	b.hang()
	b.step(StopCommand{})
	b.says("local", "1")
	b.advance(time.Second, "beats")
	b.end(0, "")
	b.end(0, "")
	b.wants("t=shutdone")
	b.ran("web stop, ip1 stop")

	b = joinedToC(t, "local") // it claims our side as well, and will never give it up
	b.says("local", "0")
	b.replace(added)
	b.says("all", "1")
	b.advance(clashPatience-time.Millisecond, "beats")
	b.wants("Both machines own resource group ip1!")
	b.wantsNot("Acquiring resource group: alpha ip2")
}

// TestNewGroupOfASideThatNobodyHas: a C node that claims nothing is asked to take what is its own, after a while.
func TestNewGroupOfASideThatNobodyHas(t *testing.T) {
	b := joinedToC(t, "none")
	b.replace(file("g", "alpha ip1 web", "beta db", "beta ip3"))
	b.advance(5*time.Second, "beats")
	b.ran("")
}

// TestNewGroupFoundBesideC: it stays where it was found, but a C node gives nothing up that it claims.
func TestNewGroupFoundBesideC(t *testing.T) {
	for hold, want := range map[string]string{"none": "", "local": "ip3 stop"} {
		b := joinedToC(t, hold)
		b.says(hold, "0")
		b.finds("ip3")
		b.replace(file("g", "alpha ip1 web", "beta db", "beta ip3"))
		b.ran(want)
		b.says(hold, "1")
		b.advance(5*time.Second, "beats")
		b.ran(want)
	}
}

// TestNewGroupThatIsGoneAgain: a third file that no longer has it ends it, whatever the C node says then.
func TestNewGroupThatIsGoneAgain(t *testing.T) {
	b := joinedToC(t, "local")
	b.says("local", "0")
	b.finds("ip2")
	b.failStop("ip2", 1000)
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.replace(file("h", "alpha ip1 web", "beta db"))
	b.advance(20*time.Second, "beats")
	b.wants("ip2, which haresources no longer has, could not be stopped")
	b.clear()
	b.says("local", "1")
	b.advance(5*time.Second, "beats")
	if g := b.group("ip2"); g.want {
		t.Error("it is to run again")
	}
	b.wantsNot("Acquiring", "run ip2")
}

// TestNewGroupBesideALegacyC: with auto_failback legacy it says nothing of what it has. What is new on our side is ours if that runs
// here, else it is asked for; what is new on its side is its own, but for what is found here.
func TestNewGroupBesideALegacyC(t *testing.T) {
	b := activeBeforeUs(t)
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
	b.wants("run web start")
	b.clear()
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db", "beta ip3"))
	b.advance(5*time.Second, "beats")
	b.ran("ip2 start")
	for i, want := range []string{"alpha", "alpha", "beta", "beta"} {
		if g := b.c.View(b.now).Groups[i]; g.Owner != want {
			t.Errorf("%s is %q's, want %s", g.Key, g.Owner, want)
		}
	}

	b = activeBeforeUs(t) // it has not answered yet
	b.clear()
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.wants("t=ip-request ipaddr=ip2")
	if g := b.c.View(b.now).Groups[1]; g.Owner != "" {
		t.Errorf("%s is %q's", g.Key, g.Owner)
	}
	b.ran("")

	b = activeBeforeUs(t) // it restarts: nothing is decided before it is active
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.finds("ip3")
	b.clear()
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db", "beta ip3"))
	b.advance(2 * time.Second)
	b.ran("")
	b.wantsNot("ipaddr=ip2")
	b.beat("active")
	b.advance(5*time.Second, "beats")
	b.ran("ip2 start")
	if g := b.c.View(b.now).Groups[3]; g.Key != "ip3" || g.Owner != "alpha" {
		t.Errorf("%s is %q's", g.Key, g.Owner)
	}
}

// TestSidesOfAFile: each node has a side, if only an empty one: it stays where it is when its last group goes, so that no C node
// finds that nobody has it; and it goes when there is a group again, or another node.
func TestSidesOfAFile(t *testing.T) {
	sides := func(b *bench) (n int) {
		for _, g := range b.c.groups {
			if g.virtual {
				n++
			}
		}
		return n
	}
	step := func(b *bench, print, lines string, hold Which, virtual int) {
		t.Helper()
		b.replace(file(print, strings.Split(lines, ";")...))
		b.advance(time.Minute, "beats", "hbd", "1")
		if got := b.c.hold(); got != hold || sides(b) != virtual {
			t.Errorf("%s: holds %s, want %s; %d empty sides, want %d", lines, got, hold, sides(b), virtual)
		}
	}
	b := beside(t, "1:1:db", "f")
	step(b, "g", "beta db", Local, 1)             // ours is empty, and still here
	step(b, "h", "beta db; beta ip3", Local, 1)   // and stays
	step(b, "i", "alpha ip1; beta db", None, 0)   // ip1 is new: nobody has it before beta knows it
	step(b, "j", "alpha ip1", None, 1)            // beta's is empty, and not here
	step(b, "k", "alpha ip1; alpha ip2", None, 1) // one is enough
	b.claim("", "hbd_haresources", "k")
	b.advance(time.Minute, "beats", "hbd", "1")
	if got := b.c.hold(); got != Local || sides(b) != 1 {
		t.Errorf("holds %s, %d empty sides", got, sides(b))
	}

	b = beside(t, "1:1:db", "f") // a part of a group leaves: its side is not empty
	b.failStop("web", 1000)
	step(b, "g", "alpha ip1; beta db", Local, 0)

	b = beside(t, "", "f") // everything is here, and beta's last group goes
	b.claim("", "hbd_haresources", "f", "hbd_failed", "db")
	b.claim("", "hbd_haresources", "f")
	step(b, "g", "alpha ip1 web", All, 1)

	b = pair(t, "alpha ip1; alpha ip2; beta db", "1:1:db 1:1:ip2") // of two that go one was here
	step(b, "g", "beta db", Local, 1)
	b = pair(t, "alpha ip2; alpha ip1; beta db", "1:1:db 1:1:ip2")
	step(b, "g", "beta db", Local, 1)

	b = joined(t, "", file("f", "alpha ip1 web")) // another node: the empty side of the old one goes
	b.advance(10 * time.Second)
	b.wants("is dead")
	b.replace(func(c *Config) { c.Peer, c.Order = "gamma", []string{"alpha", "gamma"} }, file("g", "alpha ip1 web"))
	for _, g := range b.c.groups {
		if g.virtual && g.home != "gamma" {
			t.Errorf("an empty side of %s", g.home)
		}
	}
	if sides(b) != 1 {
		t.Errorf("%d empty sides", sides(b))
	}
}
