package runner

import (
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

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

// usualScore gives a script, and so the service it starts, the usual place in the kernel's list
// of victims: the unit puts this daemon at the far end of it, and children inherit that.
func usualScore(pid int) {
	os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("0"), 0) //nolint:errcheck // it may have ended already
}
