package link

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// attend looks after every medium once.
func (s *Set) attend() {
	for _, l := range s.lines {
		l.notePaced()
		l.attend()
	}
}

// keep looks after the media until Close: every Retry, and at once when the kernel tells that an
// interface changed.
func (s *Set) keep() {
	tick := time.NewTicker(s.opt.Retry)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
		case <-s.look:
		}
		s.attend()
	}
}

// lookNow asks the keeper for a round without waiting for it.
func (s *Set) lookNow() {
	select {
	case s.look <- struct{}{}:
	default:
	}
}

// watch listens to the kernel's news about interfaces and their addresses. It only wakes the keeper:
// what is true is asked of the kernel then, so lost news cost a second at most.
type watch struct{ news *os.File }

// startWatch returns nil where the kernel has no news to give; the keeper's ticks are enough then.
func startWatch(s *Set) *watch {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil
	}
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return nil
	}
	w := &watch{news: os.NewFile(uintptr(fd), "netlink")}
	s.readers.Go(func() { w.run(s) })
	return w
}

func (w *watch) run(s *Set) {
	buf := make([]byte, 1<<16)
	for {
		_, err := w.news.Read(buf)
		// ENOBUFS: more news than the socket holds. They are lost, but now we know that there were some.
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return
		}
		s.lookNow()
		s.seek.startAll()
	}
}

func (w *watch) close() {
	if w != nil {
		_ = w.news.Close()
	}
}
