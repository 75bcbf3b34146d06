package lab

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// InNetwork calls what on a thread that is in the host's network: a socket made there stays there.
func (h *Host) InNetwork(what func() error) error { return inNetwork(h.pid, what) }

// InNetwork calls what on a thread that is in the switch. The switch's ends of all cables are there.
func (l *Lab) InNetwork(what func() error) error { return inNetwork(l.net.Process.Pid, what) }

func inNetwork(pid int, what func() error) error {
	end := make(chan error, 1)
	go func() {
		// The thread is never unlocked, and so ends with the goroutine instead of serving others from there.
		runtime.LockOSThread()
		f, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
		if err != nil {
			end <- fmt.Errorf("lab: entering a network: %w", err)
			return
		}
		defer f.Close()
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			end <- fmt.Errorf("lab: entering a network: %w", err)
			return
		}
		end <- what()
	}()
	return <-end
}

// PID is the host's first process, as the program that made the lab sees it: all others descend from it, or
// from the commands run there. 0 while the host is down.
func (h *Host) PID() int {
	if h.init == nil {
		return 0
	}
	return h.pid
}
