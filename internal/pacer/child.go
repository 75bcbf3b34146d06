package pacer

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The pacer is called as programName with the one argument word, and has two descriptors besides the usual
// three. Both must be so: a resource or a file of an operator may well be called "beats".
const (
	programName = "heartbeatd"
	word        = "beats"
	processName = "heartbeat-beats" // in ps -e and top, which show 15 bytes

	controlFD = 3
	memoryFD  = 4
)

// entered says that main has called Entry: only then can this program be its own pacer.
var entered bool

// Entry is to be called first in main. In a process that was started to be a pacer it does not
// return.
func Entry() {
	entered = true
	if len(os.Args) != 2 || os.Args[0] != programName || os.Args[1] != word || os.Getenv(childMark) != "1" {
		return
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, "heartbeatd beats:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child is the pacer from its first to its last moment.
func child() error {
	runtime.LockOSThread()
	if err := unix.CloseRange(memoryFD+1, math.MaxUint32, 0); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("closing what was inherited: %w", err)
	}
	unix.CloseOnExec(controlFD)
	mem, err := mapShared(memoryFD)
	if err != nil {
		return fmt.Errorf("mapping the ring: %w", err)
	}
	_ = unix.Close(memoryFD)
	// It lives as long as the control socket: whoever ends the daemon by a signal to the whole group wants the
	// daemon to say goodbye first, and it does so by messages of its own.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	writeFile("/proc/self/comm", processName)
	// The parent may just have had another score when it started us, for a script's sake.
	writeFile("/proc/self/oom_score_adj", strconv.Itoa(int(mem.score)))
	// Huge pages save nothing here, make 2 MB of 900 KB, and are put together at any time.
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0)
	s := newSender(mem, controlFD)
	quiet()
	raise(mem)
	if err := ready(); err != nil {
		return nil // nobody is there any more
	}
	s.run()
	return nil
}

// quiet lets the rest of the runtime sleep: there will be no garbage, and its watching thread, which looks
// every 10 ms what the one goroutine does, may do so once a second.
func quiet() {
	debug.SetGCPercent(-1)
	debug.FreeOSMemory()
	own := strconv.Itoa(unix.Gettid())
	for _, tid := range threads() {
		if tid != own {
			writeFile("/proc/"+tid+"/timerslack_ns", "1000000000")
		}
	}
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // this one must be woken at once
}

// raise takes what priority it can get, for this thread alone, and writes down what it got. Nothing
// inherits it: a process forked by a real-time one would be one too.
func raise(mem *shared) {
	sched, errno := schedNone, error(nil)
	if mem.priority > 0 {
		// Should it ever run without a pause, it would stop the machine. The kernel ends it then, and the decider
		// starts another.
		most := unix.Rlimit{Cur: longestRun, Max: longestRun}
		_ = unix.Setrlimit(rlimitRTTime, &most)
		attr := unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: uint32(mem.priority),
			Flags: unix.SCHED_FLAG_RESET_ON_FORK,
		}
		if errno = unix.SchedSetAttr(0, &attr, 0); errno == nil {
			sched = schedFIFO
		}
	}
	if mem.priority == 0 { // realtime off: like any other program
		return
	}
	if sched == schedNone {
		if err := unix.Setpriority(unix.PRIO_PROCESS, 0, -20); err == nil {
			sched = schedNice
		} else if errno == nil {
			errno = err
		}
	}
	mem.sched.Store(uint32(sched))
	mem.schedErrno.Store(number(errno))
	mem.lockErrno.Store(number(lockMemory()))
}

const (
	rlimitRTTime = 15      // RLIMIT_RTTIME of <sys/resource.h>
	longestRun   = 200_000 // microseconds of a processor between two waits; a beat takes some 50
)

func number(err error) uint32 {
	var no unix.Errno
	if errors.As(err, &no) {
		return uint32(no)
	}
	return 0
}

// ready tells the decider that beats can come.
func ready() error {
	m := message{kind: msgReady}
	return unix.Send(controlFD, (*[messageSize]byte)(unsafe.Pointer(&m))[:], unix.MSG_NOSIGNAL)
}
