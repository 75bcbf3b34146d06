package daemon

import (
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/link/linktest"
)

// TestAlarm: it rings once for each time it was set, not before its time, and at once for a time that has passed.
func TestAlarm(t *testing.T) {
	a := newAlarm()
	defer a.close()
	if a.file == nil {
		t.Error("no timer of the kernel")
	}
	await := func(what string) {
		t.Helper()
		select {
		case <-a.C:
		case <-time.After(10 * time.Second):
			t.Fatal("silent: ", what)
		}
	}
	start := time.Now()
	now := func() time.Duration { return time.Since(start) + time.Hour }
	var late []time.Duration
	for range 20 {
		at := now() + 3300*time.Microsecond
		a.set(at, now())
		a.set(at, now()) // which changes nothing
		await("a time to come")
		a.rung()
		late = append(late, now()-at)
	}
	slices.Sort(late)
	if late[0] < 0 {
		t.Errorf("early by %v", -late[0])
	}
	t.Logf("late by %v at best, %v as a median", late[0], late[len(late)/2])
	a.set(time.Second, now())
	await("a time that has passed")
	a.rung()
	a.set(time.Second, now())
	await("the same, again")
	a.rung()
	a.set(now()+time.Hour, now())
	select {
	case <-a.C:
		t.Error("it rings twice")
	case <-time.After(20 * time.Millisecond):
	}
	a.set(now(), now())
	await("set to now after a later time")
	a.rung()
	const near = 20 * time.Millisecond
	for off := false; !off; { // in time: a busy machine may let it ring before
		begin := now()
		a.set(begin+near, begin)
		a.set(core.NoTick, now())
		off = now() < begin+near
		rang := false
		select {
		case <-a.C:
			rang = true
		case <-time.After(3 * near):
		}
		if rang && off {
			t.Error("it rings though it is off")
		}
		a.rung()
	}
}

// TestAlarmWithoutTimer: where the kernel gives none the runtime's own does.
func TestAlarmWithoutTimer(t *testing.T) {
	a := &alarm{C: make(chan struct{}, 1)}
	a.late = time.AfterFunc(time.Hour, a.ring)
	defer a.close()
	a.set(time.Hour+time.Millisecond, time.Hour)
	select {
	case <-a.C:
	case <-time.After(10 * time.Second):
		t.Fatal("silent")
	}
}

// TestDeadlineHasItsAlarm: it is set to the core's next one, whatever has happened.
func TestDeadlineHasItsAlarm(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil).start()
	b := newMachine(t, network, "node2", nil).start()
	a.until("both groups are settled", a.runs)
	check := func(when string) {
		t.Helper()
		var at, next time.Duration
		a.d.ask(func() { at, next = a.d.alarm.at, a.d.core.NextTick() })
		// 0 where it has rung, and the loop has not heard it yet.
		if at != next && at != 0 {
			t.Errorf("%s: set to %v, the next deadline is %v", when, at, next)
		}
	}
	a.until("the other is heard", func() bool { return strings.Contains(a.log(), "Status update for node node2: status active") })
	check("both are there")
	b.stop()
	a.untilLog("node node2: is dead")
	check("one is dead")
}
