package core

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"heartbeatd/internal/wire"
)

// Programs that use the client library hear what the core hears and says, and have messages of their own sent
// by it. Nothing that is decided here looks at either, but for the operator's words among them.

// Class is what a message is to a program that listens. 3.0.6: the bits of its filter.
type Class uint8

// The classes.
const (
	Keep      Class = 1 << iota // a new message, or a status that says something new
	NoChange                    // a status that does not
	Dropped                     // a message that nobody acts on
	Duplicate                   // one that was heard on another link
	APICall                     // a request; the core knows none
	Protocol                    // acknowledgements, requests to repeat
)

type (
	// Audience is what somebody wants to hear, from now on.
	Audience struct{ Classes Class }

	// ClientMessage is what a program wants to say to those of its name, on the node named by dest or on
	// all. The core completes a copy of it.
	ClientMessage struct{ Msg *wire.Message }

	// Deliver is a message for the programs that listen to its class. Like what is received, it is good
	// until the next Step.
	Deliver struct {
		Msg   *wire.Message
		Class Class
	}
)

func (Audience) event()      {}
func (ClientMessage) event() {}
func (Deliver) action()      {}

// clientWord is the message by which a client's coming and going is told.
const clientWord = "hbapi-clstat"

// earlyWord is such a message before its turn.
type earlyWord struct {
	seq uint64
	msg *wire.Message
}

// mostEarly bounds them.
const mostEarly = 64

func (c *Core) hear(m *wire.Message, class Class) {
	if c.audience&class != 0 {
		c.do(Deliver{m, class})
	}
}

// hearFrom is hear for what another node said. 3.0.6: a client's coming and going is told in its turn, when
// nothing before it is missing; everything else as it comes.
func (c *Core) hearFrom(n *node, m *wire.Message, seq uint64, class Class) {
	if u := m.Bin("srcuuid"); !bytes.Equal(u, n.uuid) && len(u) == len(c.cfg.UUID) {
		n.uuid = bytes.Clone(u)
	}
	if c.audience&class == 0 {
		return
	}
	if seq > n.window.Covered() && m.StrIs("t", clientWord) {
		if len(n.early) < mostEarly {
			n.early = append(n.early, earlyWord{seq, m.Copy()})
		}
		return
	}
	c.hear(m, class)
}

// hearEarly tells what waited, when its turn has come.
func (c *Core) hearEarly(n *node) {
	for len(n.early) > 0 {
		next := 0
		for i := range n.early {
			if n.early[i].seq < n.early[next].seq {
				next = i
			}
		}
		if n.early[next].seq > n.window.Covered() {
			return
		}
		c.hear(n.early[next].msg, Keep)
		n.early = slices.Delete(n.early, next, next+1)
	}
}

// hearLink tells that a link came or went. 3.0.6: a word of this node's own, without number.
func (c *Core) hearLink(n *node, l *linkState) {
	if c.audience&Keep == 0 {
		return
	}
	st := "dead"
	if l.up {
		st = "up"
	}
	c.hear(wire.New("ifstat").AddStr("node", n.name).AddStr("ifname", l.name).AddStr("st", st), Keep)
}

// hearDeath tells that a node was declared dead here.
func (c *Core) hearDeath(n *node) {
	if c.audience&Keep == 0 {
		return
	}
	m := wire.New("status").AddStr("seq", "1").AddStr("ts", hex(uint64(c.now.Wall)))
	c.hear(m.AddStr("src", n.name).AddStr("st", n.status), Keep)
}

// clientMessage sends what a client says. 3.0.6 sends whatever it is and acts on it itself as on
// any message of its own; here only the operator's words are acted on, and nobody speaks in our name.
func (c *Core) clientMessage(m *wire.Message) {
	t := m.Str("t")
	switch {
	case c.phase == phaseStopped:
		return // nothing comes after `shutdone`
	case (t == "ask_resources" && m.StrIs("info", "me") || t == "hb_takeover") && !Which(m.Str("rsc_hold")).valid():
		c.dropf("client-word", "a client asks by [%s] for the unknown word [%.40s]: ignored", t, m.Str("rsc_hold"))
		return
	case t == "ask_resources" && m.StrIs("info", "me"):
		c.standbyCommand(Which(m.Str("rsc_hold")))
		return
	case t == "hb_takeover":
		c.takeoverCommand(Which(m.Str("rsc_hold")))
		return
	case t == "" || OwnType(t):
		c.dropf("client-type", "a client wants to send a message of type [%s], which only heartbeat itself sends: ignored", t)
		return
	}
	c.stripOwn(m)
	dest := m.Str("dest")
	to := c.nodeNamed(dest)
	switch {
	case dest == "":
	case to == nil:
		return // 3.0.6: lost without a word
	default:
		m.SetStr("dest", to.name)
		if uuid := c.uuidOf(to); uuid != nil {
			m.SetBin("destuuid", uuid)
		}
	}
	if !c.complete(m) {
		c.dropf("client-message", "a client's message of type [%s] cannot be sent: ignored", t)
		return
	}
	c.do(Send{m})
	if to == nil || to.self {
		c.hear(m, Keep)
		c.notice(m)
	}
}

// stripOwn removes what only a heartbeatd says of itself, and signatures.
func (c *Core) stripOwn(m *wire.Message) {
	m.Fields = slices.DeleteFunc(m.Fields, func(f wire.Field) bool {
		return f.Name == "auth" || strings.HasPrefix(f.Name, fieldCapable)
	})
}

func (c *Core) nodeNamed(name string) *node {
	for _, n := range []*node{c.self, c.peer} {
		if n != nil && strings.EqualFold(n.name, name) {
			return n
		}
	}
	return nil
}

func (c *Core) uuidOf(n *node) []byte {
	if n.self {
		return c.cfg.UUID
	}
	return n.uuid
}

// roomForTail is what the fields of complete and a signature may need; mostFields leaves the same for their number.
const (
	roomForTail = 2048
	mostFields  = wire.MaxFields - 16
)

// complete gives a client's message its sender, number and time, in place of what it had of these. It is false,
// and no number is used, if nobody could read it.
func (c *Core) complete(m *wire.Message) bool {
	if m.NetstringLen() > wire.MaxDatagram-roomForTail || m.CountFields() > mostFields || m.Check() != nil {
		return false
	}
	m.SetStr("src", c.cfg.Self)
	m.SetBin("srcuuid", c.cfg.UUID)
	numbered := !strings.HasPrefix(m.Str("t"), "NS_")
	if numbered {
		c.seq = c.number()
		m.SetHex("seq", c.seq)
	}
	m.SetHex("hg", c.cfg.Generation)
	m.SetHex("ts", uint64(c.now.Wall))
	if numbered {
		m.SetStr("ld", c.now.Load)
	}
	m.SetStr("ttl", strconv.Itoa(c.cfg.TTL))
	if numbered {
		c.history.add(sent{seq: c.seq, msg: m})
	}
	return true
}

// OwnType says whether messages of a type come from heartbeat itself only.
func OwnType(t string) bool {
	switch t {
	case "status", "reqnodes", "repnodes", "starting", "resource", "ask_resources", "hb_takeover", "shutdone", "ip-request",
		"ip-request-resp", "ifstat", "stonith", "addnode", "delnode", "setweight", "setsite", "asknodes",
		"NS_ackmsg", "NS_rexmit", "NS_nak_rexmit", "NS_st":
		return true
	}
	return false
}

func unnumberedClass(t string) Class {
	switch t {
	case "NS_ackmsg", "NS_rexmit", "NS_nak_rexmit":
		return Protocol
	}
	return Keep
}

// CommUp says whether the node is in the cluster. 3.0.6: from then on programs may sign on.
func (c *Core) CommUp() bool { return c.phase > phaseInit }
