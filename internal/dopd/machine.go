package dopd

import (
	"fmt"
	"strconv"
	"strings"

	"heartbeatd/internal/wire"
)

// Messages between the nodes, and their fields.
const (
	startOutdate = "start_outdate" // mark your side
	outdateRC    = "outdate_rc"    // what came of it
	fieldRes     = "dop_res"
	fieldValue   = "dop_value"
	// fieldRequest numbers a request. 3.0.6 has no such field, and does not mind it; who gets one repeats it, so that an
	// answer that comes too late is not taken for that to the next request.
	fieldRequest = "dop_request"
)

const (
	// mostAsked is how many requests of this node are under way. DRBD makes one for each resource.
	mostAsked = 256
	// mostRuns is how many runs of drbdadm there are at a time, and mostWaiting how many wait for their turn. A DRBD
	// that hangs hangs for all resources: who waits for a turn then waits too long, and believes that this node is dead.
	mostRuns, mostWaiting = 32, 256
)

// ID names somebody who asks.
type ID uint64

// Node is one of the cluster, at the moment of an event.
type Node struct {
	Name   string
	Normal bool // no ping node
	Dead   bool
}

// Action is something to be done, in the order given.
type Action interface{ action() }

type (
	// Say sends a message to the dopd of the node that its field dest names.
	Say struct{ Msg *wire.Message }
	// Answer ends a request.
	Answer struct {
		ID      ID
		Verdict Verdict
	}
	// Run runs `drbdadm outdate RESOURCE`; its end is told by [Machine.Ran].
	Run struct{ Resource string }
	// Log is a line of ha-log, as dopd's.
	Log struct{ Level, Text string }
)

func (Say) action()    {}
func (Answer) action() {}
func (Run) action()    {}
func (Log) action()    {}

// Machine decides. It is not safe for concurrent use.
type Machine struct {
	self  string
	last  uint64 // number of the newest request
	asked []asked
	runs  []run // those at work come first
	// unanswered are requests that nobody waits for any more and that the other node has not answered, by node and
	// resource: a genuine dopd answers each, in order, and does not say which.
	unanswered map[[2]string]int
	out        []Action
}

// asked is a request of this node.
type asked struct {
	id             ID
	number         string
	peer, resource string
}

// run is a request of the other node.
type run struct {
	resource, from string
	number         string // "": 3.0.6 asks
	numbered       bool
	working        bool
}

// New returns a dopd that has heard nothing. The numbers of its requests begin above first, which must not be that of
// an earlier one.
func New(self string, first uint64) *Machine {
	return &Machine{self: self, last: first, unanswered: map[[2]string]int{}}
}

// Ask is a request of drbd-peer-outdater: is the other side marked?
func (m *Machine) Ask(nodes []Node, id ID, peer, resource string) []Action {
	m.out = nil
	peer = strings.ToLower(peer) // names of nodes match in any case
	switch {
	case !ValidResource(resource):
		m.logf("ERROR", "[%s] is no name of a drbd resource", resource)
		m.answer(id, Failed)
	case !m.lives(nodes, peer):
		m.answer(id, Down)
	case m.isAsked(peer, resource):
		m.logf("WARN", "one client with %s already connected", resource)
		m.answer(id, Busy)
	case len(m.asked) >= mostAsked:
		m.logf("ERROR", "too many requests at a time: %d", len(m.asked))
		m.answer(id, Failed)
	default:
		m.last++
		a := asked{id: id, number: strconv.FormatUint(m.last, 16), peer: peer, resource: resource}
		m.asked = append(m.asked, a)
		m.logf("info", "sending start_outdate message to the other node %s -> %s", m.self, peer)
		m.request(a)
	}
	return m.out
}

// lives says whether the dopd of a node can be asked.
func (m *Machine) lives(nodes []Node, peer string) bool {
	if peer == m.self {
		m.logf("WARN", "drbd peer node %s is me!", peer)
		return false
	}
	for _, n := range nodes {
		if n.Name == peer && n.Normal {
			if !n.Dead {
				return true
			}
			m.logf("WARN", "Cluster node: %s: status: dead", peer)
		}
	}
	m.logf("WARN", "drbd peer %s was not found", peer)
	return false
}

func (m *Machine) isAsked(peer, resource string) bool {
	for _, a := range m.asked {
		if a.peer == peer && a.resource == resource {
			return true
		}
	}
	return false
}

func (m *Machine) request(a asked) {
	m.logf("debug", "sending [start_outdate res: %s] to node: %s", a.resource, a.peer)
	msg := wire.New(startOutdate).AddStr("src", m.self).AddStr(fieldRes, a.resource).AddStr(fieldRequest, a.number)
	m.out = append(m.out, Say{msg.AddStr("dest", a.peer)})
}

// Left: nobody waits for the answer any more.
func (m *Machine) Left(id ID) {
	for i, a := range m.asked {
		if a.id == id {
			m.asked = append(m.asked[:i:i], m.asked[i+1:]...)
			if key := [2]string{a.peer, a.resource}; m.unanswered[key] > 0 || len(m.unanswered) < mostAsked {
				m.unanswered[key]++
			}
			return
		}
	}
}

// Receive takes a message of the cluster.
func (m *Machine) Receive(msg *wire.Message) []Action {
	m.out = nil
	from := msg.Str("src")
	if from == m.self || from == "" {
		return nil
	}
	switch msg.Str("t") {
	case startOutdate:
		if msg.StrIs("from_id", Name) { // no script and no other program can say it
			m.start(from, msg)
		}
	case outdateRC:
		if msg.StrIs("from_id", Name) {
			m.answered(from, msg)
		}
	case "status", "NS_st":
		if msg.StrIs("st", "dead") {
			m.forget(from, true)
		}
	case "hbapi-clstat":
		if msg.StrIs("from_id", Name) && msg.StrIs("st", "join") {
			m.forget(from, false)
		}
	}
	return m.out
}

// forget is for a dopd that will not answer what it was asked before: its node is dead, or it has been started anew,
// and is asked again.
func (m *Machine) forget(peer string, dead bool) {
	kept := m.asked[:0:0]
	for _, a := range m.asked {
		delete(m.unanswered, [2]string{peer, a.resource})
		switch {
		case a.peer != peer:
			kept = append(kept, a)
		case dead:
			m.logf("WARN", "Cluster node: %s: status: dead", peer)
			m.answer(a.id, Down)
		default:
			kept = append(kept, a)
			m.request(a)
		}
	}
	m.asked = kept
	for key := range m.unanswered { // order does not matter: nothing is done
		if key[0] == peer {
			delete(m.unanswered, key)
		}
	}
}

// answered is what the other node says came of it. It is believed of a request that waits, and of no earlier one.
func (m *Machine) answered(from string, msg *wire.Message) {
	resource := msg.Str(fieldRes)
	verdict := ParseVerdict(msg.Str(fieldValue))
	key := [2]string{from, resource}
	if msg.Has(fieldRequest) {
		delete(m.unanswered, key)
	} else if m.unanswered[key] > 0 {
		if m.unanswered[key]--; m.unanswered[key] == 0 {
			delete(m.unanswered, key)
		}
		m.logf("info", "%s from %s comes too late: nobody waits for it", resource, from)
		return
	}
	for i, a := range m.asked {
		if a.peer == from && a.resource == resource && (!msg.Has(fieldRequest) || msg.StrIs(fieldRequest, a.number)) {
			m.asked = append(m.asked[:i:i], m.asked[i+1:]...)
			m.logf("info", "received return code: %d for %s, %s -> %s", verdict, resource, from, m.self)
			m.answer(a.id, verdict)
			return
		}
	}
}

// start is the other node's wish that our side be marked.
func (m *Machine) start(from string, msg *wire.Message) {
	r := run{resource: msg.Str(fieldRes), from: from, number: msg.Str(fieldRequest), numbered: msg.Has(fieldRequest)}
	if len(r.number) > 16 { // it is repeated
		return
	}
	for i, other := range m.runs {
		if other.resource == r.resource && !other.working {
			m.logf("WARN", "%s asks for %s again and again", from, r.resource)
			if other.from == from { // nobody waits for the answer to the one before it any more
				m.runs[i] = r
			}
			return
		}
	}
	switch {
	case !ValidResource(r.resource):
		m.logf("ERROR", "%s asks for [%s], which is no name of a drbd resource", from, r.resource)
		m.reply(r, Failed)
	case len(m.runs) >= mostRuns+mostWaiting:
		m.logf("ERROR", "%s asks for too many drbd resources at a time", from)
		m.reply(r, Failed)
	default:
		m.runs = append(m.runs, r)
		m.work()
	}
}

// work starts what may be started: one run for a resource at a time.
func (m *Machine) work() {
	var busy []string
	for _, r := range m.runs {
		if r.working {
			busy = append(busy, r.resource)
		}
	}
	for i := range m.runs {
		r := &m.runs[i]
		if len(busy) >= mostRuns {
			return
		}
		if !r.working && !contains(busy, r.resource) {
			r.working = true
			busy = append(busy, r.resource)
			m.logf("debug", "msg_start_outdate: command: drbdadm outdate %s", r.resource)
			m.out = append(m.out, Run{r.resource})
		}
	}
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// Ran is the end of a run: the exit status of drbdadm, or why there is none.
func (m *Machine) Ran(resource string, status int, err error) []Action {
	m.out = nil
	for i, r := range m.runs {
		if r.working && r.resource == resource {
			m.runs = append(m.runs[:i:i], m.runs[i+1:]...)
			verdict := Judge(status)
			if err != nil {
				verdict = Failed
				m.logf("ERROR", "drbdadm outdate %s: %v", resource, err)
			} else if verdict == Failed {
				m.logf("info", "unknown exit code from drbdadm outdate %s: %d", resource, status)
			}
			m.logf("debug", "msg_start_outdate: %s, command rc: %d, rc: %d", resource, status, verdict)
			m.reply(r, verdict)
			break
		}
	}
	m.work()
	return m.out
}

func (m *Machine) reply(r run, v Verdict) {
	m.logf("info", "sending return code: %d, %s -> %s", v, m.self, r.from)
	msg := wire.New(outdateRC).AddStr(fieldValue, strconv.Itoa(int(v))).AddStr(fieldRes, r.resource).AddStr("src", m.self)
	if r.numbered {
		msg.AddStr(fieldRequest, r.number)
	}
	m.out = append(m.out, Say{msg.AddStr("dest", r.from)})
}

func (m *Machine) answer(id ID, v Verdict) { m.out = append(m.out, Answer{id, v}) }

func (m *Machine) logf(level, format string, args ...any) {
	m.out = append(m.out, Log{level, fmt.Sprintf(format, args...)})
}
