package core

import (
	"testing"
	"time"
)

// An operator types hb_standby twice on a C node. It broadcasts the second request before it refuses
// it itself, and releases its groups for the first: they ran nowhere.
func TestCNodeAsksTwice(t *testing.T) {
	b := joinedToC(t, "all")
	b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
	b.wants("info=other")
	b.clear()
	b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
	b.wants("Standby in progress- new request from beta ignored")
	b.wantsNot("info=other")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "info", "standby")
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.wants("run web start", "Standby resource acquisition done [foreign].", "info=done")
	b.wantsNot("Ignored standby message")
}

// A C node that was here all the time may hold what a killed daemon left running here: it hears
// our claim after its own, and nothing in it that is its.
func TestCNodeSpeaksFirst(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=starting")
	b.wantsNot("t=resource")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.wants("send t=resource rsc_hold=none")
	b.wantsNot("rsc_hold=local", "rsc_hold=foreign", "rsc_hold=all")
}

// A C node that has not missed us after a split says nothing by itself. It is asked, does not
// give up what it claims, and so we do: 80 s with two owners in a real pair.
func TestCNodeThatDidNotMissUs(t *testing.T) {
	b := joinedToC(t, "local")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "run db start")
	b.clear()
	b.from("status", "st", "active", "dt", "1388")
	b.wants("returning after partition")
	b.wantsNot("t=starting") // it may be about to restart
	b.advance(healPatience+time.Second, "beats")
	b.wants("t=starting")
	b.wantsNot("t=resource")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("Both machines own resource group db!", "beta does not give db up: this node releases it", "run db stop", "send t=resource rsc_hold=local")
	b.wantsNot("rsc_hold=all")
}

// One that has missed us restarts 2 s later; till then it claims what it has, and so do we.
func TestCNodeMayRestartAfterASplit(t *testing.T) {
	b := joinedToC(t, "local")
	b.advance(6 * time.Second)
	b.from("status", "st", "active", "dt", "1388")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("Both machines own resource group db!")
	if v := b.c.View(b.now); v.Holding != "transition" {
		t.Errorf("holding %s while both own a group", v.Holding)
	}
	b.advance(2500*time.Millisecond, "beats")
	b.wantsNot("run db stop")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", "shutdown")
	b.advance(10*time.Second, "beats")
	b.wants("beta has released db")
	b.wantsNot("run db stop")
}

// The other node held nothing and everything is here: its death is no takeover, and 3.0.6 says none.
func TestDeadNodeThatHeldNothing(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(6 * time.Second)
	b.wants("Resources being acquired from beta.", "run db start")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.claim("")
	b.clear()
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "Dead node beta gave up resources.")
	b.wantsNot("Resources being acquired", "run ")
}

// With auto_failback on a node gets its side back even if no group has it for home: 3.0.6 counts
// sides, whether anything is in them or not.
func TestFailbackOfAnEmptySide(t *testing.T) {
	b := joinedToC(t, "local", func(cfg *Config) {
		cfg.Failback = FailbackOn
		cfg.Groups = cfg.Groups[:1] // beta is the home of none
	})
	b.advance(6 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.beat("active")
	b.from("starting")
	b.clear()
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.advance(2*time.Second, "beats")
	b.wants("alpha wants to go standby [foreign]")
}
