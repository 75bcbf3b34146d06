package pacer

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// childMark is in a pacer's environment, and in no other: the daemon's scripts get none of it.
	childMark = "HEARTBEATD_PACER"
	// readyWithin is how long a new process may take until it can send.
	readyWithin = 10 * time.Second
)

// process is one pacer: its memory, its control socket, its pid.
type process struct {
	pid      int
	control  int
	mem      *shared
	ring     *producer
	priority int
}

// start starts a pacer, whose memory says what it is to be. It takes as long as fork and exec take.
func start(priority int, score int32) (*process, error) {
	mem, memory, err := makeShared()
	if err != nil {
		return nil, err
	}
	defer unix.Close(memory) //nolint:errcheck // mapped by now, and the child has its own
	mem.priority, mem.score = int32(priority), score
	p := &process{mem: mem, ring: newProducer(mem), priority: priority}
	if err := p.fork(memory); err != nil {
		mem.unmap()
		return nil, err
	}
	return p, nil
}

func (p *process) fork(memory int) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("making the control socket: %w", err)
	}
	defer unix.Close(pair[1]) //nolint:errcheck // ours is the other
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err == nil {
		defer null.Close()
		n := null.Fd()
		// The file this program was started from, also when another one has taken its name: both must
		// have the same idea of the shared memory.
		p.pid, err = syscall.ForkExec("/proc/self/exe", []string{programName, word}, &syscall.ProcAttr{
			Dir: "/",
			Env: []string{
				childMark + "=1",
				"GOMAXPROCS=1", // and so the runtime does not ask again for the number of processors either
				"GOGC=off",
				"GODEBUG=asyncpreemptoff=1", // no signal every 10 ms to a thread that waits in a raw system call
			},
			Files: []uintptr{n, n, n, uintptr(pair[1]), uintptr(memory)},
			// One that was stopped does not see the end of its socket.
			Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
		})
	}
	if err != nil {
		_ = unix.Close(pair[0])
		return fmt.Errorf("starting it: %w", err)
	}
	p.control = pair[0]
	return nil
}

// errEnded: how, its status will tell.
var errEnded = errors.New("it ended at once")

// awaitReady waits until the new process can send.
func (p *process) awaitReady() error {
	within := unix.NsecToTimeval(int64(readyWithin))
	if err := unix.SetsockoptTimeval(p.control, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &within); err != nil {
		return fmt.Errorf("waiting for it: %w", err)
	}
	var m message
	n, err := 0, error(unix.EINTR)
	for err == unix.EINTR {
		n, err = unix.Read(p.control, m.raw())
	}
	switch {
	case err == unix.EAGAIN:
		return fmt.Errorf("it was not ready within %s", readyWithin)
	case err != nil:
		return fmt.Errorf("waiting for it: %w", err)
	case n == 0:
		return errEnded
	}
	return nil
}

func (m *message) raw() []byte { return (*[messageSize]byte)(unsafe.Pointer(m))[:] }

// tell sends a message, and with it a descriptor, if that is not negative. It is false if it cannot: the pacer has
// not read for so long that there is no more room, or the kernel has none. That it is gone is no matter of tell's.
func (p *process) tell(m message, fd int) bool {
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	for {
		switch err := unix.Sendmsg(p.control, m.raw(), rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL); err {
		case unix.EINTR:
		case nil, unix.EPIPE, unix.ECONNRESET, unix.ENOTCONN:
			return true
		default:
			return false
		}
	}
}

func (p *process) kill() { _ = unix.Kill(p.pid, unix.SIGKILL) }

// wait returns when the process has ended or was stopped by somebody. It leaves the dead where they are:
// until reap, no other process can get the pid.
func (p *process) wait() (stopped bool, err error) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, p.pid, &info, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return info.Code == cldStopped, err
		}
	}
}

const cldStopped = 5 // CLD_STOPPED of <signal.h>

// reap waits for the end of a process that has ended or was told to, and frees what it had.
func (p *process) reap() (unix.WaitStatus, error) {
	var ws unix.WaitStatus
	err := error(unix.EINTR)
	for err == unix.EINTR {
		_, err = unix.Wait4(p.pid, &ws, 0, nil)
	}
	_ = unix.Close(p.control)
	p.mem.unmap()
	return ws, err
}

// sched says in words how the process is scheduled.
func (p *process) sched() string {
	switch p.mem.sched.Load() {
	case schedFIFO:
		return fmt.Sprintf("SCHED_FIFO %d", p.priority)
	case schedNice:
		return "nice -20"
	}
	return "as started"
}

// ending says in words why a process is no more.
func ending(ws unix.WaitStatus, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("has ended: %v", err)
	case ws.Signaled():
		return fmt.Sprintf("was killed by signal %d", ws.Signal())
	}
	return fmt.Sprintf("ended with exit status %d", ws.ExitStatus())
}
