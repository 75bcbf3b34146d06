package link

import "golang.org/x/sys/unix"

// Inherited is a receiving socket that was open before this process became another image of itself. What has arrived
// meanwhile waits in it.
type Inherited struct {
	Medium Medium
	Index  int // of the interface it was made for
	FD     int
}

// Descriptors are other numbers for the receiving sockets, closed at exec until somebody says otherwise. Serial lines
// have none: they are opened anew.
func (s *Set) Descriptors() (all []Inherited) {
	for _, l := range s.lines {
		l.mu.Lock()
		if k := l.sock; k != nil && k.tty == nil && l.broken == nil {
			_ = k.raw.Control(func(n uintptr) {
				if fd, err := unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 10); err == nil {
					all = append(all, Inherited{l.Medium, k.dev.index, fd})
				}
			})
		}
		l.mu.Unlock()
	}
	return all
}

// Reading says whether something was taken from a socket that the inbox has not yielded.
func (s *Set) Reading() bool {
	for _, l := range s.lines {
		l.mu.Lock()
		busy := l.sock != nil && l.sock.busy.Load()
		l.mu.Unlock()
		if busy {
			return true
		}
	}
	return false
}

// inherited takes the socket that fits a medium; -1: there is none.
func (s *Set) inherited(m Medium, dev device) int {
	for i, in := range s.opt.Inherited {
		if in.Medium == m && in.Index == dev.index && in.FD > 2 {
			s.opt.Inherited[i].FD = 0
			return in.FD
		}
	}
	return -1
}

// closeInherited closes those that nobody took: the kernel would go on giving them a share of the beats.
func (s *Set) closeInherited() {
	for _, in := range s.opt.Inherited {
		if in.FD > 2 {
			_ = unix.Close(in.FD)
		}
	}
	s.opt.Inherited = nil
}
