package clientapi

import (
	"os"
	"sync"

	"heartbeatd/internal/wire"
)

// sessionRoom is how many messages a client in the daemon may leave untaken.
const sessionRoom = 1024

// Session is a client that lives in the daemon.
type Session struct {
	server   *Server
	id       ID
	messages chan *wire.Message
	once     sync.Once
}

// Open signs a client on that lives in the daemon. No rule of apiauth applies to it.
func (s *Server) Open(name string) (*Session, error) {
	se := &Session{server: s, id: s.newID(), messages: make(chan *wire.Message, sessionRoom)}
	err := ErrEnded
	s.turn(func() {
		actions, free := s.table.Inside(se.id, name, os.Getpid())
		if !free {
			err = ErrTaken
			return
		}
		err = nil
		s.outlets[se.id] = se
		s.perform(actions)
	})
	if err != nil {
		return nil, err
	}
	return se, nil
}

// Messages are what the cluster says to clients of this name. It is closed when that ends.
func (se *Session) Messages() <-chan *wire.Message { return se.messages }

// Send says something to the clients of this name on the node named by the field dest, or on all nodes. It waits
// where parts of the daemon say too much, and never for what others say.
func (se *Session) Send(m *wire.Message) error {
	s := se.server
	if !s.rates.inside.wait(s.over) {
		return ErrEnded
	}
	err := ErrEnded
	s.turn(func() {
		if s.outlets[se.id] != nil {
			err = nil
			s.perform(s.table.Received(se.id, m.Copy()))
		}
	})
	return err
}

// State asks the daemon how things stand.
func (se *Session) State() (st State, err error) {
	err = ErrEnded
	se.server.turn(func() {
		if now, there := se.server.askState(); there {
			st, err = now, nil
		}
	})
	return st, err
}

// Parameter is what ha.cf says, as getparm answers.
func (se *Session) Parameter(name string) (value string, set bool) {
	se.server.turn(func() { value, set = se.server.table.cfg.Parameters[name] })
	return value, set
}

// Close signs off.
func (se *Session) Close() {
	se.server.turn(func() { se.server.gone(se.id, "signoff") })
}

func (se *Session) put(m *wire.Message, _ func() []byte) bool {
	select {
	case se.messages <- m.Copy():
		return true
	default:
		return false
	}
}

func (se *Session) finish()    { se.once.Do(func() { close(se.messages) }) }
func (se *Session) cut()       { se.finish() }
func (se *Session) signal(int) {}
