// Package outdater is what surrounds the decisions of [dopd]: its socket, both ends of it, and the program it runs.
package outdater

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/dopd"
	"heartbeatd/internal/wire"
)

const (
	mostConnections = 256 // one for each resource
	mostOfOthers    = 128 // of all but root: DRBD calls as root, and to it "nobody answers" means that it may go on alone
	mostMessage     = 4096
	patience        = 10 * time.Second // for the question, and for the answer to be taken
	// acceptPace is how far apart connections are taken, of whomever, that are more than many.
	acceptPace, acceptsAtOnce = time.Second / 2000, 400
	// pace is how far apart questions are taken that are more than a few, root's and all others' on their own. Each can
	// become a message to the other node, and other parts of the daemon have some to send too.
	pace, atOnce = 20 * time.Millisecond, 32
)

// Event is something that happened on the socket.
type Event struct {
	ID             dopd.ID
	Left           bool   // nobody waits for the answer any more
	Peer, Resource string // else this is asked
}

// Config is what a server is made of.
type Config struct {
	Path  string
	Self  string                    // this node
	Group int                       // whose members may connect besides the owner; -1: nobody
	May   func(clientapi.Peer) bool // who may ask
	Log   func(text string)         // a warning that others can cause at will
}

// Server is dopd's end of the socket.
type Server struct {
	cfg      Config
	listener *net.UnixListener
	events   chan Event
	over     chan struct{}
	once     sync.Once
	ended    sync.WaitGroup

	guard        sync.Mutex
	most, others int // connections: how many there may be, and how many there are of others than root
	last         dopd.ID
	conns        map[dopd.ID]*net.UnixConn
	turns        map[bool]time.Time // of root, and of others: when the next question would be in time
}

// Listen opens the socket. What stands there is replaced, unless it is a directory.
func Listen(cfg Config) (*Server, error) {
	if info, err := os.Lstat(cfg.Path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("the socket of dopd: %s is a directory", cfg.Path)
	}
	if err := os.Remove(cfg.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the socket of dopd: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("the socket of dopd: %w", err)
	}
	if err := limitTo(cfg.Path, cfg.Group); err != nil {
		l.Close()
		return nil, fmt.Errorf("the socket of dopd: %w", err)
	}
	s := &Server{cfg: cfg, listener: l.(*net.UnixListener), events: make(chan Event), over: make(chan struct{}), most: mostConnections, conns: map[dopd.ID]*net.UnixConn{}, turns: map[bool]time.Time{}}
	s.ended.Add(1)
	go s.accept()
	return s, nil
}

// limitTo lets the owner and one group connect.
func limitTo(path string, group int) error {
	if group < 0 {
		return os.Chmod(path, 0o600)
	}
	if err := os.Chown(path, -1, group); err != nil {
		return os.Chmod(path, 0o600)
	}
	return os.Chmod(path, 0o660)
}

// Events are what happens. They must be taken.
func (s *Server) Events() <-chan Event { return s.events }

func (s *Server) accept() {
	defer s.ended.Done()
	next := time.Now()
	for {
		if !s.sleepUntil(next.Add(-acceptsAtOnce * acceptPace)) {
			return
		}
		uc, err := s.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptors left, usually
			if !s.sleepUntil(time.Now().Add(100 * time.Millisecond)) {
				return
			}
			continue
		}
		next = latest(next, time.Now()).Add(acceptPace)
		s.admit(uc)
	}
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// sleepUntil is false if the end comes first.
func (s *Server) sleepUntil(at time.Time) bool {
	early := time.Until(at)
	if early <= 0 {
		return true
	}
	timer := time.NewTimer(early)
	defer timer.Stop()
	select {
	case <-s.over:
		return false
	case <-timer.C:
		return true
	}
}

func (s *Server) admit(uc *net.UnixConn) {
	peer, err := clientapi.PeerOf(uc)
	if err != nil {
		uc.Close()
		return
	}
	if !s.cfg.May(peer) {
		s.cfg.Log(fmt.Sprintf("user %d (pid %d) may not ask: refused", peer.UID, peer.PID))
		uc.Close()
		return
	}
	root := int(peer.UID) == os.Geteuid()
	id, ok := s.take(uc, root)
	if !ok {
		s.cfg.Log(fmt.Sprintf("too many connections: one of user %d (pid %d) refused", peer.UID, peer.PID))
		uc.Close()
		return
	}
	s.ended.Add(1)
	go s.serve(id, uc, root)
}

func (s *Server) take(uc *net.UnixConn, root bool) (dopd.ID, bool) {
	s.guard.Lock()
	defer s.guard.Unlock()
	select {
	case <-s.over:
		return 0, false
	default:
	}
	if len(s.conns) >= s.most || !root && s.others >= mostOfOthers {
		return 0, false
	}
	if !root {
		s.others++
	}
	s.last++
	s.conns[s.last] = uc
	return s.last, true
}

func (s *Server) release(id dopd.ID, uc *net.UnixConn, root bool) {
	s.guard.Lock()
	delete(s.conns, id)
	if !root {
		s.others--
	}
	s.guard.Unlock()
	uc.Close()
}

// turn waits until one more question is in time.
func (s *Server) turn(root bool) bool {
	s.guard.Lock()
	at := latest(s.turns[root], time.Now())
	s.turns[root] = at.Add(pace)
	s.guard.Unlock()
	return s.sleepUntil(at.Add(-atOnce * pace))
}

// serve hears one question, and after it the end of the connection.
func (s *Server) serve(id dopd.ID, uc *net.UnixConn, root bool) {
	defer s.ended.Done()
	defer s.release(id, uc, root)
	uc.SetReadDeadline(time.Now().Add(patience)) //nolint:errcheck // a socket has one
	m, err := clientapi.ReadMessage(uc, mostMessage)
	if err != nil {
		return
	}
	peer, resource, ok := question(m)
	if !ok {
		s.cfg.Log(fmt.Sprintf("a message of type [%s] is no question", m.Str("t")))
		return
	}
	if !s.turn(root) || !s.tell(Event{ID: id, Peer: peer, Resource: resource}) {
		return
	}
	uc.SetReadDeadline(time.Time{})    //nolint:errcheck // the same
	for n := 0; n < mostMessage; n++ { // whatever else it says
		if _, err := uc.Read(make([]byte, 1)); err != nil { // and in the end it is gone
			break
		}
	}
	s.tell(Event{ID: id, Left: true})
}

func (s *Server) tell(e Event) bool {
	select {
	case s.events <- e:
		return true
	case <-s.over:
		return false
	}
}

// Answer answers a question. Who asked ends the connection; after a while the server does.
func (s *Server) Answer(id dopd.ID, v dopd.Verdict) {
	s.guard.Lock()
	uc := s.conns[id]
	s.guard.Unlock()
	if uc == nil {
		return
	}
	uc.SetDeadline(time.Now().Add(patience))                                     //nolint:errcheck // a socket has one
	uc.Write(clientapi.AppendFrame(nil, newAnswer(s.cfg.Self, v), wire.Classic)) //nolint:errcheck // then it is gone
}

// Close ends all connections, and returns when everything has ended.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.over)
		s.listener.Close()
		s.guard.Lock()
		for _, uc := range s.conns { // order does not matter
			uc.Close()
		}
		s.guard.Unlock()
	})
	s.ended.Wait()
}
