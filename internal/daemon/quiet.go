package daemon

import (
	"os"
	"strconv"
)

// watcherSlack is how late the Go runtime's watching thread may be. As it comes it looks fifty times in the
// millisecond after anything has happened, and that is a third of all that an idle daemon costs. What
// it is there for, a goroutine that is stuck in a system call or computes for long, may wait for so long.
const watcherSlack = "5000000" // nanoseconds

// letWatcherSleep finds that thread, which the runtime starts before all others, and lets the kernel wake it
// together with something else. A kernel that does not know how (before Linux 4.6) loses nothing.
func letWatcherSleep() {
	entries, _ := os.ReadDir("/proc/self/task")
	first := 0
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil && tid != os.Getpid() && (first == 0 || tid < first) {
			first = tid
		}
	}
	_ = os.WriteFile("/proc/"+strconv.Itoa(first)+"/timerslack_ns", []byte(watcherSlack), 0)
}
