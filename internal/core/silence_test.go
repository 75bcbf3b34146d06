package core

import (
	"testing"
	"time"
)

// To a heartbeatd that is held for dead the claim is repeated every second keepalive, no more often.
func TestClaimIsRepeatedToTheDead(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "run db start")
	b.clear()
	b.advance(20 * time.Second)
	if n := len(b.sent("resource")); n < 9 || n > 10 {
		t.Errorf("%d claims in 20 keepalives", n)
	}
}

// A doubt is over with a beat that arrived in the very moment of it: the next one counts anew.
func TestDoubtEndsWithABeatOfItsMoment(t *testing.T) {
	b := joined(t, "")
	b.now += 3 * time.Second
	b.step(Tick{})
	b.wants("This node was held up")
	woke := b.now
	b.now += 12 * time.Second
	b.seq++
	b.step(Received{Link: "eth0", Heard: woke, Msg: b.message("status", "st", "active", "dt", "1388", "hbd", "1", "seq", hex(b.seq))})
	b.step(Tick{})
	b.wantsNot("is dead")
	b.advance(2 * time.Second)
	b.wants("node beta: is dead")
}

// The longest gap is that of the node whose beats are heard.
func TestWorstGapIsTheOthers(t *testing.T) {
	b := joined(t, "")
	b.now += 3 * time.Second
	b.beat("active", "hbd", "1")
	own, other := b.c.View(b.now).Nodes[0], b.c.View(b.now).Nodes[1]
	if !own.Self || other.Self || own.WorstGap != 0 || other.WorstGap != 3*time.Second {
		t.Errorf("own %v, the other's %v", own.WorstGap, other.WorstGap)
	}
}

// Each group that could not be started is named for itself.
func TestFailedGroupsAreNamedOneByOne(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Groups = []GroupConfig{{Home: "alpha", Resources: []string{"ip1"}}, {Home: "alpha", Resources: []string{"web"}}, {Home: "alpha", Resources: []string{"db"}}}
	})
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start {
			return 1, "", true
		}
		return 0, "stopped", true
	}
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("")
	if got := b.lastClaim().Str(fieldFailed); got != "ip1 web db" {
		t.Errorf("failed: %q", got)
	}
}

// A peer that was never heard has initdead to appear, also when this node is told to stop meanwhile and its scripts take their time.
func TestNeverHeardPeerHasInitdeadWhileStopping(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Initdead = 20 * time.Second })
	b.hang()
	b.step(StopCommand{})
	b.advance(19 * time.Second)
	b.wantsNot("node beta: is dead")
}
