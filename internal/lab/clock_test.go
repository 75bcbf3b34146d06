//go:build integration

package lab

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestClock: a Go program on a host sees the wall clock it is given, another program there sees the true time,
// and so does this machine.
func TestClock(t *testing.T) { fairly(t, playClock) }

func playClock(t testing.TB) {
	l := newLab(t, 1)
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	software, err := Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	h, err := l.Node("node1", software, HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before, uptime := time.Now(), monotonic(t)
	for _, by := range []time.Duration{0, -48 * time.Hour, 1000 * time.Hour} {
		if err := h.Configure(Files{HACF: "logfile /var/log/ha-log\nbcast eth0\nnode node1 node2\nauto_failback off\n", Haresources: "\n"}); err != nil {
			t.Fatal(err)
		}
		if err := h.WriteFile("/run/lab.clock", fmt.Sprintln(int64(by)), 0o644); err != nil {
			t.Fatal(err)
		}
		h.Remove("/var/log/ha-log")
		begin := time.Now()
		if err := h.Start(toolPath, stageWord, "clock", "/run/lab.clock", "/usr/sbin/heartbeatd"); err != nil {
			t.Fatal(err)
		}
		log := h.TailFromStart("/var/log/ha-log")
		line, err := log.Wait(clusterPatience, "Heartbeat generation")
		if err != nil {
			t.Fatalf("%v\n%s", err, h.Console())
		}
		want := time.Now().Add(by)
		at, err := time.ParseInLocation("2006 Jan _2 15:04:05", want.Format("2006 ")+line[:len(time.Stamp)], time.Local)
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(begin.Add(by-2*time.Second)) || at.After(want.Add(2*time.Second)) { // the log has whole seconds
			t.Errorf("clock set by %v: the log says %s, want %s", by, at, want)
		}
		begin = time.Now()
		out := run(t, h, "date", "+%s")
		var seconds int64
		fmt.Sscan(out, &seconds)
		if now := time.Unix(seconds, 0); now.Before(begin.Add(-2*time.Second)) || now.After(time.Now().Add(2*time.Second)) {
			t.Errorf("the host's other programs have %s", now)
		}
		run(t, h, daemonPath, "-k")
	}
	if drift := (time.Now().Round(0).Sub(before.Round(0)) - (monotonic(t) - uptime)).Abs(); drift > time.Hour { // half an hour's correction would be this machine's own
		t.Errorf("this machine's clock was set, by %v", drift)
	}
}

func monotonic(t testing.TB) time.Duration {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
