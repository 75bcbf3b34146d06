package core

import (
	"testing"
	"time"
)

// A node that stops stays on the wire for two seconds, in which the other can ask for what it missed; a
// heartbeatd that has all ends it sooner, and where nobody is it ends at once.
func TestLinger(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StopCommand{})
	b.wants("All HA resources relinquished.", "t=shutdone")
	b.wantsLast("stopping (told to stop)")
	b.clear()
	b.deliver(b.message("NS_ackmsg", "dest", "alpha", "ackseq", hex(b.c.seq))) // a C node acknowledges every tenth anyway
	b.advance(1999*time.Millisecond, "beats")
	b.wantsNot("exit")
	b.advance(time.Millisecond, "beats")
	b.wants("info alpha Heartbeat shutdown complete.\nexit\n")
	if b.c.NextTick() != NoTick {
		t.Error("ticks after the end")
	}
	if out := b.c.Step(Stamp{At: b.now + time.Hour}, Tick{}); out != nil {
		t.Errorf("%v after the end", out)
	}

	b = joined(t, "1:1:db")
	b.step(StopCommand{})
	b.deliver(b.message("NS_ackmsg", "dest", "alpha", "ackseq", hex(b.c.stop.notice-1)))
	b.wantsNot("exit")
	b.advance(2*time.Second, "beats", "hbd", "1")
	b.wants("exit")

	b = joined(t, "1:1:db")
	b.advance(6 * time.Second)
	b.step(StopCommand{})
	b.wants("t=shutdone", "exit")

	b = newBench(t)
	b.step(StopCommand{})
	b.wants("t=shutdone", "exit")
	b.wantsNot("t=resource") // it never was active, and claimed nothing
}

// The last of a pair that stops needs no one to confirm: the other has said goodbye.
func TestBothStop(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.from("shutdone", "st", "dead")
	b.end(0, "")
	b.wantsNot("exit")
	b.end(0, "")
	b.wants("exit")

	b = joined(t, "1:1:db")
	b.step(StopCommand{})
	b.step(StopCommand{})
	b.wants("Heartbeat shutdown already underway.")
	b.from("shutdone", "st", "dead")
	b.wants("Resource takeover cancelled - shutdown in progress.", "exit")
}

// The goodbye of a node whose messages are missing is not acknowledged: it would leave before it was asked for them.
func TestGoodbyeAcrossAHole(t *testing.T) {
	b := joined(t, "1:1:db")
	b.seq++
	b.from("shutdone", "st", "dead")
	b.wantsNot("NS_ackmsg")
	b.wantsLast("everything taken over from beta (its shutdown notice)")
}

// A stop cancels a standby that has not begun, and what was to be taken over is not talked of any more.
func TestStopEndsEverythingElse(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StandbyCommand{Local})
	b.step(StopCommand{})
	b.wants("Cancelling pending standby operation", "run web stop", "t=shutdone")
	if v := b.c.View(b.now); v.Standby != "" {
		t.Errorf("%q", v.Standby)
	}

	b = joined(t, "1:1:db")
	b.hang()
	b.from("shutdone", "st", "dead")
	b.wants("Resources being acquired from beta.")
	b.step(StopCommand{})
	for len(b.runs) > 0 {
		b.end(0, "")
	}
	b.wants("exit")
	b.wantsNot("takeover complete")
}

// A group that failed here is the other node's to try; when that says goodbye, it is ours again, at once.
func TestGoodbyeOfTheOnlyOneThatCould(t *testing.T) {
	b := joined(t, "1:1:db")
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "db" && r.Op == Start {
			return 1, "", true
		}
		return works(r)
	}
	b.claim("", "hbd_failed", "db")
	b.wants("Giving up resources due to failure of db")
	b.claim("2:1:db")
	b.answer = works
	b.clear()
	b.from("shutdone", "st", "dead")
	b.wants("run db start")
}
