package core

import (
	"strings"
	"testing"
	"time"
)

// TestLeftStaysClaimed: until it has stopped, also when it cannot be; and that is no reason to reboot, but for a stop of all.
func TestLeftStaysClaimed(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.hang()
	b.replace(file("g", "alpha ip1 log", "beta db"))
	if b.scripts() != "web stop" || listed(b.c) != "1:ip1 -ip1" {
		t.Fatalf("runs %q, claims %q", b.scripts(), listed(b.c))
	}
	if why := b.c.Replaceable(); !strings.Contains(why, "web stop is running") {
		t.Error(why)
	}
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "web" && r.Op == Stop {
			return 1, "", true
		}
		return 0, "running", true
	}
	b.end(1, "")
	b.advance(15*time.Second, "beats", "hbd", "1")
	b.wants("web, which haresources no longer has, could not be stopped", "run log status")
	b.wantsNot("reboot ")
	if b.c.Replaceable() != "" || listed(b.c) != "1:ip1 -ip1" {
		t.Errorf("%q, claims %q", b.c.Replaceable(), listed(b.c))
	}
	b.replace() // it goes on after another one
	if listed(b.c) != "1:ip1 -ip1" {
		t.Errorf("claims %q", listed(b.c))
	}
	b.clear()
	b.replace(file("f", "alpha ip1 log web", "beta db")) // it is in the file again, and runs
	b.advance(2*time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" || listed(b.c) != "1:ip1" {
		t.Errorf("ran %q, claims %q", b.scripts(), listed(b.c))
	}
}

// TestStandbyWaitsForWhatIsLeft: what is let go has stopped before the other node is told to begin.
func TestStandbyWaitsForWhatIsLeft(t *testing.T) {
	b := beside(t, "1:1:db", "g")
	b.hang()
	b.replace(file("g", "beta db"))
	b.step(StandbyCommand{All})
	me := hex(b.c.standby.id)
	b.from("ask_resources", "rsc_hold", "all", "info", "other", "hbd", "1", "hbd_standby", me+" offered")
	b.clear()
	b.advance(time.Second, "beats", "hbd", "1", "hbd_standby", me+" offered")
	b.wantsNot("info=done", "ip1 stop")
	b.end(0, "")
	b.wantsNot("info=done")
	b.end(0, "")
	b.wants("run ip1 stop", "info=done")
}

// TestHangingStopOfWhatIsLeft: nothing else of the group runs beside it; a standby does not wait for what cannot be stopped.
func TestHangingStopOfWhatIsLeft(t *testing.T) {
	b := beside(t, "1:1:db", "g")
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "web" && r.Op == Stop {
			return 1, "", true
		}
		return 0, "running", true
	}
	b.replace(file("g", "alpha ip1", "beta db"))
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wants("could not be stopped")
	b.hang()
	b.advance(95*time.Second, "beats", "hbd", "1")
	b.wants("web stop has been running")
	b.clear()
	b.step(StandbyCommand{All})
	id := hex(b.c.standby.id)
	b.from("ask_resources", "rsc_hold", "all", "info", "other", "hbd", "1", "hbd_standby", id+" offered")
	if b.scripts() != "" {
		t.Errorf("beside a script of its group runs %q", b.scripts())
	}
	b.end(1, "")
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "web" && r.Op == Stop {
			return 1, "", true
		}
		return 0, "running", true
	}
	b.advance(30*time.Second, "beats", "hbd", "1", "hbd_standby", id+" offered")
	b.wants("run ip1 stop", "info=done")
}

// failStop lets the stop of a resource fail, for good or so many times.
func (b *bench) failStop(word string, times int) (mend func()) {
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		switch {
		case r.Resource == word && r.Op == Status:
			return 0, "running", true
		case r.Resource == word && r.Op == Stop && times > 0:
			times--
			return 1, "", true
		}
		return works(r)
	}
	return func() { b.answer = works }
}

// TestWhatCannotBeStoppedIsNoHindrance: the file is wholly in force all the same, so that the next one may add to it at once.
func TestWhatCannotBeStoppedIsNoHindrance(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.failStop("web", 1000)
	b.replace(file("g", "alpha ip1", "beta db"))
	b.advance(30*time.Second, "beats", "hbd", "1")
	b.wants("could not be stopped")
	b.claim("1:1:db", "hbd_haresources", "g")
	b.clear()
	b.replace(file("h", "alpha ip1 log", "beta db"))
	b.ran("log start")

	b = beside(t, "1:1:db", "f")
	b.failStop("ip1", 1000)
	b.replace(file("g", "alpha ip3 web", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(30*time.Second, "beats", "hbd", "1")
	b.wants("ip1, which haresources no longer has, could not be stopped")
	b.clear()
	b.replace(file("h", "alpha ip3 web log", "beta db"))
	b.ran("log start")

	b = alone(t) // nor for what is new in a cluster of one
	b.failStop("web", 1000)
	b.replace(file("g", "alpha ip1"))
	b.advance(30 * time.Second)
	b.clear()
	b.replace(file("h", "alpha ip1", "alpha ip2"))
	b.ran("ip2 start")
}

// missing says that the script which runs is not there.
func (b *bench) missing() {
	b.t.Helper()
	r := b.runs[0]
	b.runs = b.runs[1:]
	b.step(ScriptDone{ID: r.ID, RC: 5, Missing: true})
}

// TestWhatMayRunIsStoppedByItsScript: a script that has vanished is no proof that its resource does not run, whatever the file has
// changed about the group.
func TestWhatMayRunIsStoppedByItsScript(t *testing.T) {
	b := beside(t, "1:1:db", "f") // what was added
	b.replace(file("g", "alpha ip1 web log", "beta db"))
	b.ran("log start")
	b.hang()
	b.step(StopCommand{})
	b.missing()
	b.wants("Retrying failed stop operation [log]")

	b = beside(t, "1:1:db", "f") // what was taken out
	b.hang()
	b.replace(file("g", "alpha ip1", "beta db"))
	b.ran("web stop")
	b.missing()
	b.wants("Retrying failed stop operation [web]")

	b = beside(t, "1:1:db", "f") // what ran before something was added that cannot be started
	answer := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start {
			return 1, "", true
		}
		rc, out, _ := answer(r)
		return rc, out, r.Op == Status
	}
	b.replace(file("g", "alpha ip1 log web", "beta db"))
	b.ran("log start, web stop")
	b.missing()
	b.wants("Retrying failed stop operation [web]")
}

// TestGroupThatCannotBeStopped: a change of the file neither starts it, nor hurries its next stop, nor offers it to the other node.
func TestGroupThatCannotBeStopped(t *testing.T) {
	for _, lines := range []string{"alpha ip1 web log; beta db", "beta db"} {
		b := beside(t, "1:1:db", "f")
		b.failStop("web", 1000)
		b.claim("1:1:db 0:1:ip1", "hbd_haresources", "f")
		b.advance(20*time.Second, "beats", "hbd", "1")
		b.wants("Resource STOP failure. Reboot required!")
		b.claim("1:1:db", "hbd_haresources", "f")
		b.group("ip1").failed = true
		retry := b.group("ip1").retryAt
		b.clear()
		b.replace(file("g", strings.Split(lines, ";")...))
		b.advance(retry-b.now-time.Millisecond, "beats", "hbd", "1")
		b.ran("")
		b.advance(time.Second, "beats", "hbd", "1")
		if lines == "beta db" {
			b.ran("web stop")
			if got := b.c.failedKeys(); got != "" {
				t.Errorf("%s is to be taken by the other node", got)
			}
		}
	}
}

// TestNothingStartsBesideWhatIsLeft: in the same group, or under another name; other groups go on.
func TestNothingStartsBesideWhatIsLeft(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.failStop("web", 1)
	b.replace(file("g", "alpha ip1 www", "beta db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("web stop, web stop, www start")

	b = pair(t, "alpha ip1 web; alpha ip2; beta db", "1:1:db")
	b.failStop("web", 1)
	b.replace(file("g", "alpha ip1", "alpha ip2 log", "beta db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("web stop, log start, web stop")

	b = beside(t, "1:1:db", "f") // a whole group that cannot be stopped, and has a new name in the next file
	mend := b.failStop("web", 1000)
	b.replace(file("g", "beta db"))
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wants("could not be stopped")
	mend()
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "web" && r.Op == Status {
			return 3, "stopped", true
		}
		return works(r)
	}
	b.replace(file("h", "beta db", "alpha new web"))
	b.clear()
	b.claim("1:1:db", "hbd_haresources", "h")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.ran("")
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("web stop, ip1 stop, new start, web start")
}
