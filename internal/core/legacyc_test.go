package core

import (
	"strings"
	"testing"
	"time"
)

func legacy(c *Config) { c.Failback = FailbackLegacy }

// activeBeforeUs is a core with auto_failback legacy beside a C node that was there all the time.
func activeBeforeUs(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	b := newBench(t, append(change, legacy)...)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	if b.c.phase != phaseStable {
		t.Fatalf("phase %d", b.c.phase)
	}
	return b
}

// aloneLegacy is one whose C node was away for a while and held us for dead: everything runs here.
func aloneLegacy(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	b := newBench(t, append(change, legacy)...)
	b.advance(10 * time.Second)
	b.wants("node beta: is dead")
	b.clear()
	return b
}

// foundHere starts a core whose scripts find the given resources running, and hang afterwards.
func foundHere(t *testing.T, words map[string]bool, change ...func(*Config)) *bench {
	t.Helper()
	cfg := testConfig()
	for _, f := range change {
		f(&cfg)
	}
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Status && words[r.Resource] {
			return 0, "running", true
		}
		delete(words, r.Resource)
		return 3, "stopped", r.Op == Status
	}
	b.step(Started{})
	return b
}

// A C node asks for its groups once, and may have asked an earlier life of ours: it is told at our start
// that it can have them, and of nothing else.
func TestGroupsOfACNodeAreOffered(t *testing.T) {
	b := activeBeforeUs(t)
	b.wants("t=ip-request-resp dest=beta ipaddr=db weown=no ok=OK")
	b.wantsNot("ip-request-resp dest=beta ipaddr=ip1")
	b.clear()
	b.advance(10*time.Second, "beats")
	b.wantsNot("ip-request-resp") // told once

	b = activeBeforeUs(t, func(c *Config) { c.Groups = c.Groups[:1] }) // it has none
	b.wantsNot("ip-request-resp")
	b = activeBeforeUs(t, func(c *Config) { c.Groups = c.Groups[1:] }) // we have none to ask for
	b.advance(10*time.Second, "beats")
	b.wantsNot("t=ip-request ipaddr")
	b.from("ip-request-resp", "dest", "alpha", "ok", "OK", "weown", "no")
	b.wantsNot("received ip-request-resp")
}

// What a killed daemon left running of its groups is stopped first, and then offered.
func TestLeftoversOfACNodeAreOffered(t *testing.T) {
	b := foundHere(t, map[string]bool{"db": true}, legacy)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("run db stop")
	b.wantsNot("ip-request-resp")
	b.end(0, "")
	b.wants("t=ip-request-resp dest=beta ipaddr=db weown=no ok=OK")
}

// A C node that asks for what a killed daemon left here gets it, though nothing is decided yet: it asks
// only once.
func TestCNodeAsksForLeftovers(t *testing.T) {
	b := foundHere(t, map[string]bool{"db": true}, legacy)
	b.beat("active")
	b.from("ip-request", "ipaddr", "db")
	b.wants("run db stop")
	b.end(0, "")
	b.wants("ipaddr=db weown=yes ok=OK")
}

// A group of ours that could not be started beside a C node: it is not asked for before half a minute has
// passed, neither when that node appears nor because an answer comes twice.
func TestFailedGroupIsAskedForLater(t *testing.T) {
	b := newBench(t, legacy)
	b.failing("ip1")
	b.advance(10 * time.Second)
	b.wants("Giving up resources due to failure of ip1")
	failed := b.now
	b.clear()
	b.beat("active")
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
	b.advance(failed+retryFailed-time.Millisecond-b.now, "beats")
	b.wantsNot("ipaddr=ip1", "run ip1 start")
	b.advance(time.Millisecond, "beats")
	b.wants("t=ip-request ipaddr=ip1")
}

// A C node that never becomes active runs nothing: after ten seconds our groups are taken without it.
func TestCNodeThatNeverBecomesActive(t *testing.T) {
	b := newBench(t, legacy)
	b.beat("up")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=ip-request ipaddr=ip1")
	asked := b.now
	for range 9 {
		b.advance(time.Second)
		b.beat("up")
	}
	b.wantsNot("run ip1 start")
	b.advance(asked + askGroupPatience - b.now)
	b.wants("run ip1 start")
	b.wantsNot("run db start")
}

// A C node whose haresources differs may ask for a group of ours. It gets it, is asked for it at once, and
// when it has answered the group is ours alone.
func TestCNodeAsksForOurs(t *testing.T) {
	b := activeBeforeUs(t)
	b.advance(1500*time.Millisecond, "beats")
	b.clear()
	b.from("ip-request", "ipaddr", "ip1")
	b.wants("ipaddr=ip1 weown=no ok=OK", "t=ip-request ipaddr=ip1")
	b.wantsNot("run ip1 stop")
	if last := b.c.View(b.now).Last.What; last != "" {
		t.Errorf("nothing was given, but status says %q", last)
	}
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "db", "ok", "OK", "weown", "no")
	b.wantsNot("received ip-request-resp db")
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
	b.wants("run ip1 start")
	b.wantsNot("Both machines own")
	if o := b.c.View(b.now).Groups[0].Owner; o != "alpha" {
		t.Errorf("owner %q", o)
	}
}

// While this node stops, a C node that appears, or an answer that comes late, starts nothing here; and the
// request that is under way keeps nobody busy.
func TestLegacyStopAsksForNothing(t *testing.T) {
	b := aloneLegacy(t)
	b.hang()
	b.step(StopCommand{})
	b.advance(time.Second)
	b.wants("run web stop")
	b.beat("active")
	b.wantsNot("t=ip-request ipaddr")

	b = aloneLegacy(t)
	b.beat("active")
	b.wants("t=ip-request ipaddr=ip1")
	b.hang()
	b.step(StopCommand{})
	b.advance(2 * time.Second)
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
	b.clear()
	b.advance(5*time.Second, "beats")
	for len(b.runs) > 0 {
		b.end(0, "")
	}
	b.wantsNot("run ip1 start", "run ip1 status")

	b = aloneLegacy(t)
	b.beat("active")
	b.hang()
	b.step(StopCommand{})
	b.advance(10*time.Second, "beats")
	b.wants("run web stop")
}

// A C node that restarts is asked anew at once, however long it was silent before; and what it asks then
// is answered as if it had never asked.
func TestRestartOfALegacyCNode(t *testing.T) {
	b := activeBeforeUs(t)
	b.advance(20*time.Second, "beats")
	b.gen, b.seq = b.gen+1, 0
	b.clear()
	b.beat("up")
	b.wants("t=ip-request ipaddr=ip1")

	b = aloneLegacy(t)
	b.beat("up")
	b.beat("active")
	b.hang()
	b.from("ip-request", "ipaddr", "db")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.end(0, "")
	b.beat("active")
	b.clear()
	b.from("ip-request", "ipaddr", "db")
	b.wants("ipaddr=db weown=no ok=OK")
}

// Who was never heard may be a heartbeatd: what we hold is said aloud. And a cluster of one has nobody to
// ask.
func TestLegacyWithNobodyThere(t *testing.T) {
	b := newBench(t, legacy)
	b.advance(11 * time.Second)
	b.wants("send t=starting", "send t=resource rsc_hold=all")

	b = newBench(t, legacy, func(c *Config) { c.Peer, c.Groups = "", c.Groups[:1] })
	b.advance(20 * time.Second)
	b.wants("run ip1 start")
	b.wantsNot("t=ip-request")
}

// What a killed daemon left of our group runs on beside a C node if it is whole; if it is not, its other
// half may run there, and what is here is stopped before the group is asked for.
func TestOurLeftoversBesideALegacyCNode(t *testing.T) {
	for _, whole := range []bool{true, false} {
		b := foundHere(t, map[string]bool{"ip1": true, "web": whole}, legacy)
		b.beat("active")
		b.from("repnodes", "nodelist", "alpha beta")
		b.wants("t=ip-request ipaddr=ip1")
		if stops := strings.Contains(b.text(), "run web stop"); stops == whole {
			t.Errorf("whole %v: stopped %v", whole, stops)
		}
	}
}

// A C node that was there before us is asked for what was left running here of ours as soon as we are active
// ourselves, and not before; if it becomes active later, then.
func TestLeftoversAreAskedForWhenBothAreActive(t *testing.T) {
	b := foundHere(t, map[string]bool{"ip1": true, "web": true}, legacy)
	b.beat("active")
	b.wantsNot("t=ip-request ")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=ip-request ipaddr=ip1")

	cfg := testConfig()
	legacy(&cfg)
	b = &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.end(0, "running")
	b.end(0, "running")
	b.wants("run db status")
	b.beat("init")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wantsNot("t=ip-request ")
	b.beat("active")
	b.wants("t=ip-request ipaddr=ip1")
}

// A C node that was heard and is dead by our start is asked for nothing.
func TestDeadLegacyCNodeIsNotAsked(t *testing.T) {
	b := foundHere(t, map[string]bool{"ip1": true, "web": true}, legacy)
	b.beat("up")
	b.advance(11 * time.Second)
	b.wants("node beta: is dead", "Initial resource acquisition complete")
	b.wantsNot("t=ip-request ")
}

// A group that could not be started, and runs again since the C node has left, is asked for at once when that
// has taken it away: its half minute is over with its failure.
func TestOldFailureDelaysNoRequest(t *testing.T) {
	b := newBench(t, legacy)
	mend := b.failing("ip1")
	b.advance(10 * time.Second)
	b.wants("Giving up resources due to failure of ip1")
	b.beat("active")
	mend()
	b.from("shutdone", "st", "dead")
	b.wants("run web start")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.beat("active")
	b.clear()
	b.from("ip-request", "ipaddr", "ip1")
	b.wants("t=ip-request ipaddr=ip1")
}
