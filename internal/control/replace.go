package control

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Replacement is how things stand with the replacement of the running daemon by another image of itself.
type Replacement struct {
	Done    int    `json:"done"`    // since the daemon was started
	Pending bool   `json:"pending"` // one is wanted
	Waiting string `json:"waiting"` // what it waits for; "" if it is just being made
	Seconds int64  `json:"seconds"` // it has been wanted for so long
	Failed  string `json:"failed"`  // why the last one that was wanted did not come about; "" if it did
}

// Descriptor is another number for the listening socket, closed at exec until somebody says otherwise. Whoever
// inherits it serves those who connect meanwhile.
func (s *Server) Descriptor() (fd int, err error) {
	raw, err := s.listener.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("the control socket: %w", err)
	}
	var dup error
	err = raw.Control(func(n uintptr) { fd, dup = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 10) })
	return fd, errors.Join(err, dup)
}

// Leave is Close without removing the socket: it is somebody else's.
func (s *Server) Leave() error {
	s.listener.SetUnlinkOnClose(false)
	return s.Close()
}

// Adopt goes on with a listening socket that this process has inherited.
func Adopt(fd int, path string) (*Server, error) {
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("the inherited control socket: %w", err)
	}
	u, ok := l.(*net.UnixListener)
	if !ok || u.Addr().String() != path {
		l.Close()
		return nil, fmt.Errorf("the inherited control socket is not %s", path)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		l.Close()
		return nil, fmt.Errorf("the inherited control socket was removed")
	}
	u.SetUnlinkOnClose(true)
	return &Server{listener: u, allowed: rootOrSelf, closed: make(chan struct{})}, nil
}
