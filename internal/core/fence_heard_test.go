package core

import (
	"testing"
	"time"
)

// What a node that is to be reset says in between.

// TestFenceEndsWhenHeard: 3.0.6 resets a node that has come back (behaviour.md 12.15).
func TestFenceEndsWhenHeard(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.beat("active", "hbd", "1")
	b.wants("info node beta is heard again: it is not reset")
	b.advance(4 * time.Second)
	b.nothingTaken("local")
	b.claim("1:1:db")
	b.advance(time.Minute, "beat")
	b.wantsNoFence()
	b.nothingTaken("local")
	if v := b.c.View(b.now); v.Fence != (FenceView{}) || v.Holding == "transition" {
		t.Errorf("status: %+v", v)
	}
	b.advance(10 * time.Second)
	b.wantsFence(1)
	if v := b.c.View(b.now); v.Fence.Failure != "" {
		t.Errorf("the failure before the last death is told: %+v", v.Fence)
	}
	b.fenced(1, true, 0)
	b.clear()
	b.gen, b.seq = 6, 0
	b.beat("init", "hbd", "1")
	b.wants("Heartbeat restart on node beta")
	b.wantsNot("says what is not true")
}

// TestFenceHitsWhoIsBack: the device cannot be held back once it was sent. What the node says in between
// stays true until it is silent again; then it is known to be off.
func TestFenceHitsWhoIsBack(t *testing.T) {
	b := dead(t, "1:1:db")
	b.clear()
	b.beat("active", "hbd", "1")
	b.claim("1:1:db")
	b.fenced(1, true, 0)
	b.nothingTaken("local")
	b.advance(4 * time.Second)
	b.nothingTaken("local")
	b.advance(2 * time.Second)
	b.wants("node beta: is dead", "run db start")
	b.wantsNoFence()

	b = dead(t, "1:1:db") // it did not come to say what it has
	b.clear()
	b.beat("active", "hbd", "1")
	b.fenced(1, true, 0)
	b.advance(4 * time.Second)
	b.nothingTaken("local")
	b.advance(2 * time.Second)
	b.wants("node beta: is dead", "run db start")
	b.wantsNoFence()

	b = dead(t, "1:1:db") // the device failed: nothing more is asked of it
	b.beat("active", "hbd", "1")
	b.claim("1:1:db")
	if v := b.c.View(b.now); v.Holding != Local {
		t.Errorf("holds %s while the device works on one that is back", v.Holding)
	}
	b.clear()
	b.fenced(1, false, 1)
	b.wants("Host beta not reset!")
	b.wantsNot("Retrying")
	b.advance(4 * time.Second)
	b.wantsNoFence()
	b.advance(6 * time.Second)
	b.wantsFence(1)
	b.nothingTaken("local")
}

// TestFenceOfAnEarlierLife: the node was heard in a newer life while the device worked. Whether that one was hit
// nobody knows.
func TestFenceOfAnEarlierLife(t *testing.T) {
	b := dead(t, "1:1:db")
	b.gen, b.seq = 6, 0
	b.beat("init", "hbd", "1")
	b.fenced(1, true, 0)
	b.nothingTaken("local")
	b.clear()
	b.advance(10 * time.Second)
	b.wants("node beta: is dead")
	b.wantsFence(1)
	b.nothingTaken("local")

	// All runs here: a node that boots as fast as it is declared dead is not reset again and again.
	b = joinedToC(t, "local", withDevice, func(c *Config) { c.Groups = c.Groups[:1] })
	b.advance(6 * time.Second)
	b.wantsFence(1)
	b.gen, b.seq = 6, 0
	b.beat("init")
	b.beat("up")
	b.fenced(1, true, 0)
	b.clear()
	b.advance(10 * time.Second)
	b.wants("node beta: is dead")
	b.wantsNot("No STONITH device")
	b.wantsNoFence()
	b.gen, b.seq = 7, 0
	b.beat("init")
	b.advance(10 * time.Second) // but the life after that is
	b.wantsFence(1)

	b = dead(t, "1:1:db") // it is dead again before the device is done
	b.gen, b.seq = 6, 0
	b.beat("init", "hbd", "1")
	b.advance(10 * time.Second)
	b.clear()
	b.fenced(1, true, 0)
	b.wantsFence(2)
	b.nothingTaken("local")
	b.fenced(2, true, 0)
	b.wants("run db start")
}

// TestFenceLies: beats after the reset are believed, not the device. The next death is fenced anew.
func TestFenceLies(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, true, 0)
	b.wants("run db start")
	b.clear()
	b.beat("active", "hbd", "1")
	b.wants("ERROR node beta sends heartbeats after its reset: STONITH device [device] says what is not true")
	b.clear()
	b.claim("1:1:db")
	b.advance(3*time.Second, "beat")
	b.advance(10 * time.Second)
	b.wantsFence(1)
}

// TestFenceReturnsWithoutWord: it is back and has not said yet what it has: the bars stay.
func TestFenceReturnsWithoutWord(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.beat("active", "hbd", "1")
	if !b.group("db").barred || b.group("ip1").barred {
		t.Errorf("barred: db %v, ip1 %v", b.group("db").barred, b.group("ip1").barred)
	}
	b.claim("")
	if b.group("db").barred {
		t.Error("still barred")
	}
	b = dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.beat("active", "hbd", "1")
	b.clear()
	b.from("shutdone", "st", "dead")
	b.wants("run db start")
	b.wantsNoFence()
}

// TestFenceWordOfTheDead: a claim that arrives before the first beat is no sign of life yet, and lifts nothing.
func TestFenceWordOfTheDead(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.claim("")
	b.advance(time.Second)
	b.nothingTaken("local")
}

// TestFenceGoodbyeOfTheDead: its beats were lost, its goodbye was not.
func TestFenceGoodbyeOfTheDead(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.from("shutdone", "st", "dead")
	b.wants("run db start", "mach_down takeover complete")
	b.advance(time.Minute)
	b.wantsNoFence()

	b = dead(t, "1:1:db") // while the device works
	b.clear()
	b.from("shutdone", "st", "dead")
	b.wants("run db start", "mach_down takeover complete")
	if v := b.c.View(b.now); v.Holding != All {
		t.Errorf("holds %s", v.Holding)
	}
	b.fenced(1, false, 1)
	b.wants("Host beta not reset!")
	b.wantsNot("Retrying")
	b.advance(time.Minute)
	b.wantsNoFence()
}

// TestFenceUnknownClaim: the node had restarted, and died before it said what it found running.
func TestFenceUnknownClaim(t *testing.T) {
	b := joined(t, "", withDevice)
	b.hang()
	b.claim("", "hbd_failed", "db")
	b.gen, b.seq = 6, 0
	b.beat("init", "hbd", "1")
	b.advance(10 * time.Second)
	b.clear()
	b.end(3, "stopped")
	b.wantsNot("run db start")
	b.fenced(1, true, 0)
	b.wants("run db start")
}

// A node without a generation (3.0.6: that counts as 0) is not taken for one that was reset.
func TestFenceNoGeneration(t *testing.T) {
	b := newBench(t, withDevice)
	b.gen = 0
	b.beat("up")
	b.beat("active")
	b.wants("status active")
	b.wantsNot("says what is not true")
}
