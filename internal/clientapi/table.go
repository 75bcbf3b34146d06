package clientapi

import (
	"fmt"
	"strconv"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// Config is what the daemon tells about itself.
type Config struct {
	Node        string
	Deadtime    time.Duration
	Keepalive   time.Duration
	Version     string            // hbversion
	Pacemaker   string            // the value of the directive
	LogFacility int               // -1: none
	Parameters  map[string]string // what getparm answers
	Rules       map[string]Rule   // apiauth, by name
	Format      Format            // msgfmt
	DaemonUID   uint32            // who may see more than everybody, besides root
	LineBytes   int               // what the slowest serial line carries in a second; 0: there is none
}

// State is how things stand in the cluster.
type State struct {
	Nodes   []Node // in the order of ha.cf
	Holding string // rsc_hold
}

// Node is one of them.
type Node struct {
	Name   string
	Type   string // normal, ping
	Status string
	UUID   []byte // nil: unknown
	Weight int
	Site   string
	Links  []Link
}

// Link is one way to a node.
type Link struct {
	Name string
	Up   bool
}

// ID names a connection.
type ID uint64

// Action is something the caller of a [Table] must do, in the order given.
type Action interface{ action() }

type (
	// Write sends a message to a client.
	Write struct {
		To  ID
		Msg *wire.Message
	}
	// Close ends a connection when what was written is on its way.
	Close struct{ ID ID }
	// Say hands a message over to the core, which completes and sends it, and gives back what is for our own
	// clients. The caller delivers that before the next action.
	Say struct{ Msg *wire.Message }
	// Signal is sent to a client that asked for it.
	Signal struct {
		To     ID
		Signal int
	}
	// Log is a line of ha-log. A client can cause it at will.
	Log struct {
		Level core.Level
		Text  string
		Limit string
	}
)

func (Write) action()  {}
func (Close) action()  {}
func (Say) action()    {}
func (Signal) action() {}
func (Log) action()    {}

// client is one connection.
type client struct {
	id     ID
	peer   Peer
	inside bool   // it lives in the daemon
	name   string // from_id
	pid    int
	gen    int // client_gen; -1: it has not said anything
	signed bool
	casual bool
	member bool // a rule of apiauth names it
	mask   core.Class
	signal int // after each message; 0: none
	bad    int // bodies in a row that could not be read
}

// mostBad is how many of them end the connection. 3.0.6: ten.
const mostBad = 10

// Table is who is connected, and what may become of that. It is pure, and not safe for concurrent use.
type Table struct {
	cfg     Config
	exists  func(pid int) bool
	state   func() (State, bool)
	clients []*client // newest first
	nextGen int
	out     []Action
}

// NewTable makes an empty one. exists says whether there is a process; state asks the daemon how things stand, and
// is false when it has ended.
func NewTable(cfg Config, exists func(pid int) bool, state func() (State, bool)) *Table {
	return &Table{cfg: cfg, exists: exists, state: state}
}

// Configure takes another configuration. Who is signed on stays.
func (t *Table) Configure(cfg Config) { t.cfg = cfg }

// Connected is a new connection.
func (t *Table) Connected(id ID, peer Peer) {
	t.clients = append([]*client{{id: id, peer: peer, gen: -1, mask: core.Keep}}, t.clients...)
}

// Closed is the end of a connection from the other side, or one that the caller had to cut off.
func (t *Table) Closed(id ID, why string) []Action {
	t.out = nil
	if c := t.find(id); c != nil {
		t.leave(c, why)
	}
	return t.out
}

// Received is a message of a client; nil is one that could not be read.
func (t *Table) Received(id ID, m *wire.Message) []Action {
	t.out = nil
	c := t.find(id)
	switch {
	case c == nil:
	case m == nil:
		t.unreadable(c)
	case !c.signed:
		t.first(c, m)
	case m.StrIs("t", "hbapi-req"):
		t.request(c, m)
	default:
		t.clusterMessage(c, m)
	}
	if c != nil && m != nil && c.signed {
		c.bad = 0
	}
	return t.out
}

// Classes are what our clients want to hear, in sum.
func (t *Table) Classes() core.Class {
	classes := core.Keep
	for _, c := range t.clients {
		if c.signed {
			classes |= c.mask
		}
	}
	return classes
}

func (t *Table) find(id ID) *client {
	for _, c := range t.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

// named is the client that is signed on by a name.
func (t *Table) named(name string) *client {
	for _, c := range t.clients {
		if c.signed && c.name == name {
			return c
		}
	}
	return nil
}

func (t *Table) do(a Action) { t.out = append(t.out, a) }

func (t *Table) write(c *client, m *wire.Message) { t.do(Write{c.id, m}) }

// logf says something that a client did. Texts of clients are quoted as they are: the log makes one line of them.
func (t *Table) logf(l core.Level, limit, format string, args ...any) {
	t.do(Log{Level: l, Text: fmt.Sprintf(format, args...), Limit: "client-" + limit})
}

func (t *Table) unreadable(c *client) {
	t.logf(core.Warn, "unreadable", "No message from pid %d", c.peer.PID)
	if c.bad++; c.bad >= mostBad {
		t.leave(c, "noinput")
		t.do(Close{c.id})
	}
}

// leave takes a client off the table. 3.0.6: it is told itself, and then all nodes.
func (t *Table) leave(c *client, why string) {
	for i := range t.clients {
		if t.clients[i] == c {
			t.clients = append(t.clients[:i:i], t.clients[i+1:]...)
			break
		}
	}
	if !c.signed || c.casual {
		return
	}
	m := t.clientWord(c, "leave", why)
	t.write(c, m)
	t.do(Say{m.Copy()})
}

// clientWord tells that a client comes or goes.
func (t *Table) clientWord(c *client, st, why string) *wire.Message {
	m := wire.New("hbapi-clstat").AddStr("st", st).AddStr("from_id", c.name).AddStr("to_id", c.name)
	return m.AddStr("src", t.cfg.Node).AddStr("info", why).AddStr("client_gen", strconv.Itoa(c.gen))
}

// signedOn counts the clients that are.
func (t *Table) signedOn() (n int) {
	for _, c := range t.clients {
		if c.signed {
			n++
		}
	}
	return n
}

func (t *Table) isSigned(id ID) bool {
	c := t.find(id)
	return c != nil && c.signed
}

// isTrusted says whether apiauth names a client as one that may speak. Without a name everybody is the same:
// 3.0.6's cl_status, which anyone may run, is setgid haclient.
func (t *Table) isTrusted(id ID) bool {
	c := t.find(id)
	return c != nil && c.signed && c.member && (!c.casual || c.peer.UID == 0)
}
