package runner

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// usual is the nice value this process had before Urgent, plus 1000; 0: there was no Urgent.
var usual atomic.Int32

const usualSet = 1000

// Urgent gives every thread of this process, and with that those it will have, a nice value. What is started through
// [UsualScore] has the one from before, as resource scripts do: services are not more urgent than usual because of us.
func Urgent(nice int) error {
	before, err := ownNice()
	if err != nil {
		return fmt.Errorf("asking for the nice value: %w", err)
	}
	usual.CompareAndSwap(0, int32(before)+usualSet)
	// A thread that was made meanwhile by one that had not had its turn would be forgotten.
	for done := map[int]bool{}; ; {
		left := 0
		for _, tid := range ownThreads() {
			if done[tid] {
				continue
			}
			left++
			done[tid] = true
			if err := unix.Setpriority(unix.PRIO_PROCESS, tid, nice); err != nil && err != unix.ESRCH {
				return fmt.Errorf("setting nice value %d: %w", nice, err)
			}
		}
		if left == 0 {
			break
		}
	}
	// Where the kernel shares out the processors by session first (sched_autogroup_enabled), nice values count only
	// within one. The session must be ours: it may be an operator's terminal.
	if sid, err := unix.Getsid(0); err == nil && sid == os.Getpid() {
		_ = os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(nice)), 0)
	}
	return nil
}

// ownNice is that of the calling thread. The system call gives 20 less it, so that no answer looks like an error.
func ownNice() (int, error) {
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	return 20 - n, err
}

func ownThreads() (tids []int) {
	entries, _ := os.ReadDir("/proc/self/task")
	for _, e := range entries {
		if tid, err := strconv.Atoi(strings.TrimSpace(e.Name())); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// usualNice makes the calling thread as urgent as the process was before Urgent, until back is called. The
// goroutine must be locked to its thread.
func usualNice() (back func()) {
	n := usual.Load()
	own, err := ownNice()
	if n == 0 || err != nil || unix.Setpriority(unix.PRIO_PROCESS, 0, int(n)-usualSet) != nil {
		return func() {}
	}
	return func() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, own) } // who may raise it once may again
}
