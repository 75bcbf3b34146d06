package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Schedule is when the background process announces, counted from its own start. The round before
// it was sent by the command itself. The first four finish the burst; the late ones are for
// switches and hosts that were busy, rebooting or still learning the topology.
var Schedule = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 400 * time.Millisecond,
	2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
}

// spawn starts exe with args in a session of its own, with nothing of the caller's: no standard
// files, no working directory, no descriptors but keep (nil for none). keep goes along as number 3
// for one reason only: its last close is slow, and then it is not the caller who waits for it.
func spawn(exe string, args []string, keep *os.File) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	defer func() { _ = null.Close() }()
	// 3.0.6 leaks its descriptors into scripts; a pipe kept open here would hang a reader for 30 s.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		closeOnExec()
	}
	files := []*os.File{null, null, null}
	if keep != nil {
		files = append(files, keep)
	}
	p, err := os.StartProcess(exe, args, &os.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: files, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start the announcing process: %w", err)
	}
	return p.Release()
}

// closeOnExec does for kernels before 5.11 what close_range does, as far as a process without
// thousands of files needs it.
func closeOnExec() {
	for fd := 3; fd < 1024; fd++ {
		unix.CloseOnExec(fd)
	}
}

// RunAnnouncer announces addr on the interface at the given times. It ends early, without error,
// when the address is gone or another announcer for it takes over.
func RunAnnouncer(index uint32, addr netip.Addr, schedule []time.Duration) error {
	begin := time.Now()
	turn := takeTurn(addr)
	defer turn.close()
	// Listening starts before the first look, so that no removal falls in between.
	group := uint32(unix.RTMGRP_IPV4_IFADDR)
	if addr.Is6() {
		group = unix.RTMGRP_IPV6_IFADDR
	}
	watch, err := dial(group)
	if err != nil {
		return err
	}
	defer watch.close()
	var s sender
	defer s.close()
	for _, at := range schedule {
		gone, err := waitUntil(begin.Add(at), watch, turn, index, addr)
		if err != nil || gone {
			return err
		}
		// A link that is down for a moment may be up at the next round.
		_ = s.round(index, addr)
	}
	return nil
}

// waitUntil sleeps until the time has come (false) or the announcer has nothing to do any more
// (true).
func waitUntil(t time.Time, watch *conn, turn *turn, index uint32, addr netip.Addr) (bool, error) {
	for {
		held, err := isHeld(index, addr)
		if err != nil || !held {
			return true, err
		}
		left := time.Until(t)
		if left <= 0 {
			return false, nil
		}
		fds := []unix.PollFd{{Fd: int32(watch.fd), Events: unix.POLLIN}, {Fd: int32(turn.fd), Events: unix.POLLIN}}
		_, err = unix.Poll(fds, int((left+time.Millisecond-1)/time.Millisecond))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return true, fmt.Errorf("wait for changes: %w", err)
		}
		if fds[0].Revents != 0 {
			// What changed is not read out of it: the look above is the truth. A queue that
			// overflowed (ENOBUFS) is a reason to look, too.
			_, _ = watch.receive()
		}
		if fds[1].Revents != 0 && turn.asked() {
			return true, nil
		}
	}
}

func isHeld(index uint32, addr netip.Addr) (bool, error) {
	c, err := dial(0)
	if err != nil {
		return false, err
	}
	defer c.close()
	all, err := c.holdings(addr.Is6())
	if err != nil {
		return false, err
	}
	for _, h := range all {
		if h.index == index && h.addr == addr {
			return true, nil
		}
	}
	return false, nil
}

func bigEndian16(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}
