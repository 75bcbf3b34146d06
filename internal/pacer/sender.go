package pacer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The loop of the pacer. Between waking up and sendto(2) nothing of Go's runtime may come in: it would hand
// over to another thread, and that one has no priority. So every function here is nosplit (a function's
// stack check is where the runtime takes a goroutine off), waits by a raw system call (another one gives
// the processor back to the runtime and must get it again), and allocates nothing. doc.go has figures.

// What a message on the control socket says. It is one datagram: the kind, and for a line what the rest
// of message tells; with opened comes the socket.
const (
	msgWake = iota + 1
	msgOpened
	msgClosed
	msgReady // from the pacer
)

type message struct {
	kind uint16
	line uint16
	to   Address
}

const messageSize = unsafe.Sizeof(message{})

// outlet is one medium's sending socket.
type outlet struct {
	fd int32 // -1: closed
	to Address
}

// sender is the pacer's whole state. It is allocated before the loop and never moves.
type sender struct {
	ring    consumer
	control int32
	lines   int // those above have never been open
	outlets [MaxLines]outlet

	poll unix.PollFd
	wait unix.Timespec
	in   struct {
		msg   message
		iov   unix.Iovec
		head  unix.Msghdr
		extra [32]byte // one cmsghdr with one descriptor
	}
}

func newSender(mem *shared, control int) *sender {
	s := &sender{ring: consumer{mem: mem}, control: int32(control)}
	for i := range s.outlets {
		s.outlets[i].fd = -1
	}
	return s
}

// run sends until the control socket ends.
//
//go:nosplit
func (s *sender) run() {
	for s.step() {
	}
}

// step waits for the next moment or message and does what is to be done then. It is false at the end.
// The control socket is asked before every single beat: when the decider is gone, not one more goes out.
//
//go:nosplit
func (s *sender) step() bool {
	word, at := s.ring.next()
	if !s.ring.sleep(word, at) {
		return true
	}
	if s.pause(at) {
		return s.hear()
	}
	if at == forever {
		return true
	}
	if now := clock(); at <= now {
		s.ring.slot().late.Store(now - at)
		if s.ring.take(word) {
			s.send(now, at)
			s.ring.done(word)
		}
	}
	return true
}

// pause waits until the moment, or until there is a message: then it is true.
//
//go:nosplit
func (s *sender) pause(at int64) bool {
	s.poll = unix.PollFd{Fd: s.control, Events: unix.POLLIN}
	timeout := unsafe.Pointer(nil)
	if at != forever {
		s.wait = timespec(max(0, at-clock()))
		timeout = unsafe.Pointer(&s.wait)
	}
	n, _, _ := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&s.poll)), 1, uintptr(timeout), 0, 0, 0)
	return int(n) > 0
}

// send sends the beat in the slot on every line.
//
//go:nosplit
func (s *sender) send(now, at int64) {
	b := s.ring.slot()
	s.ring.mem.late.add(now - at)
	if b.size > MaxBeat {
		return
	}
	for i := range s.outlets[:s.lines] {
		o := &s.outlets[i]
		if o.fd < 0 {
			continue
		}
		errno := unix.EINTR
		for errno == unix.EINTR {
			_, _, errno = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(o.fd), uintptr(unsafe.Pointer(&b.data)), uintptr(b.size),
				unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&o.to.raw)), uintptr(o.to.size))
		}
		s.ring.mem.lines[i].note(errno, b.size)
	}
}

//go:nosplit
func (c *lineCount) note(errno unix.Errno, size uint32) {
	if errno == 0 {
		c.inARow.Store(0)
		c.sent.Store(c.sent.Load() + 1)
		return
	}
	c.errno.Store(uint32(errno))
	c.size.Store(size)
	c.inARow.Store(c.inARow.Load() + 1)
	c.failed.Store(c.failed.Load() + 1)
}

// hear takes one message. It is false when there will be no more.
//
//go:nosplit
func (s *sender) hear() bool {
	in := &s.in
	in.iov.Base = (*byte)(unsafe.Pointer(&in.msg))
	in.iov.SetLen(int(messageSize))
	in.head = unix.Msghdr{Iov: &in.iov, Control: &in.extra[0]}
	in.head.SetIovlen(1)
	in.head.SetControllen(len(in.extra))
	n, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(s.control), uintptr(unsafe.Pointer(&in.head)),
		unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if errno == unix.EINTR || errno == unix.EAGAIN {
		return true
	}
	if errno != 0 || n == 0 {
		return false
	}
	return n != messageSize || s.obey(received(&in.head, &in.extra))
}

// received is the descriptor that came with a message; -1: none.
//
//go:nosplit
func received(head *unix.Msghdr, extra *[32]byte) int32 {
	c := (*unix.Cmsghdr)(unsafe.Pointer(extra))
	if uintptr(head.Controllen) < unix.SizeofCmsghdr+4 || c.Level != unix.SOL_SOCKET || c.Type != unix.SCM_RIGHTS {
		return -1
	}
	return *(*int32)(unsafe.Pointer(&extra[unix.SizeofCmsghdr]))
}

// obey is false if the sender cannot do what it is told: a socket was lost on the way (no descriptor is
// free). To end is better then than to send less than the decider believes.
//
//go:nosplit
func (s *sender) obey(fd int32) bool {
	m := &s.in.msg
	if m.kind != msgOpened && m.kind != msgClosed || m.line >= MaxLines {
		closeFD(fd)
		return true
	}
	o := &s.outlets[m.line]
	closeFD(o.fd)
	o.fd = -1
	if m.kind == msgClosed {
		closeFD(fd)
		return true
	}
	if fd < 0 {
		return false
	}
	o.fd = fd
	o.to = m.to
	s.lines = max(s.lines, int(m.line)+1)
	return true
}

//go:nosplit
func closeFD(fd int32) {
	if fd >= 0 {
		unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	}
}
