package address

import (
	"errors"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// turn makes sure that one process at a time announces an address: the newest. It is a name in
// the abstract socket space, which belongs to the network namespace as the address does and needs
// no file to be cleaned up. Whoever connects to it asks the owner to end.
type turn struct{ fd int }

// turnPatience is how long a newcomer waits for its predecessor to end. Failing that it goes on
// all the same: announcing twice does no harm.
const turnPatience = 500 * time.Millisecond

func takeTurn(addr netip.Addr) *turn {
	t := &turn{fd: -1}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return t
	}
	name := &unix.SockaddrUnix{Name: "@heartbeatd/announce/" + addr.String()}
	for begin := time.Now(); time.Since(begin) < turnPatience; {
		if unix.Bind(fd, name) == nil && unix.Listen(fd, 8) == nil {
			t.fd = fd
			return t
		}
		if !askToEnd(name) {
			break
		}
	}
	_ = unix.Close(fd)
	return t
}

// askToEnd tells the owner of the name to end and waits until it has. False: the name is held by
// somebody who is not ours or does not listen, so it will not become free.
func askToEnd(name *unix.SockaddrUnix) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	tv := unix.NsecToTimeval(int64(turnPatience)) // bounds a connect to a full queue
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &tv)
	switch err := unix.Connect(fd, name); {
	case errors.Is(err, unix.ECONNREFUSED): // it ended just now, or listens in a moment
		time.Sleep(5 * time.Millisecond)
		return true
	case err != nil || !ours(fd):
		return false
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(turnPatience/time.Millisecond))
	return n > 0 || errors.Is(err, unix.EINTR)
}

// asked accepts a caller and tells whether it may end us. Any local user can connect.
func (t *turn) asked() bool {
	fd, _, err := unix.Accept4(t.fd, unix.SOCK_CLOEXEC)
	if err != nil {
		return false
	}
	if ours(fd) {
		// Free the name first, so that the caller finds it free when this connection ends.
		_ = unix.Close(t.fd)
		t.fd = -1
		_ = unix.Close(fd)
		return true
	}
	_ = unix.Close(fd)
	return false
}

func (t *turn) close() {
	if t.fd >= 0 {
		_ = unix.Close(t.fd)
	}
}

// ours: the process at the other end is root, or the same user as we are.
func ours(fd int) bool {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && (cred.Uid == 0 || int(cred.Uid) == os.Geteuid())
}
