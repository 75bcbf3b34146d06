package clientapi

import (
	"strings"

	"heartbeatd/internal/wire"
)

// toll makes a client wait whose message leads to one to the cluster. Each kind of client waits for its own kind only:
// who may just ask holds up nobody whom apiauth names, and neither of them a part of the daemon.
func (s *Server) toll(c *conn, m *wire.Message) bool {
	switch {
	case !m.StrIs("t", "hbapi-req"):
		if !c.trusts { // it is refused
			return true
		}
		size := m.NetstringLen()
		if size > s.longest { // the same
			return true
		}
		if moves(m) && !c.user.moves.wait(c.over) {
			return false
		}
		return s.rates.say(size+usualMessage, c.over)
	case !c.signed && m.StrIs("reqtype", "signon"):
		return !s.joins(c.peer, m) || s.rates.say(usualMessage, c.over)
	case !c.signed || !m.StrIs("reqtype", "clientstatus") || strings.EqualFold(m.Str("node"), s.node):
		return true
	case c.trusts:
		return s.rates.say(usualMessage, c.over)
	}
	return s.rates.questions.wait(c.over)
}

// moves says whether a client asks for a standby or a takeover.
func moves(m *wire.Message) bool { return m.StrIs("t", "ask_resources") || m.StrIs("t", "hb_takeover") }

// joins says whether a signon is one that all nodes are told of: by a name that is the client's to use.
func (s *Server) joins(p Peer, m *wire.Message) bool {
	name := m.Str("from_id")
	if name == "" || name == m.Str("pid") {
		return false
	}
	refusal, _ := authorise(s.whoMay(), name, false, p)
	return refusal == ""
}

// known says whether apiauth names a user, by whatever client's name.
func (s *Server) known(p Peer) bool {
	for _, rule := range s.whoMay() {
		if rule.admits(p) {
			return true
		}
	}
	return false
}

// whoMay is apiauth. Nobody changes the map.
func (s *Server) whoMay() map[string]Rule {
	s.guard.Lock()
	defer s.guard.Unlock()
	return s.rules
}
