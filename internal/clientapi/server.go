package clientapi

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// Cluster is the daemon. State, Say and Audience are each a turn of its loop, and false when that has ended.
type Cluster interface {
	State() (State, bool)
	Say(*wire.Message) bool
	Audience(core.Class) bool
	Log(level core.Level, text, limit string) // limit: see [core.Log]
}

// The errors of a [Session].
var (
	ErrEnded = errors.New("heartbeat is ending")
	ErrTaken = errors.New("a client of that name is signed on")
)

const (
	// mostWaiting bounds what the core has said and we have not looked at.
	mostWaiting = 4096
	// fresh is for how long an answer of the daemon is good enough for the next question.
	fresh = 5 * time.Millisecond
)

// outlet is where messages for a client go. Neither method waits.
type outlet interface {
	put(m *wire.Message, frame func() []byte) bool // false: it does not take what it gets
	finish()                                       // ends it after what it has
	cut()                                          // ends it at once
	signal(n int)
}

// Server serves clients. All that is decided is decided in one goroutine, a turn at a time.
type Server struct {
	cluster Cluster
	log     func(core.Level, string, string)
	turns   chan func()
	news    chan struct{} // something is waiting
	over    chan struct{}
	ended   sync.WaitGroup
	once    sync.Once

	guard    sync.Mutex
	waiting  []delivery
	lost     bool // more came than waiting has room for
	socket   *socket
	rules    map[string]Rule
	lastID   ID
	signedOn atomic.Int64

	rates   *rates
	node    string // our own
	longest int

	// Of the goroutine alone.
	table    *Table
	outlets  map[ID]outlet
	audience core.Class
	state    State
	asked    time.Time // zero: state is not to be used
	depth    int
	encoded  *wire.Message // of which frame is the frame
	frame    []byte
	format   Format
}

type delivery struct {
	msg   *wire.Message
	class core.Class
}

// NewServer starts to serve clients inside the daemon; [Server.Listen] opens the socket for the others.
func NewServer(cfg Config, cluster Cluster) *Server {
	s := &Server{
		cluster: cluster, turns: make(chan func()), news: make(chan struct{}, 1), over: make(chan struct{}),
		outlets: map[ID]outlet{}, rates: newRates(cfg.LineBytes), node: cfg.Node, longest: cfg.longest(), rules: cfg.Rules, format: cfg.Format,
	}
	s.table = NewTable(cfg, processExists, s.askState)
	s.ended.Add(1)
	go s.serve()
	return s
}

// serve is the goroutine.
func (s *Server) serve() {
	defer s.ended.Done()
	for {
		s.followAudience()
		select {
		case do := <-s.turns:
			do()
		case <-s.news:
			s.deliverWaiting()
		case <-s.over:
			for id, o := range s.outlets {
				o.finish()
				delete(s.outlets, id)
			}
			return
		}
	}
}

// turn runs f in the goroutine, and is false when the server has ended.
func (s *Server) turn(f func()) bool {
	done := make(chan struct{})
	select {
	case s.turns <- func() { f(); close(done) }:
	case <-s.over:
		return false
	}
	<-done
	return true
}

// Configure takes another configuration.
func (s *Server) Configure(cfg Config) {
	s.guard.Lock()
	s.rules = cfg.Rules
	s.guard.Unlock()
	s.turn(func() {
		s.table.Configure(cfg)
		s.format, s.encoded = cfg.Format, nil
	})
}

// Deliver takes over what the core has for clients. It is called in the daemon's loop, and never waits; the message
// stays the caller's.
func (s *Server) Deliver(m *wire.Message, class core.Class) {
	if s.signedOn.Load() == 0 && !m.StrIs("t", "query-cstatus") {
		return
	}
	s.guard.Lock()
	if len(s.waiting) < mostWaiting {
		s.waiting = append(s.waiting, delivery{m.Copy(), class})
	} else {
		s.lost = true
	}
	s.guard.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// deliverWaiting hands on what the core said.
func (s *Server) deliverWaiting() {
	s.guard.Lock()
	waiting, lost := s.waiting, s.lost
	s.waiting, s.lost = nil, false
	s.guard.Unlock()
	if len(waiting) > 0 {
		s.asked = time.Time{}
	}
	for _, d := range waiting {
		if d.msg.StrIs("t", "query-cstatus") && !s.rates.answers.try(time.Now()) {
			continue
		}
		s.perform(s.table.Deliver(d.msg, d.class))
	}
	if lost {
		s.cluster.Log(core.Error, "clients were told less than was said: they are cut off", "client-lost")
		for id := range s.outlets {
			s.gone(id, "sendfail")
		}
	}
}

// followAudience lets the core say what anybody wants to hear.
func (s *Server) followAudience() {
	if classes := s.table.Classes(); classes != s.audience && s.cluster.Audience(classes) {
		s.audience = classes
	}
}

// deepest is how often an action may lead to others at once: a question of another node comes with our own words.
const deepest = 8

// perform carries out what the table wants.
func (s *Server) perform(actions []Action) {
	s.signedOn.Store(int64(s.table.signedOn()))
	s.depth++
	defer func() { s.depth-- }()
	for _, a := range actions {
		switch a := a.(type) {
		case Write:
			if o := s.outlets[a.To]; o != nil && !o.put(a.Msg, func() []byte { return s.encode(a.Msg) }) {
				s.gone(a.To, "sendfail")
			}
		case Say:
			s.asked = time.Time{}
			if s.cluster.Say(a.Msg) && s.depth < deepest {
				s.deliverWaiting() // what comes back of it comes before what follows
			}
		case Close:
			if o := s.outlets[a.ID]; o != nil {
				delete(s.outlets, a.ID)
				o.finish()
			}
		case Signal:
			if o := s.outlets[a.To]; o != nil {
				o.signal(a.Signal)
			}
		case Log:
			s.cluster.Log(a.Level, a.Text, a.Limit)
		}
	}
}

// gone is the end of a client that cannot be talked to any more.
func (s *Server) gone(id ID, why string) {
	o := s.outlets[id]
	if o == nil {
		return
	}
	delete(s.outlets, id)
	o.cut()
	s.perform(s.table.Closed(id, why))
}

// encode makes the frame of a message, once for all who get it.
func (s *Server) encode(m *wire.Message) []byte {
	if s.encoded != m {
		s.encoded, s.frame = m, AppendFrame(nil, m, s.format)
	}
	return s.frame
}

// askState is how the table asks.
func (s *Server) askState() (State, bool) {
	if !s.asked.IsZero() && time.Since(s.asked) < fresh {
		return s.state, true
	}
	st, there := s.cluster.State()
	if there {
		s.state, s.asked = st, time.Now()
	}
	return st, there
}

func (s *Server) newID() ID {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.lastID++
	return s.lastID
}

// Close ends everything, and removes the socket.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.over)
		s.guard.Lock()
		socket := s.socket
		s.guard.Unlock()
		if socket != nil {
			socket.close()
		}
		s.ended.Wait()
	})
}
