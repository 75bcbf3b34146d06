package daemon

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestWatcherSleeps: one thread may be late, and it is neither the first nor one that carries beats, also when it
// has started others, which begin with what it has. A thread may be started at any time, so it is looked at some times.
func TestWatcherSleeps(t *testing.T) {
	if _, err := os.Stat("/proc/self/timerslack_ns"); err != nil {
		t.Skipf("this kernel has no timerslack_ns: %v", err)
	}
	slack(os.Getpid(), watcherSlack)
	var late []string
	for range 20 {
		letWatcherSleep()
		if late = lateThreads(t); len(late) == 1 && late[0] != strconv.Itoa(os.Getpid()) {
			return
		}
	}
	t.Errorf("the threads %v may be late, of process %d", late, os.Getpid())
}

func lateThreads(t *testing.T) (late []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, _ := os.ReadFile("/proc/" + e.Name() + "/timerslack_ns") // a thread may have gone
		if strings.TrimSpace(string(b)) == watcherSlack {
			late = append(late, e.Name())
		}
	}
	return late
}

// TestOneProcessor: the runtime gets one, or what the environment says.
func TestOneProcessor(t *testing.T) {
	was := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(was)
	t.Setenv("GOMAXPROCS", "3")
	if oneProcessor(); runtime.GOMAXPROCS(0) != 3 {
		t.Errorf("%d processors, where the environment says 3", runtime.GOMAXPROCS(0))
	}
	t.Setenv("GOMAXPROCS", "")
	if oneProcessor(); runtime.GOMAXPROCS(0) != 1 {
		t.Errorf("%d processors", runtime.GOMAXPROCS(0))
	}
}
