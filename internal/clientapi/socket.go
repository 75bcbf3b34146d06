package clientapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// socket is what clients connect to.
type socket struct {
	listener *net.UnixListener
	users    users
	guard    sync.Mutex
	closed   bool
	conns    map[*conn]struct{}
}

// backlog is 3.0.6's.
const backlog = 128

// Listen opens the socket at path, for everybody; who may sign on is decided later. What stands there is replaced,
// unless it is a directory.
func (s *Server) Listen(path string) error {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return fmt.Errorf("the socket for clients: %s is a directory", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("the socket for clients: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the socket for clients: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	if err != nil {
		return fmt.Errorf("the socket for clients: %w", err)
	}
	listener := l.(*net.UnixListener)
	if err := open(listener, path); err != nil {
		l.Close()
		return fmt.Errorf("the socket for clients: %w", err)
	}
	so := &socket{listener: listener, users: users{of: map[uint32]*user{}}, conns: map[*conn]struct{}{}}
	s.guard.Lock()
	s.socket = so
	s.guard.Unlock()
	select {
	case <-s.over:
		so.close()
	default:
	}
	go s.accept(so)
	return nil
}

func open(l *net.UnixListener, path string) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var listen error
	if err := raw.Control(func(fd uintptr) { listen = unix.Listen(int(fd), backlog) }); err != nil {
		return err
	}
	return errors.Join(listen, os.Chmod(path, 0o777)) //nolint:gosec // 3.0.6: everybody may connect
}

// accept takes connections, not faster than a flood of them may be.
func (s *Server) accept(so *socket) {
	pace := newBucket(acceptsPerSecond, acceptsAtOnce)
	for {
		if !pace.wait(s.over) {
			return
		}
		uc, err := so.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptors left, usually
			select {
			case <-s.over:
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		s.admit(so, uc)
	}
}

// admit begins to serve a connection, or closes it.
func (s *Server) admit(so *socket, uc *net.UnixConn) {
	peer, err := peerOf(uc)
	if err != nil {
		uc.Close()
		return
	}
	s.place(so, uc, peer)
}

// place gives a connection one of the places, which may be that of somebody else.
func (s *Server) place(so *socket, uc *net.UnixConn, peer Peer) {
	known := s.known(peer)
	who, crowded := so.users.admit(peer.UID, known)
	if who == nil && crowded {
		if out := so.evict(); out != nil {
			s.cluster.Log(core.Warn, fmt.Sprintf("too many clients: one of user %d makes room", out.peer.UID), "client-many")
			who, _ = so.users.admit(peer.UID, known)
		}
	}
	if who == nil {
		uc.Close()
		s.cluster.Log(core.Warn, fmt.Sprintf("too many clients: one of user %d is turned away", peer.UID), "client-many")
		return
	}
	c := &conn{server: s, uc: uc, peer: peer, known: known, user: who, id: s.newID(), queue: make(chan []byte, mostQueued), over: make(chan struct{})}
	c.heard.Store(time.Now().UnixNano())
	if !so.keep(c) {
		so.leave(c)
		uc.Close()
		return
	}
	go func() {
		defer so.leave(c)
		defer so.forget(c)
		c.serve()
	}()
}

func (so *socket) keep(c *conn) bool {
	so.guard.Lock()
	defer so.guard.Unlock()
	if !so.closed {
		so.conns[c] = struct{}{}
	}
	return !so.closed
}

// evict ends a connection of somebody whom apiauth does not name: of the user who has most of them, the one that has
// been silent for longest. A client without a name has no other limit of time.
func (so *socket) evict() *conn {
	so.guard.Lock()
	var out *conn
	most := 0
	for c := range so.conns {
		if c.known || c.peer.UID == 0 {
			continue
		}
		n := so.users.connectionsOf(c.user)
		if out == nil || n > most || n == most && c.heard.Load() < out.heard.Load() {
			out, most = c, n
		}
	}
	delete(so.conns, out)
	so.guard.Unlock()
	if out != nil {
		so.leave(out)
		out.cut()
	}
	return out
}

// leave gives back the place of a connection, once.
func (so *socket) leave(c *conn) {
	c.left.Do(func() { so.users.leave(c.peer.UID, c.known) })
}

func (so *socket) forget(c *conn) {
	so.guard.Lock()
	defer so.guard.Unlock()
	delete(so.conns, c)
}

func (so *socket) close() {
	so.guard.Lock()
	so.closed = true
	conns := so.conns
	so.conns = map[*conn]struct{}{}
	so.guard.Unlock()
	so.listener.Close()
	for c := range conns {
		c.cut()
	}
}

// conn is one connection: this goroutine reads, another writes.
type conn struct {
	server *Server
	uc     *net.UnixConn
	peer   Peer
	known  bool // apiauth names the user
	user   *user
	heard  atomic.Int64 // when, last
	left   sync.Once
	id     ID
	queue  chan []byte
	queued atomic.Int64  // bytes
	over   chan struct{} // no more is written
	once   sync.Once
	signed bool // of the reader, see serve
	trusts bool // the same
	finely sync.Once
}

func (c *conn) serve() {
	s := c.server
	if !s.turn(func() {
		s.outlets[c.id] = c
		s.table.Connected(c.id, c.peer)
	}) {
		c.cut()
		return
	}
	go c.write()
	c.uc.SetReadDeadline(time.Now().Add(patience))
	r := bufio.NewReaderSize(c.uc, 1024)
	for c.one(r) {
	}
	s.turn(func() { s.gone(c.id, "EOF") })
}

// one reads and hands over one message.
func (c *conn) one(r *bufio.Reader) bool {
	most := maxBody
	if !c.signed {
		most = maxSignon
	}
	body, err := readFrame(r, most)
	if err != nil {
		if errors.Is(err, ErrMagic) || errors.Is(err, ErrLength) {
			c.server.cluster.Log(core.Error, fmt.Sprintf("a client of user %d (pid %d) is cut off: %v", c.peer.UID, c.peer.PID, err), "client-frame")
		}
		return false
	}
	m, err := parseBody(body)
	if err != nil {
		m = nil
	}
	c.heard.Store(time.Now().UnixNano())
	if !c.user.requests.wait(c.over) || m != nil && !c.server.toll(c, m) {
		return false
	}
	return c.server.received(c, m)
}

// received gives a message to the table. It is false when the client is gone by it.
func (s *Server) received(c *conn, m *wire.Message) (goesOn bool) {
	s.turn(func() {
		if s.outlets[c.id] == nil {
			return
		}
		s.perform(s.table.Received(c.id, m))
		goesOn = s.outlets[c.id] != nil
		if goesOn && !c.signed && s.table.isSigned(c.id) {
			c.signed, c.trusts = true, s.table.isTrusted(c.id)
			c.uc.SetReadDeadline(time.Time{})
		}
	})
	return goesOn
}

// write writes until finish or cut.
func (c *conn) write() {
	defer c.uc.Close()
	for {
		select {
		case frame, more := <-c.queue:
			if !more {
				return
			}
			c.uc.SetWriteDeadline(time.Now().Add(patience))
			if _, err := c.uc.Write(frame); err != nil {
				return // the reader notices
			}
			c.queued.Add(-int64(len(frame)))
		case <-c.over:
			return
		}
	}
}

func (c *conn) put(_ *wire.Message, frame func() []byte) bool {
	f := frame()
	if n := c.queued.Load(); n > 0 && n+int64(len(f)) > mostQueuedBytes {
		return false
	}
	select {
	case c.queue <- f:
		c.queued.Add(int64(len(f)))
		return true
	default:
		return false
	}
}

// finish lets the writer end when everything is written. Only the server's goroutine calls it, and puts
// nothing after it.
func (c *conn) finish() {
	c.finely.Do(func() { close(c.queue) })
	time.AfterFunc(lastWords, c.cut)
}

func (c *conn) cut() {
	c.once.Do(func() { close(c.over) })
	c.uc.Close()
}

// peerOf asks the kernel who connected.
func peerOf(uc *net.UnixConn) (Peer, error) {
	var p Peer
	raw, err := uc.SyscallConn()
	if err != nil {
		return p, err
	}
	var asked error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); asked != nil {
			return
		}
		p = Peer{PID: int(cred.Pid), UID: cred.Uid, GID: cred.Gid, Groups: peerGroups(int(fd))}
	})
	if err = errors.Join(err, asked); err != nil {
		return p, fmt.Errorf("asking who connected: %w", err)
	}
	return p, nil
}

// processExists says whether there is such a process, ours or not.
func processExists(pid int) bool {
	err := unix.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
