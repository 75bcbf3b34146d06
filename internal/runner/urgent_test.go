package runner

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// threadsWithout counts the threads of this process that have another nice value.
func threadsWithout(t *testing.T, nice int) (n int) {
	t.Helper()
	for _, tid := range ownThreads() {
		if got, err := unix.Getpriority(unix.PRIO_PROCESS, tid); err == nil && 20-got != nice {
			n++
		}
	}
	return n
}

// TestUrgentButNotScripts: the daemon's threads are urgent, those it gets later too, and what scripts start is not: neither by
// nice value nor by policy. A service would keep it for life.
func TestUrgentButNotScripts(t *testing.T) {
	before, err := ownNice()
	if err != nil {
		t.Fatal(err)
	}
	if err := Urgent(before - 7); err != nil {
		if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
			t.Fatalf("cannot run here, and HEARTBEATD_NEED_ROOT=1 forbids to skip: %v", err)
		}
		t.Skip("this process may not become more urgent: ", err)
	}
	defer func() {
		if err := Urgent(before); err != nil {
			t.Error(err)
		}
		usual.Store(0)
	}()
	s := newSite(t)
	// Fields 19 and 41 of /proc/PID/stat, behind the name in parentheses.
	s.script("nice", `show() { read -r line <$1; set -- ${line##*) }; echo ${17} ${39}; }; show /proc/self/stat; (sleep 0; show /proc/self/stat)`)
	own, err := unix.SchedGetAttr(0, 0) // SCHED_OTHER, unless whoever runs the tests is meant to disturb nobody
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%[1]d %[2]d\n%[1]d %[2]d\n", before, own.Policy)
	for i := range 20 { // side by side, which makes threads
		s.Start(uint64(i), "nice", "start")
	}
	for range 20 {
		if r := s.wait(); r.Output != want {
			t.Errorf("nice value and policy of a script and its child: %q, want %q", r.Output, want)
		}
	}
	if n := threadsWithout(t, before-7); n > 0 {
		t.Errorf("%d threads of the daemon are not urgent", n)
	}
}
