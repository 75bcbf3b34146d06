package cli

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// stopProcess sends SIGTERM and returns when the process is gone, however long it takes to
// release what it holds. still is asked after the process is held by a descriptor: if the number
// belongs to somebody else by then, nobody is harmed. An errno comes back as it is. Where asked says that the process
// has been told in another way, no signal is sent.
func stopProcess(pid int, still, asked func() bool) error {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return nil
	case err != nil: // a kernel before 5.3, or a container that forbids it
		return stopByNumber(pid, still)
	}
	defer unix.Close(fd)
	if !still() {
		return nil
	}
	if !asked() {
		err = unix.PidfdSendSignal(fd, unix.SIGTERM, nil, 0)
	}
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("waiting for the end: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
}

func stopByNumber(pid int, still func() bool) error {
	if !still() {
		return nil
	}
	err := unix.Kill(pid, unix.SIGTERM)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	for still() && unix.Kill(pid, 0) == nil {
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}
