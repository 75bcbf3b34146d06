package daemon

import (
	"os"
	"runtime"
	"strconv"
)

// watcherSlack is how late the Go runtime's watching thread may be. As it comes it looks fifty times in the
// millisecond after anything has happened, and that is a third of all that an idle daemon costs. What
// it is there for, a goroutine that is stuck in a system call or computes for long, may wait for so long.
const (
	watcherSlack = "5000000" // nanoseconds
	usualSlack   = "50000"   // of Linux
)

// letWatcherSleep finds that thread, which the runtime starts before all others, and lets the kernel wake it
// together with something else. Threads that it has started have its slack and get the usual one back, so this is to
// be called from time to time. A kernel that does not know how (before Linux 4.6) loses nothing.
func letWatcherSleep() {
	watcher := 0
	var others []int
	entries, _ := os.ReadDir("/proc/self/task")
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		switch {
		case err != nil:
		case tid > os.Getpid() && (watcher == 0 || tid < watcher): // after a wrap of pids: none, or one that does no harm
			others = append(others, watcher)
			watcher = tid
		default:
			others = append(others, tid)
		}
	}
	slack(watcher, watcherSlack)
	for _, tid := range others {
		slack(tid, usualSlack)
	}
}

func slack(tid int, ns string) {
	if tid > 0 {
		_ = os.WriteFile("/proc/"+strconv.Itoa(tid)+"/timerslack_ns", []byte(ns), 0)
	}
}

// oneProcessor lets the runtime use one processor at a time, but for what waits in the kernel. What a daemon does is short: on
// several, each datagram wakes a thread that reads it, one that judges it, and one that looks for more to do, and that was half of what
// an idle daemon costs. Scripts, and the process that sends beats, are processes of their own. GOMAXPROCS in the environment
// is obeyed.
func oneProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
}
