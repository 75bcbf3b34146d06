package children

import (
	"fmt"
	"syscall"
)

// Ending is how a program has ended.
type Ending struct {
	Code   int            // exit status
	Signal syscall.Signal // not 0: it was killed by this one
}

// String is the end of 3.0.6's line "Managed COMMAND process PID ...".
func (e Ending) String() string {
	if e.Signal == 0 {
		return fmt.Sprintf("exited with return code %d.", e.Code)
	}
	if s, known := signals[e.Signal]; known {
		return fmt.Sprintf("killed by signal %d [%s].", int(e.Signal), s)
	}
	return fmt.Sprintf("killed by signal %d.", int(e.Signal))
}

// level is that of the line (3.0.6).
func (e Ending) level() string {
	if e.Signal == 0 && e.Code == 0 {
		return "info"
	}
	return "WARN"
}

// signals are 3.0.6's words for them.
var signals = map[syscall.Signal]string{
	syscall.SIGHUP: "SIGHUP - Hangup", syscall.SIGINT: "SIGINT - Interrupt", syscall.SIGQUIT: "SIGQUIT - Quit",
	syscall.SIGILL: "SIGILL - Illegal instruction", syscall.SIGTRAP: "SIGTRAP - Trace", syscall.SIGABRT: "SIGABRT - Abort",
	syscall.SIGBUS: "SIGBUS - BUS error", syscall.SIGFPE: "SIGFPE - Floating-point exception",
	syscall.SIGKILL: "SIGKILL - Kill, unblockable", syscall.SIGUSR1: "SIGUSR1 - User-defined signal 1",
	syscall.SIGSEGV: "SIGSEGV - Segmentation violation", syscall.SIGUSR2: "SIGUSR2 - User-defined signal 2",
	syscall.SIGPIPE: "SIGPIPE - Broken pipe (POSIX)", syscall.SIGALRM: "SIGALRM - Alarm clock (POSIX)",
	syscall.SIGTERM: "SIGTERM - Termination (ANSI)", syscall.SIGSTKFLT: "SIGSTKFLT - Stack fault",
	syscall.SIGXCPU: "SIGXCPU - CPU limit exceeded", syscall.SIGXFSZ: "SIGXFSZ - File size limit exceeded",
	syscall.SIGVTALRM: "SIGVTALRM - Virtual alarm clock", syscall.SIGPROF: "SIGPROF - Profiling alarm clock",
	syscall.SIGPOLL: "SIGPOLL - Pollable event occurred", syscall.SIGPWR: "SIGPWR - Power failure restart",
	syscall.SIGSYS: "SIGSYS - Bad system call",
}
