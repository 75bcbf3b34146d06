package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A wall clock of its own for one program. There is no namespace for it, and the machine's clock is not to be
// touched. But a program without the vDSO asks the kernel for the time, and a seccomp filter lets another
// process answer in the kernel's place. Only CLOCK_REALTIME is asked for in vain; scripts that the program
// starts have a vDSO again, and with it the true time.
//
// Receive stamps of the kernel bear the true time, and cannot be changed; the program gets none. A clock that is
// set between the arrival of a datagram and its reading is therefore not tried with this.

// stageClock runs a program to its end whose wall clock is wrong by what a file says, in nanoseconds, at any
// moment. Arguments: FILE PROGRAM [ARGUMENT...].
func stageClock(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: clock FILE PROGRAM [ARGUMENT...]")
	}
	runtime.LockOSThread() // the filter is this thread's, and its children's; ptrace is this thread's too
	listener, err := clockFilter()
	if err != nil {
		return err
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("clock: starting %s: %w", args[1], err)
	}
	pid := cmd.Process.Pid
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil || !ws.Stopped() {
		return fmt.Errorf("clock: %s did not stop at its begin: %w", args[1], err)
	}
	if err := hideVDSO(pid, len(cmd.Args)); err != nil {
		cmd.Process.Kill()
		return fmt.Errorf("clock: %w", err)
	}
	if err := unix.PtraceDetach(pid); err != nil {
		return fmt.Errorf("clock: letting %s go: %w", args[1], err)
	}
	var offset atomic.Int64
	go readOffset(args[0], &offset)
	go answerClock(listener, &offset)
	err = cmd.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exitStatus(max(exit.ExitCode(), 1))
	}
	return err
}

// auditArch is how the kernel names the machine in what a filter sees.
var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// clockFilter makes the kernel ask the returned descriptor whenever this thread, or a program it starts, asks
// for the wall clock.
func clockFilter() (int, error) {
	arch, ok := auditArch[runtime.GOARCH]
	if !ok {
		return 0, fmt.Errorf("clock: not on %s", runtime.GOARCH)
	}
	load := func(at uint32) unix.SockFilter { return unix.SockFilter{Code: 0x20, K: at} }
	unless := func(is uint32, skip uint8) unix.SockFilter { return unix.SockFilter{Code: 0x15, Jf: skip, K: is} }
	answer := func(with uint32) unix.SockFilter { return unix.SockFilter{Code: 0x06, K: with} }
	filter := []unix.SockFilter{
		load(4), unless(arch, 11),
		load(0), unless(unix.SYS_CLOCK_GETTIME, 3),
		load(16), unless(unix.CLOCK_REALTIME, 7),
		answer(unix.SECCOMP_RET_USER_NOTIF),
		unless(unix.SYS_SETSOCKOPT, 5),
		load(24), unless(unix.SOL_SOCKET, 3),
		load(32), unless(unix.SO_TIMESTAMPNS, 1),
		answer(unix.SECCOMP_RET_ERRNO), // with the number 0: it is said to be done, and is not
		answer(unix.SECCOMP_RET_ALLOW),
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return 0, fmt.Errorf("clock: the kernel does not let a process answer for it: %w", errno)
	}
	unix.CloseOnExec(int(fd))
	return int(fd), nil
}

const (
	auxVDSO   = 33 // AT_SYSINFO_EHDR
	auxIgnore = 1  // AT_IGNORE
)

// hideVDSO makes a program that has not begun believe that there is none. Its stack begins with the number of
// its arguments, then come arguments, environment and what the kernel has to tell, each ended by a zero.
func hideVDSO(pid, args int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 26 {
		return errors.New("the kernel does not say where the stack is")
	}
	stack, err := strconv.ParseInt(fields[25], 10, 64) // the 28th word of all
	if err != nil {
		return err
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	at := stack
	next := func() uint64 {
		var word [8]byte
		if _, e := mem.ReadAt(word[:], at); e != nil && err == nil {
			err = e
		}
		at += 8
		return binary.NativeEndian.Uint64(word[:])
	}
	if n := next(); err != nil || n != uint64(args) {
		return fmt.Errorf("the stack of the program is not where it was looked for (%d arguments): %w", n, err)
	}
	for range 2 { // arguments, environment
		for next() != 0 && err == nil {
		}
	}
	for kind := next(); kind != 0 && err == nil; kind = next() {
		if kind == auxVDSO {
			_, err = mem.WriteAt(binary.NativeEndian.AppendUint64(nil, auxIgnore), at-8)
			return err
		}
		at += 8
	}
	return errors.Join(err, errors.New("the program has no vDSO to hide"))
}

// readOffset follows the file.
func readOffset(file string, offset *atomic.Int64) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			offset.Store(n)
		}
	}
}

// notice is the kernel's struct seccomp_notif, reply its struct seccomp_notif_resp.
type notice struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	at         uint64
	args       [6]uint64
}

type reply struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// answerClock answers until nobody is left who could ask.
func answerClock(listener int, offset *atomic.Int64) {
	for {
		var n notice
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n)))
		if errno == unix.EINTR || errno == unix.ENOENT { // ENOENT: who asked is dead
			continue
		}
		if errno != 0 {
			return
		}
		now := unix.NsecToTimespec(time.Now().UnixNano() + offset.Load())
		data := unsafe.Slice((*byte)(unsafe.Pointer(&now)), unsafe.Sizeof(now))
		local := []unix.Iovec{{Base: &data[0], Len: uint64(len(data))}}
		remote := []unix.RemoteIovec{{Base: uintptr(n.args[1]), Len: len(data)}}
		r := reply{id: n.id}
		if _, err := unix.ProcessVMWritev(int(n.pid), local, remote, 0); err != nil {
			r.errno = -int32(unix.EFAULT)
		}
		unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&r))) //nolint:errcheck // who asked may be dead
	}
}
