package core

import (
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/seqtrack"
)

func withDevice(c *Config) { c.Stonith = "device" }

// fences are the resets asked for since clear.
func (b *bench) fences() (list []Fence) {
	for _, a := range b.all {
		if f, ok := a.(Fence); ok {
			list = append(list, f)
		}
	}
	return list
}

func (b *bench) wantsFence(attempt int) {
	b.t.Helper()
	if l := b.fences(); len(l) != 1 || l[0] != (Fence{Node: "beta", Attempt: attempt}) {
		b.t.Fatalf("asked of the device: %v, want one attempt %d\n%s", l, attempt, b.text())
	}
}

func (b *bench) wantsNoFence() {
	b.t.Helper()
	if l := b.fences(); len(l) > 0 {
		b.t.Fatalf("asked of the device: %v\n%s", l, b.text())
	}
}

func (b *bench) fenced(attempt int, ok bool, code int) {
	b.t.Helper()
	b.step(FenceDone{Attempt: attempt, OK: ok, Code: code, PID: 77, Output: "says no"})
}

// nothingTaken says that neither a script was run nor a group claimed.
func (b *bench) nothingTaken(held string) {
	b.t.Helper()
	b.wantsNot(" start\n", "Acquiring", "Resources being acquired", "takeover complete")
	for _, m := range b.sent("resource") {
		if got := m.Str("hbd_groups"); strings.Contains(got, "db") {
			b.t.Errorf("claims %q before the node is reset", got)
		}
	}
	if got := string(b.c.hold()); got != held {
		b.t.Errorf("holds %s, want %s", got, held)
	}
}

// dead is a core whose peer, which held groups, was just declared dead.
func dead(t *testing.T, groups string, change ...func(*Config)) *bench {
	t.Helper()
	b := joined(t, groups, append(change, withDevice)...)
	b.advance(6 * time.Second)
	b.wants("WARN node beta: is dead")
	return b
}

func TestFenceBeforeTakeover(t *testing.T) {
	b := dead(t, "1:1:db")
	b.wantsFence(1)
	b.wants("info Resetting node beta with [device]")
	b.wantsNot("No STONITH device configured", "Shared disks")
	b.advance(10 * time.Minute) // the device takes its time
	b.nothingTaken("local")
	if v := b.c.View(b.now); v.Holding != "transition" || v.Fence != (FenceView{Node: "beta", Attempt: 1, Running: 10*time.Minute + time.Second}) {
		t.Errorf("status: %+v", v)
	}
	b.clear()
	b.fenced(1, true, 0)
	b.wants("info node beta now reset.", "info Managed STONITH beta process 77 exited with return code 0.", "info Resources being acquired from beta.",
		"run db start", "info mach_down takeover complete.", "send t=stonith node=beta result=OK")
	if v := b.c.View(b.now); v.Holding != All || v.Fence != (FenceView{}) {
		t.Errorf("status: %+v", v)
	}
}

func TestFenceIsRetried(t *testing.T) {
	b := dead(t, "1:1:db")
	for attempt := 1; attempt <= 40; attempt++ {
		b.wantsFence(attempt)
		b.clear()
		code, says := 1, "ERROR Host beta not reset!"
		if attempt%2 == 0 {
			code, says = 100, "ERROR Device device cannot reset host beta."
		}
		b.fenced(attempt, false, code)
		b.wants("send t=stonith node=beta result=" + map[int]string{1: "bad", 100: "badhost"}[code] + "\n")
		b.wants(says, "WARN Managed STONITH beta process 77 exited with return code", "ERROR STONITH of beta failed.  Retrying...")
		if v := b.c.View(b.now).Fence; v != (FenceView{Node: "beta", Attempt: attempt, Running: -1, Failure: "says no"}) {
			t.Fatalf("status: %+v", v)
		}
		b.advance(5*time.Second - 1)
		b.wantsNoFence()
		b.advance(1)
		b.nothingTaken("local")
	}
	b.clear()
	b.fenced(41, true, 0)
	b.wants("run db start")
}

// An end that belongs to no attempt at work says nothing.
func TestFenceOldEndsDoNotCount(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(7, true, 0)
	b.fenced(0, true, 0)
	b.nothingTaken("local")
	b.fenced(1, false, 1)
	b.fenced(1, true, 0)
	b.nothingTaken("local")
	b = joined(t, "1:1:db", withDevice)
	b.fenced(0, true, 0)
	b.nothingTaken("local")
}

// TestFenceIsNotNeeded: 3.0.6 fences nobody who said goodbye, or who held nothing.
func TestFenceIsNotNeeded(t *testing.T) {
	b := joined(t, "1:1:db", withDevice)
	b.from("shutdone", "st", "dead")
	b.wants("run db start")
	b.advance(10 * time.Second)
	b.wants("node beta: is dead", "Dead node beta gave up resources.", "send t=stonith node=beta result=unneeded")
	b.wantsNoFence()

	b = joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] }, withDevice) // all is ours
	b.advance(10 * time.Second)
	b.wants("node beta: is dead", "Dead node beta gave up resources.")
	b.wantsNoFence()

	b = joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] }, withDevice) // its own side is empty, and it has that
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "")
	b.advance(10 * time.Second)
	b.wants("node beta: is dead", "Dead node beta gave up resources.")
	b.wantsNoFence()

	b = joined(t, "1:1:db", withDevice) // it has stopped, and only its goodbye was lost
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", "shutdown", "hbd", "1", "hbd_groups", "")
	b.advance(10 * time.Second)
	b.wants("node beta: is dead", "run db start")
	b.wantsNoFence()
}

// TestFenceWaitsForAnotherStatus: a beat that says nothing of its sender's state does not end the wait for the next attempt.
func TestFenceWaitsForAnotherStatus(t *testing.T) {
	b := joined(t, "1:1:db", withDevice)
	b.advance(10 * time.Second)
	b.wantsFence(1)
	b.fenced(1, false, 5)
	b.clear()
	b.beat("nonsense", "hbd", "1")
	b.advance(10 * time.Second)
	b.wantsFence(2)
}

// TestFenceSparesWhoRestarted: a node that lives anew is not reset, though its first status says nothing of its state.
func TestFenceSparesWhoRestarted(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.gen, b.seq = 6, 0
	b.from("status")
	b.advance(6 * time.Second)
	b.wantsNoFence()
}

// TestFenceWhatNobodyHad: 3.0.6 takes it at once, and so does the other if it lives and only cannot be heard.
func TestFenceWhatNobodyHad(t *testing.T) {
	b := joined(t, "", withDevice)
	b.advance(10 * time.Second)
	b.wantsFence(1)
	b.nothingTaken("local")
}

// TestFenceReleasingCNode: 3.0.6 claims nothing before it has stopped anything (behaviour.md 12.1).
func TestFenceReleasingCNode(t *testing.T) {
	b := joinedToC(t, "local", withDevice)
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", "shutdown")
	b.clear()
	b.advance(10 * time.Second)
	b.wants("node beta: is dead")
	b.wantsFence(1)
	b.nothingTaken("local")
}

// TestFenceNeverHeard: 3.0.6 resets a peer that it has not heard since its start, whatever that did.
func TestFenceNeverHeard(t *testing.T) {
	b := newBench(t, withDevice)
	b.advance(11 * time.Second)
	b.wants("node beta: is dead", "Comm_now_up(): updating status to active")
	b.wantsFence(1)
	b.advance(time.Minute)
	b.nothingTaken("none")
	b.wantsNot("Local Resource acquisition completed")
	b.fenced(1, true, 0)
	b.wants("run ip1 start", "run web start", "run db start", "Local Resource acquisition completed.", "mach_down takeover complete.")
}

// TestFenceClash: what both claim is started here only when the other is off, even if it is ours by the terms.
func TestFenceClash(t *testing.T) {
	b := joined(t, "", withDevice)
	b.hang()
	b.claim("", "hbd_failed", "db") // it cannot run it: ours
	b.clear()
	b.claim("9:1:db")
	if g := b.group("db"); !g.want || g.clashAt == 0 {
		t.Fatalf("no clash that is won here: %+v", g)
	}
	b.end(3, "stopped")
	b.advance(10 * time.Second)
	b.wantsNot("run db start")
	b.wantsFence(1)
	b.fenced(1, true, 0)
	b.wants("run db start")
}

// TestFenceByTheClaim: who claims anything is fenced, even if all that runs is ours; who claims nothing, only if it may say so
// before it is true.
func TestFenceByTheClaim(t *testing.T) {
	allOurs := func(c *Config) { c.Groups = c.Groups[:1] }
	for _, c := range []struct {
		name   string
		begin  func() *bench
		fenced bool
	}{
		{"a C node that claims its empty side", func() *bench { return joinedToC(t, "local", allOurs, withDevice) }, true},
		{"a C node that claims nothing", func() *bench { return joinedToC(t, "none", allOurs, withDevice) }, false},
		{"a C node that releases", func() *bench {
			b := joinedToC(t, "none", allOurs, withDevice)
			b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", "shutdown")
			return b
		}, true},
		{"a heartbeatd that releases", func() *bench {
			b := joined(t, "", allOurs, withDevice)
			b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", "standby", "hbd", "1", "hbd_groups", "")
			return b
		}, false},
		{"one that has said goodbye, while ours could not be started", func() *bench {
			b := joined(t, "1:1:db", withDevice)
			b.hang()
			b.from("shutdone", "st", "dead")
			for _, rc := range []int{3, 1, 0} { // status, start, stop
				b.end(rc, "stopped")
			}
			if b.group("db").ours() {
				t.Fatal("db is ours")
			}
			return b
		}, false},
	} {
		b := c.begin()
		b.clear()
		b.advance(10 * time.Second)
		b.wants("node beta: is dead")
		if got := len(b.fences()) > 0; got != c.fenced {
			t.Errorf("%s: fenced %v\n%s", c.name, got, b.text())
		}
	}
}

// TestFenceLegacy: with auto_failback legacy a C node makes no claims; that it is back is all that can be known.
func TestFenceLegacy(t *testing.T) {
	b := newBench(t, withDevice, func(c *Config) { c.Failback = FailbackLegacy })
	b.beat("active")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	b.advance(10 * time.Second)
	b.wants("node beta: is dead")
	b.wantsFence(1)
	b.fenced(1, false, 1)
	b.gen, b.seq = 6, 0
	b.beat("up")
	if !b.group("db").barred {
		t.Error("not barred")
	}
	b.beat("active")
	if b.group("db").barred {
		t.Error("still barred")
	}
}

// TestFenceInTheStatus: what the operator reads for last.
func TestFenceInTheStatus(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.wantsLast("beta is not reset, nothing is taken from it (STONITH attempt 1 failed)")
	b.advance(5 * time.Second)
	b.hang()
	b.fenced(2, true, 0)
	b.wantsLast("beta is dead and off (reset by STONITH)")
	b.end(3, "stopped")
	b.end(0, "")
	b.wantsLast("everything taken over from beta (reset by STONITH)")
}

func TestFencePrint(t *testing.T) {
	one := New(Config{Self: "a", UUID: make([]byte, 16), Keepalive: time.Second, Deadtime: 4 * time.Second})
	one.Print(&Print{}, 0)
	running, none := busy(), busy()
	running.fence.phase, none.fence.phase = fenceRunning, fenceNone
	if printed(running) == printed(none) {
		t.Error("a device at work is not printed")
	}
	never, other := busy(), busy()
	never.fence.reset, other.fence.reset = 0, 8
	never.peer.window, other.peer.window = seqtrack.Window{}, seqtrack.Window{}
	if printed(never) != printed(other) {
		t.Error("no reset, and that of a life long gone, are told apart")
	}
}

func TestFenceEndsWithUs(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.hang()
	b.step(StopCommand{})
	b.advance(time.Minute)
	b.wantsNoFence()

	b = dead(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.clear()
	b.fenced(1, true, 0)
	b.wants("Resource takeover cancelled - shutdown in progress.")
	b.wantsNot("run db", "Resources being acquired")

	b = dead(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.clear()
	b.fenced(1, false, 1)
	b.wants("Host beta not reset!")
	b.wantsNot("Retrying")

	b = dead(t, "1:1:db") // what the device hit nobody knows, and need not know any more
	b.gen, b.seq = 6, 0
	b.beat("init", "hbd", "1")
	b.advance(10 * time.Second)
	b.hang()
	b.step(StopCommand{})
	b.clear()
	b.fenced(1, true, 0)
	b.wantsNoFence()

	b = joined(t, "1:1:db", withDevice)
	b.hang()
	b.step(StopCommand{})
	b.clear()
	b.advance(20 * time.Second)
	b.wants("node beta: is dead")
	b.wantsNoFence()
}

// TestNoDeviceNoFence: without one all is as it was.
func TestNoDeviceNoFence(t *testing.T) {
	b := joinedToC(t, "local")
	b.advance(6 * time.Second)
	b.wants("WARN No STONITH device configured.", "WARN Shared disks are not protected.", "run db start")
	b.wantsNoFence()
	if len(b.sent("stonith")) > 0 {
		t.Error("t=stonith is sent")
	}
}
