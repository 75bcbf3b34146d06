package daemon

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/core"
)

// alarm wakes the loop at the core's next deadline. The runtime waits for its own timers in epoll_wait, which counts
// milliseconds: they are late by half of one, and that was half of the time between a deadtime and an address that
// answers. A timer of the kernel is late by the time that it takes to wake a thread, and setting it wakes none.
type alarm struct {
	C    chan struct{} // one waits at most; it may come early after it was set to a later moment
	file *os.File      // a timerfd; nil where there is none
	fd   int           // its number, good until close
	when unix.ItimerSpec
	at   time.Duration // what it is set to, by the loop's clock; 0: nothing
	late *time.Timer   // instead
}

func newAlarm() *alarm {
	a := &alarm{C: make(chan struct{}, 1)}
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		a.late = time.AfterFunc(time.Hour, a.ring)
		return a
	}
	a.file, a.fd = os.NewFile(uintptr(fd), "timerfd"), fd
	go a.watch()
	return a
}

func (a *alarm) watch() {
	var count [8]byte
	for {
		if _, err := a.file.Read(count[:]); err != nil {
			return // closed
		}
		a.ring()
	}
}

func (a *alarm) ring() {
	select {
	case a.C <- struct{}{}:
	default:
	}
}

// set sets it to a moment, at once if that has passed; never, if that is core.NoTick.
func (a *alarm) set(at, now time.Duration) {
	if at == a.at {
		return
	}
	a.at = at
	in := max(at-now, 1)
	if at == core.NoTick {
		in = 0 // a timerfd is off then
	}
	switch {
	case a.file != nil:
		a.when.Value = unix.NsecToTimespec(int64(in))
		_ = unix.TimerfdSettime(a.fd, 0, &a.when, nil) // of a number that is ours it cannot fail
	case in == 0:
		a.late.Stop()
	default:
		a.late.Reset(in)
	}
}

// rung is to be called by who has heard it.
func (a *alarm) rung() { a.at = 0 }

// close ends it; the loop has ended.
func (a *alarm) close() {
	if a.file == nil {
		a.late.Stop()
		return
	}
	_ = a.file.Close()
}
