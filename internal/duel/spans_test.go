package duel

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func forked(at int64, pid, parent int) processEvent {
	return processEvent{at: at, kind: unix.PERF_RECORD_FORK, pid: pid, parent: parent}
}

func became(at int64, pid int, name string) processEvent {
	return processEvent{at: at, kind: unix.PERF_RECORD_COMM, pid: pid, name: name}
}

func ended(at int64, pid int) processEvent {
	return processEvent{at: at, kind: unix.PERF_RECORD_EXIT, pid: pid}
}

// Daemon 10 runs service and IPaddr2, which becomes another program and starts one; 20 is somebody else's.
var someLog = processLog{
	forked(100, 11, 10), became(110, 11, "service"), ended(150, 11),
	forked(155, 21, 20), became(156, 21, "service"),
	forked(160, 12, 10), became(170, 12, "IPaddr2"), forked(175, 13, 12), became(180, 13, "IPaddr2"), ended(190, 13),
	became(195, 12, "heartbeatd"), ended(210, 12),
	ended(220, 21),
	forked(230, 11, 10), became(240, 11, "service"),
	forked(250, 14, 10), became(251, 14, "ResourceManager"), ended(260, 14),
}

func TestScripts(t *testing.T) {
	ours := map[int]bool{10: true}
	got := someLog.scripts(scriptNames, ours)
	want := []span{{110, 150}, {170, 210}, {180, 190}, {240, 260}} // the last one has not ended
	if !slices.Equal(got, want) {
		t.Errorf("scripts %v, want %v", got, want)
	}
	if got := someLog.scripts(scriptNames, nil); len(got) != 5 {
		t.Errorf("%d scripts of anybody, want 5", len(got))
	}
	if got := within(got, 0, 1000); got != 100*time.Nanosecond {
		t.Errorf("they took %d, want 100", got)
	}
	if got := within(got, 140, 200); got != 40*time.Nanosecond {
		t.Errorf("from 140 to 200 they took %d, want 40", got)
	}
	if got := within(got, 151, 169); got != 0 {
		t.Errorf("between two they took %d", got)
	}
}

func TestBegun(t *testing.T) {
	ours := map[int]bool{10: true}
	for said, want := range map[int64]int64{149: 110, 155: 110, 245: 240} {
		if at, err := someLog.begun("service", said, ours); at != want || err != nil {
			t.Errorf("what was said at %d was by the script of %d (%v), want %d", said, at, err, want)
		}
	}
	if _, err := someLog.begun("service", 105, ours); err == nil {
		t.Error("something was said before there was a script")
	}
}

func TestProgram(t *testing.T) {
	log := processLog{
		became(1, 0, "of another lab"), ended(2, 0),
		became(5, 30, "nsenter"), forked(10, 31, 30), forked(11, 40, 10), became(12, 31, "heartbeat"), forked(13, 32, 31),
		became(14, 32, "sh"), ended(16, 32), ended(20, 31), ended(21, 30),
	}
	if life, err := log.program(30); err != nil || life != (span{12, 20}) {
		t.Errorf("the program lived %v (%v), want 12 to 20", life, err)
	}
	if _, err := log.program(99); err == nil {
		t.Error("a program nobody started lived")
	}
}
