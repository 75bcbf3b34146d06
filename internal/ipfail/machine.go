// Package ipfail moves the resources to the node that sees more ping nodes, as the program of that name does in
// 3.0.6, and with the same messages: the other node may have the genuine one. It is pure; the daemon signs it on
// as the client "ipfail" and carries its actions out.
package ipfail

import (
	"fmt"
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// Name is what both nodes' ipfail sign on as.
const Name = "ipfail"

const (
	// calm is how long a node that wanted to give its resources up, and could not, waits when all is settled
	// again, before it asks anew (3.0.6).
	calm = 10 * time.Second
	// looks is how often it is looked whether all is settled. 3.0.6 waits for a message of the other node.
	looks = time.Second
)

// Never is the answer of [Machine.Next] when nothing is due.
const Never = time.Duration(1<<63 - 1)

// Config is what ipfail asks heartbeat for at its start.
type Config struct {
	Self, Other string
	Failback    bool // auto_failback on
	Keepalive   time.Duration
}

// World is how things stand at the moment of an event.
type World struct {
	Pings   int  // ping nodes that answer
	Settled bool // nothing is in transition, on either node
}

// Action is something to be done, in the order given.
type Action interface{ action() }

type (
	// Say sends a message; the field dest names the node, and ask_resources is for heartbeat itself.
	Say struct{ Msg *wire.Message }
	// Log is a line of ha-log, as ipfail's.
	Log struct{ Level, Text string }
)

func (Say) action() {}
func (Log) action() {}

// Machine decides. It is not safe for concurrent use.
type Machine struct {
	cfg Config

	giving  string        // what is given up when the timer ends: all, foreign; "": no timer runs
	at      time.Duration // when
	timers  int           // how many there were
	pending bool          // something was to be given up and could not be
	askAt   time.Duration // when the other node is asked anew; 0: not

	now   time.Duration
	world World
	out   []Action
}

// New returns an ipfail that has heard nothing.
func New(cfg Config) *Machine { return &Machine{cfg: cfg} }

// Receive takes a message of the cluster.
func (m *Machine) Receive(at time.Duration, w World, msg *wire.Message) []Action {
	return m.step(at, w, func() {
		switch msg.Str("t") {
		case "status", "NS_st":
			m.status(msg.Str("src"), msg.Str("st"))
		case "ifstat":
			m.link(msg.Str("node"), msg.Str("ifname"), msg.Str("st"))
		case "hbapi-clstat":
			if msg.Str("src") == m.cfg.Other && msg.StrIs("from_id", Name) && msg.StrIs("st", "join") {
				m.logf("debug", "Got join message from another ipfail client. (%s)", m.cfg.Other)
				m.ask()
			}
		case "num_ping_nodes", "you_are_dead", "abort_giveup":
			if msg.Str("src") == m.cfg.Other {
				m.other(msg)
			}
		}
	})
}

// status is a node's new status.
func (m *Machine) status(node, st string) {
	m.logf("info", "Status update: Node %s now has status %s", node, st)
	switch {
	case st == "ping":
		m.logf("info", "A ping node just came up.")
		m.ask()
	case st != "dead":
	case m.world.Pings > 0:
		m.logf("info", "NS: We are still alive!")
	default:
		m.logf("info", "NS: We are dead. :<")
	}
}

// link is a link's new status. 3.0.6: whatever link is dead, the other node may see more now.
func (m *Machine) link(node, name, st string) {
	m.logf("info", "Link Status update: Link %s/%s now has status %s", node, name, st)
	if st != "dead" {
		return
	}
	if m.world.Pings == 0 {
		m.logf("info", "We are dead. :<")
		m.ask()
		return
	}
	m.ask()
	m.logf("info", "Checking remote count of ping nodes.")
}

// ask tells the other node our count; it compares.
func (m *Machine) ask() {
	m.logf("info", "Asking other side for ping node count.")
	m.say(wire.New("num_ping_nodes").AddStr("src", m.cfg.Self).AddStr("num_ping", strconv.Itoa(m.world.Pings)))
}

// other is what the other node's ipfail says.
func (m *Machine) other(msg *wire.Message) {
	switch msg.Str("t") {
	case "num_ping_nodes":
		if theirs, err := strconv.Atoi(msg.Str("num_ping")); err == nil && theirs >= 0 {
			m.compare(theirs)
		}
	case "you_are_dead":
		m.logf("info", "Giving up because we were told that we have less ping nodes.")
		m.giveUp("all")
	case "abort_giveup":
		if !m.abort() {
			m.logf("info", "No giveup timer to abort.")
		}
	}
}

// compare is the decision.
func (m *Machine) compare(theirs int) {
	m.logf("debug", "Got asked for num_ping.")
	switch {
	case m.world.Pings > theirs:
		m.logf("info", "Telling other node that we have more visible ping nodes.")
		m.say(wire.New("you_are_dead").AddStr("src", m.cfg.Self))
	case m.world.Pings < theirs:
		m.logf("info", "Giving up because we have less visible ping nodes.")
		m.giveUp("all")
	default:
		m.logf("info", "Ping node count is balanced.")
		m.say(wire.New("abort_giveup").AddStr("src", m.cfg.Self))
		if !m.abort() && m.cfg.Failback && m.world.Settled {
			m.logf("info", "Giving up foreign resources (auto_failback).")
			m.giveUp("foreign")
		}
	}
}

// giveUp gives resources up after a while, in which the other node may find that it sees no more than we do. 3.0.6:
// two keepalives from the last reason.
func (m *Machine) giveUp(which string) {
	m.logf("info", "Delayed giveup in %d seconds.", 2*m.cfg.Keepalive/time.Second)
	if m.giving != "" {
		m.logf("debug", "Detected existing delay timer, overriding")
	}
	m.giving, m.at = which, m.now+2*m.cfg.Keepalive
	m.timers++
}

// abort stops the timer, and says whether one was running.
func (m *Machine) abort() bool {
	if m.giving == "" {
		return false
	}
	m.logf("info", "Aborted delayed giveup (%d)", m.timers)
	m.giving = ""
	return true
}

// Tick does what is due.
func (m *Machine) Tick(at time.Duration, w World) []Action {
	return m.step(at, w, func() {
		if m.giving != "" && m.now >= m.at {
			m.giveUpNow()
		}
		switch {
		case m.askAt != 0 && m.now >= m.askAt:
			m.askAt, m.pending = 0, false
			m.ask()
		case m.pending && m.askAt == 0 && m.world.Settled:
			m.askAt = m.now + calm
		}
	})
}

// giveUpNow asks heartbeat to go standby. While anything is in transition that would be refused: then the other
// node is asked anew, when it is over.
func (m *Machine) giveUpNow() {
	m.logf("info", "giveup() called (timeout worked)")
	which := m.giving
	m.giving = ""
	if !m.world.Settled {
		m.pending, m.askAt = true, 0
		return
	}
	m.out = append(m.out, Say{wire.New("ask_resources").AddStr("rsc_hold", which).AddStr("info", "me")})
}

// Next is when the next [Machine.Tick] is due.
func (m *Machine) Next() time.Duration {
	next := Never
	if m.giving != "" {
		next = m.at
	}
	switch {
	case m.askAt != 0:
		next = min(next, m.askAt)
	case m.pending:
		next = min(next, m.now+looks)
	}
	return next
}

func (m *Machine) step(at time.Duration, w World, event func()) []Action {
	m.now, m.world, m.out = at, w, nil
	event()
	return m.out
}

func (m *Machine) say(msg *wire.Message) {
	m.out = append(m.out, Say{msg.AddStr("dest", m.cfg.Other)})
}

func (m *Machine) logf(level, format string, args ...any) {
	m.out = append(m.out, Log{level, fmt.Sprintf(format, args...)})
}
