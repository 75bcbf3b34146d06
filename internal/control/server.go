package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	maxClients = 64              // connections served at once
	patience   = 2 * time.Second // for a request to arrive, and again for the answer to be read
)

// Handler is the daemon as the control socket sees it. Each method is called from several
// goroutines at once and must answer within milliseconds: Status hands out a snapshot that
// nobody changes afterwards, the others only put the command on the daemon's inbox. An error is
// a refusal, with advice if it is a [Refusal].
type Handler interface {
	Status() (Status, error)
	Standby(which string) error
	Takeover(which string) error
	Replace() error // by the program that is installed now
	Stop() error    // release everything, and end
}

// Server answers on one control socket.
type Server struct {
	listener *net.UnixListener
	allowed  func(uid uint32) bool

	mu      sync.Mutex
	closed  chan struct{}
	clients []*client // oldest first
}

// client is one open connection.
type client struct {
	conn *net.UnixConn
	busy bool // its request is complete; guarded by Server.mu
}

// Serve answers requests until Close. It returns only then.
func (s *Server) Serve(h Handler) {
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			if !s.waitAfter(err) {
				return
			}
			continue
		}
		c := s.admit(conn)
		if c == nil {
			continue
		}
		go func() {
			defer s.leave(c)
			s.converse(c, h)
		}()
	}
}

// waitAfter rests after a failed accept (no descriptors left, usually), so that the loop
// neither ends nor spins. It is false when the server was closed.
func (s *Server) waitAfter(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	select {
	case <-s.closed:
		return false
	case <-time.After(50 * time.Millisecond):
		return true
	}
}

// admit makes room for a connection. When all places are taken, the one that has been silent
// longest gives way: a client that connects and says nothing cannot keep the operator out.
func (s *Server) admit(conn *net.UnixConn) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		conn.Close()
		return nil
	default:
	}
	if len(s.clients) >= maxClients && !s.evict() {
		conn.Close()
		return nil
	}
	c := &client{conn: conn}
	s.clients = append(s.clients, c)
	return c
}

// evict ends the oldest connection still waiting for its request. The caller holds the lock.
func (s *Server) evict() bool {
	for i, c := range s.clients {
		if !c.busy {
			c.conn.Close()
			s.clients = slices.Delete(s.clients, i, i+1)
			return true
		}
	}
	return false
}

// begin makes c safe from eviction, unless it was evicted already: no more than maxClients
// requests are ever inside the handler.
func (s *Server) begin(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.busy = slices.Contains(s.clients, c)
	return c.busy
}

func (s *Server) leave(c *client) {
	c.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.clients, c); i >= 0 {
		s.clients = slices.Delete(s.clients, i, i+1)
	}
}

func (s *Server) converse(c *client, h Handler) {
	uid, err := peerUID(c.conn)
	if err != nil {
		return
	}
	if !s.allowed(uid) {
		reply(c.conn, answer{Error: ErrNotPermitted.Error(), Hint: "run it as root"})
		return
	}
	c.conn.SetReadDeadline(time.Now().Add(patience))
	line, err := readLine(c.conn)
	if err != nil {
		reply(c.conn, answer{Error: err.Error()})
		return
	}
	if !s.begin(c) {
		return
	}
	reply(c.conn, respond(line, h))
}

// readLine reads a request up to its newline, or up to the end of the stream.
func readLine(r io.Reader) ([]byte, error) {
	line, err := bufio.NewReaderSize(io.LimitReader(r, maxRequest), maxRequest).ReadSlice('\n')
	switch {
	case err == nil:
		return line, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("no complete request within %v", patience)
	case len(line) >= maxRequest:
		return nil, fmt.Errorf("the request is longer than %d bytes", maxRequest)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return line, nil
	}
	return nil, fmt.Errorf("reading the request: %w", err)
}

func respond(line []byte, h Handler) answer {
	req, err := parseRequest(line)
	if err != nil {
		return refuse(err)
	}
	a := answer{OK: true}
	switch req.Command {
	case "status":
		var st Status
		st, err = h.Status()
		a.Status = &st
	case "standby":
		err = h.Standby(req.Which)
	case "takeover":
		err = h.Takeover(req.Which)
	case "replace":
		err = h.Replace()
	case "stop":
		err = h.Stop()
	}
	if err != nil {
		return refuse(err)
	}
	return a
}

// reply writes the answer. A client that does not read it loses it.
func reply(conn *net.UnixConn, a answer) {
	data, err := json.Marshal(a)
	if err != nil {
		data = []byte(`{"ok":false,"error":"the answer cannot be written as JSON"}`)
	}
	conn.SetWriteDeadline(time.Now().Add(patience))
	conn.Write(append(data, '\n')) //nolint:errcheck // nobody is left to tell
}

// Close ends Serve and every conversation, and removes the socket.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
	}
	close(s.closed)
	for _, c := range s.clients {
		c.conn.Close()
	}
	return s.listener.Close()
}
