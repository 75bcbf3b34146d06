package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listen opens the control socket, mode 0600, and its directory, mode 0750, if that is missing.
// A socket left behind by a daemon that died is replaced; one on which somebody answers is an
// error, and so is anything at path that is no socket.
func Listen(path string) (*Server, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("making the directory of the control socket: %w", err)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The mode of the descriptor becomes the mode of the file at bind: there is no moment at
	// which the socket exists with a laxer mode, whatever the umask is.
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var chmod error
		if err := raw.Control(func(fd uintptr) { chmod = unix.Fchmod(int(fd), 0o600) }); err != nil {
			return err
		}
		return chmod
	}}
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // a umask of 0277 would have locked us out
		l.Close()
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	return &Server{
		listener: l.(*net.UnixListener),
		allowed:  rootOrSelf,
		closed:   make(chan struct{}),
	}, nil
}

// rootOrSelf admits root, as the daemon's user namespace sees it, and the daemon's own user,
// who could stop the daemon anyway.
func rootOrSelf(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the control socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	conn, err := net.DialTimeout("unix", path, patience)
	if err == nil {
		conn.Close()
		return fmt.Errorf("another heartbeatd answers on %s", path)
	}
	if !errors.Is(err, unix.ECONNREFUSED) { // a full backlog is EAGAIN: somebody is there
		return fmt.Errorf("another heartbeatd seems to own %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing the socket of a daemon that died: %w", err)
	}
	return nil
}

// peerUID is the user at the other end, translated by the kernel into our user namespace.
func peerUID(conn *net.UnixConn) (uint32, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("asking who connected: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, credErr); err != nil {
		return 0, fmt.Errorf("asking who connected: %w", err)
	}
	return cred.Uid, nil
}
