package core

import (
	"strings"
	"testing"
	"time"
)

// stuck is a core whose web is no longer in its file, g, and cannot be stopped.
func stuck(t *testing.T, lines string, change ...func(*Config)) (b *bench, mend func()) {
	t.Helper()
	b = pair(t, "alpha ip1 web; beta db", "1:1:db", change...)
	mend = b.failStop("web", 1000)
	b.replace(file("g", strings.Split(lines, ";")...))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wants("could not be stopped")
	b.clear()
	return b, mend
}

// TestWhatIsLeftIsSaid: in the claim as long as it may run, by its name and by one that no file knows, and to the operator.
func TestWhatIsLeftIsSaid(t *testing.T) {
	b, _ := stuck(t, "beta db")
	if got := b.c.listing(false); got != "1:ip1 0:0:-ip1" {
		t.Errorf("claims %q", got)
	}
	if last := b.c.View(b.now).Last; last.What != "ip1 may still run here" || last.Cause != "web could not be stopped" {
		t.Errorf("%+v", last)
	}
	b, _ = stuck(t, "alpha ip1; beta db")
	b.claim("1:1:db 0:1:ip1", "hbd_haresources", "g") // who has the group now must not think that web is free
	b.claim("1:1:db 0:1:ip1", "hbd_haresources", "g")
	if got := b.c.listing(false); b.group("ip1").state != groupStopped || !strings.HasSuffix(got, " 0:0:-ip1") || !strings.HasPrefix(got, "1:ip1") {
		t.Errorf("claims %q", got)
	}

	b = pair(t, "alpha ip1 web; alpha ip2 log; beta db", "1:1:db")
	b.hang()
	b.replace(file("g", "alpha ip1", "alpha ip2", "beta db"))
	if got := b.c.listing(false); got != "1:ip1 1:ip2 0:0:-ip1 0:0:-ip2" {
		t.Errorf("claims %q", got)
	}
	b = pair(t, "alpha ip1 web; alpha ip2 log; beta db", "1:1:db")
	b.hang()
	b.replace(file("g", "beta db"))
	if got := b.c.listing(false); got != "1:ip1 1:ip2 0:0:-ip1 0:0:-ip2" {
		t.Errorf("claims %q", got)
	}

	b = beside(t, "1:1:db", "f") // between two tries, too
	b.failStop("web", 1)
	b.replace(file("g", "alpha ip1", "beta db"))
	if v := b.c.View(b.now); len(b.runs) > 0 || v.Holding != "transition" {
		t.Errorf("holding %s", v.Holding)
	}
	b.advance(2*time.Second, "beats", "hbd", "1")
	if v := b.c.View(b.now); v.Holding != Local {
		t.Errorf("holding %s", v.Holding)
	}
}

// TestWhatIsLeftIsNobodysClaim: the other node may have the group by its name.
func TestWhatIsLeftIsNobodysClaim(t *testing.T) {
	b, mend := stuck(t, "beta db")
	b.claim("1:1:db 1:1:ip1", "hbd_haresources", "f")
	b.advance(time.Second, "beats", "hbd", "1")
	b.wantsNot("Both machines own")
	if why := b.c.Replaceable(); why != "" {
		t.Error(why)
	}
	mend()
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("web stop, ip1 stop")
}

// TestWhatIsLeftIsNotMoved: neither by a standby of the other node nor by auto_failback.
func TestWhatIsLeftIsNotMoved(t *testing.T) {
	b := pair(t, "alpha ip1; beta db; beta ip3", "1:1:db 1:1:ip3")
	b.claim("1:1:db", "hbd_haresources", "f", "hbd_failed", "ip3")
	b.claim("1:1:db", "hbd_haresources", "f")
	b.wants("run ip3 start")
	mend := b.failStop("ip3", 1000)
	b.replace(file("g", "alpha ip1", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wants("could not be stopped")
	b.clear()
	b.from("ask_resources", "rsc_hold", "local", "info", "me", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	b.claim("", "hbd_haresources", "g", "hbd_standby", id+" waiting")
	b.wants("run db start")
	mend()
	b.advance(2*time.Minute, "beats", "hbd", "1")
	b.ran("db start, ip3 stop")

	b = pair(t, "alpha ip1 web; beta db", "1:1:db", func(c *Config) { c.Failback = FailbackLegacy })
	b.replace(file("g", "beta ip1 web", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.replace(file("h", "beta ip1", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "h")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.ran("web stop")
	b.wantsNot("standby")

	b = pair(t, "alpha ip1 web; beta db", "1:1:db", func(c *Config) { c.Failback = FailbackLegacy })
	b.replace(file("g", "beta ip1 web", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.gen, b.seq = 6, 0 // its return brings home what the file has left here
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(2*time.Second, "beats", "hbd", "1")
	b.wants("alpha wants to go standby [foreign]")
}

// TestNothingIsGivenThatStillRuns: a group that cannot be stopped keeps the other node from being told to begin.
func TestNothingIsGivenThatStillRuns(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.failStop("web", 1000)
	b.step(StandbyCommand{Local})
	id := hex(b.c.standby.id)
	b.from("ask_resources", "rsc_hold", "local", "info", "other", "hbd", "1", "hbd_standby", id+" offered")
	b.advance(30*time.Second, "beats", "hbd", "1", "hbd_standby", id+" offered")
	b.wants("Reboot required!")
	b.wantsNot("info=done")
}

// TestStopOfAllIsForWhatIsLeft: then it needs a reboot like everything that cannot be stopped, for the other node takes over.
func TestStopOfAllIsForWhatIsLeft(t *testing.T) {
	b, _ := stuck(t, "alpha ip1; beta db")
	b.step(StopCommand{})
	b.advance(2*time.Minute, "beats", "hbd", "1")
	b.wants("reboot resource web could not be stopped")
	b.wantsNot("t=shutdone")
}

// TestNewGroupIsClaimedBeforeItIsStarted: also while it is found out what runs of it.
func TestNewGroupIsClaimedBeforeItIsStarted(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.advance(10 * time.Second)
	b.hang()
	b.replace(file("g", "alpha ip1 web", "beta db", "alpha new"))
	b.wants("run new status")
	if got := listed(b.c); !strings.HasSuffix(got, ":new") {
		t.Errorf("claims %q", got)
	}
}

// TestStoppingNodeThatDies: what it had not released yet may run there.
func TestStoppingNodeThatDies(t *testing.T) {
	b := joined(t, "1:1:db", withDevice)
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "info", "shutdown", "hbd", "1", "hbd_groups", "1:1:db")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead")
	b.wantsFence(1)
	b.nothingTaken("local")
}

// TestStatusWhileAResetIsDue: a new group waits for that, and not for a file.
func TestStatusWhileAResetIsDue(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.replace(file("g", "alpha ip1 web", "beta db", "alpha new"))
	if g := b.c.View(b.now).Groups[2]; g.Key != "new" || g.Waits != "" {
		t.Errorf("%+v", g)
	}
}

// TestLegacyCAndWhatIsLeft: what the file no longer has is neither asked for nor offered; and a group is not given as long as a
// part of it, which the file no longer has, may run here.
func TestLegacyCAndWhatIsLeft(t *testing.T) {
	ours := func(lines string) (*bench, func()) {
		b := activeBeforeUs(t)
		b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
		b.wants("run web start")
		mend := b.failStop("web", 1000)
		b.clear()
		b.replace(file("g", strings.Split(lines, ";")...))
		b.advance(20*time.Second, "beats")
		b.wants("could not be stopped")
		return b, mend
	}
	b, _ := ours("alpha ip2; beta db")
	b.wantsNot("t=ip-request ipaddr=ip1")
	b.advance(10 * time.Second)
	b.wants("node beta: is dead")
	b.clear()
	b.beat("active")
	b.advance(10*time.Second, "beats")
	b.wantsNot("t=ip-request ipaddr=ip1")

	b, mend := ours("alpha ip1; beta db")
	b.clear()
	b.from("ip-request", "ipaddr", "ip1")
	b.advance(5*time.Second, "beats")
	b.ran("ip1 stop")
	b.wantsNot("ip-request-resp")
	mend()
	b.advance(time.Minute, "beats")
	b.wants("run web stop", "ip-request-resp dest=beta ipaddr=ip1")

	b = aloneLegacy(t) // a group of its own is left here
	mend = b.failStop("db", 1000)
	b.replace(file("g", "alpha ip1 web", "beta ip3"))
	b.advance(20 * time.Second)
	b.wants("could not be stopped")
	b.clear()
	b.beat("active")
	mend()
	b.advance(2*time.Minute, "beats")
	b.wants("run db stop")
	b.wantsNot("ip-request-resp dest=beta ipaddr=db")
}

// TestFenceOfAFastNodeBesideWhatIsLeft: what the file no longer has is nothing to take, for which a node would be reset again and again.
func TestFenceOfAFastNodeBesideWhatIsLeft(t *testing.T) {
	b := joinedToC(t, "local", withDevice, file("f", "alpha ip1", "alpha web"))
	b.failStop("web", 1000)
	b.replace(file("g", "alpha ip1"))
	b.advance(20*time.Second, "beats")
	b.wants("could not be stopped")
	b.advance(6 * time.Second)
	b.wantsFence(1)
	b.gen, b.seq = 6, 0
	b.beat("init")
	b.beat("up")
	b.fenced(1, true, 0)
	b.clear()
	b.advance(12 * time.Second)
	b.wants("node beta: is dead")
	b.wantsNot("gave up resources")
	b.wantsNoFence()
}

// TestGoodbyeOfAStruckNode: a node that the device may have hit, and that has released everything, is not a dead one of which nothing is known.
func TestGoodbyeOfAStruckNode(t *testing.T) {
	b := joinedToC(t, "local", withDevice, func(c *Config) { c.Groups = c.Groups[:1] })
	b.advance(6 * time.Second)
	b.wantsFence(1)
	b.gen, b.seq = 6, 0
	b.beat("init")
	b.fenced(1, true, 0)
	b.from("shutdone", "st", "dead")
	b.clear()
	b.advance(12 * time.Second)
	b.wants("node beta: is dead", "Dead node beta gave up resources.")
	b.wantsNoFence()
}

// TestTakerRestartsBesideWhatIsLeft: it is asked again for what it was taking, and for nothing that no file has.
func TestTakerRestartsBesideWhatIsLeft(t *testing.T) {
	b := joinedToC(t, "local", file("f", "alpha ip1", "alpha ip2", "beta db"))
	b.failStop("ip1", 1000)
	b.replace(file("g", "alpha ip2", "beta db"))
	b.advance(20*time.Second, "beats")
	b.wants("could not be stopped")
	b.step(StandbyCommand{Local})
	b.agrees("local")
	b.advance(2*time.Minute, "beats")
	b.clear()
	b.gen, b.seq = 6, 0
	b.beat("init")
	b.wants("beta restarted while it was taking ip2")
	b.wantsNot("taking ip1")
}

// TestResourceMovesBetweenGroupsThatRun: it is not stopped on its way, in whatever order the file has them.
func TestResourceMovesBetweenGroupsThatRun(t *testing.T) {
	for _, lines := range []string{"alpha ip1; alpha ip2 web; beta db", "alpha ip2 web; alpha ip1; beta db"} {
		b := pair(t, "alpha ip1 web; alpha ip2; beta db", "1:1:db")
		b.replace(file("g", strings.Split(lines, ";")...))
		b.claim("1:1:db", "hbd_haresources", "g")
		b.advance(5*time.Second, "beats", "hbd", "1")
		b.ran("")
	}
}

// TestSlowStatusOfANewGroupIsNoOwnership: as at the start: what a status that hung tells after all has no claim, its home has.
func TestSlowStatusOfANewGroupIsNoOwnership(t *testing.T) {
	b := beside(t, "1:1:db", "g")
	works := b.answer
	b.hang()
	b.replace(file("g", "alpha ip1 web", "beta ip2", "beta db"))
	b.advance(40*time.Second, "beats", "hbd", "1")
	b.wants("ip2 status has been running")
	b.answer = works
	b.end(0, "running")
	b.ran("ip2 stop")
}
