package runner

import (
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// closeOnExec marks every descriptor above stderr, whoever left it open for us, so that scripts
// inherit none. 3.0.6 leaks its descriptors into services.
func closeOnExec() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	fds, _ := filepath.Glob("/proc/self/fd/*") // before Linux 5.11
	for _, name := range fds {
		if fd, err := strconv.Atoi(filepath.Base(name)); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

var signalsOnce sync.Once

// defaultSignals makes scripts start with default signals though our own starter ignores some
// (nohup, a background job of a shell, systemd's SIGPIPE): what is caught here and thrown away is
// reset by exec, what is ignored is inherited. 3.0.6 passes ignored signals on to services.
func defaultSignals() {
	signalsOnce.Do(func() {
		for _, sig := range ignored() {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	})
}

// ignored lists the signals this process ignores, but for those of job control: caught instead
// of ignored they would keep a background process from writing to its terminal.
func ignored() []syscall.Signal {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(status), "\nSigIgn:\t")
	mask, err := strconv.ParseUint(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 16, 64)
	if err != nil {
		return nil
	}
	var list []syscall.Signal
	for n := range 31 {
		sig := syscall.Signal(n + 1)
		switch sig {
		case syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT, syscall.SIGCHLD:
			continue
		}
		if mask&(1<<n) != 0 {
			list = append(list, sig)
		}
	}
	return list
}

// ownScore is the place of this process in the kernel's list of victims, -1000 (never) to 1000.
const ownScore = "/proc/self/oom_score_adj"

// score remembers the place of this process while some start has changed it.
var score struct {
	mu     sync.Mutex
	starts int
	own    []byte // to be put back; nil: nothing was changed
}

// UsualScore calls start, which is to start a process, in such a way that the process and all it
// forks have the usual place in the kernel's list of victims. The unit puts the daemon at the far
// end of it; children inherit that from their first instruction on, and there is no moment before
// at which a child could be changed. So the daemon itself takes the usual place until start
// returns. That needs no privilege: proc(5) has the kernel refuse only values below the one that a
// process with CAP_SYS_RESOURCE set last, and a daemon with that may set any. Several starts do
// not wait for each other. The nice value from before [Urgent] is a thread's own matter: the one that forks.
func UsualScore(start func() error) error {
	score.mu.Lock()
	if score.starts == 0 {
		own, err := os.ReadFile(ownScore)
		if err == nil && strings.TrimSpace(string(own)) != "0" && os.WriteFile(ownScore, []byte("0"), 0) == nil {
			score.own = own
		}
	}
	score.starts++
	score.mu.Unlock()
	defer func() {
		score.mu.Lock()
		defer score.mu.Unlock()
		score.starts--
		if score.starts == 0 && score.own != nil {
			os.WriteFile(ownScore, score.own, 0) //nolint:errcheck // the same file took the other value just now
			score.own = nil
		}
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer usualNice()()
	unblock()
	return start()
}

// Handed are the signals that mean something to the daemon. While it is replaced by another image of itself they are
// blocked. In the new image Go's runtime unblocks those that end a program (SIGTERM, SIGHUP, SIGINT) as it starts; the
// others wait until os/signal is asked for them, and stay blocked in all other threads.
var Handed = []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM}

// Mask is a set of them for [unix.PthreadSigmask].
func Mask() *unix.Sigset_t {
	var set unix.Sigset_t
	bits := uint(unsafe.Sizeof(set.Val[0])) * 8
	for _, s := range Handed {
		n := uint(s) - 1
		set.Val[n/bits] |= 1 << (n % bits)
	}
	return &set
}

// unblock lets the calling thread have them: what it forks inherits that, and a service that cannot be told to end
// would be a bad present. (The runtime gives the child the mask that the forking thread has.)
func unblock() { _ = unix.PthreadSigmask(unix.SIG_UNBLOCK, Mask(), nil) }
