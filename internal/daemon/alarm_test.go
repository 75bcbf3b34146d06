package daemon

import (
	"slices"
	"testing"
	"time"
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
	var late []time.Duration
	for range 20 {
		begin := time.Now()
		a.reset(3300 * time.Microsecond)
		await("a time to come")
		late = append(late, time.Since(begin)-3300*time.Microsecond)
	}
	slices.Sort(late)
	if late[0] < 0 {
		t.Errorf("early by %v", -late[0])
	}
	t.Logf("late by %v at best, %v as a median", late[0], late[len(late)/2])
	a.reset(-time.Second)
	await("a time that has passed")
	a.reset(time.Hour)
	select {
	case <-a.C:
		t.Error("it rings twice")
	case <-time.After(20 * time.Millisecond):
	}
	a.reset(0)
	await("set to now after a later time")
}

// TestAlarmWithoutTimer: where the kernel gives none the runtime's own does.
func TestAlarmWithoutTimer(t *testing.T) {
	a := &alarm{C: make(chan struct{}, 1)}
	a.late = time.AfterFunc(time.Hour, a.ring)
	defer a.close()
	a.reset(time.Millisecond)
	select {
	case <-a.C:
	case <-time.After(10 * time.Second):
		t.Fatal("silent")
	}
}
