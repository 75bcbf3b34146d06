package core

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"heartbeatd/internal/wire"
)

// ownTypes are messages that only the core itself says. 3.0.6 takes them from any script that can write to the
// FIFO: its own children do so, and whoever else does moves resources behind its back.
var ownTypes = map[string]bool{
	"status": true, "starting": true, "resource": true, "shutdone": true, "stonith": true, "ifstat": true,
	"reqnodes": true, "repnodes": true, "ip-request": true, "ip-request-resp": true,
	"query-cstatus": true, "respond-cstatus": true, "hbapi-clstat": true,
}

// tailFields are added to every message, and are never the writer's to choose.
var tailFields = map[string]bool{
	"src": true, "srcuuid": true, "seq": true, "hg": true, "ts": true, "ld": true, "ttl": true, "auth": true,
}

// relay acts on a message of this machine as 3.0.6 acts on its FIFO, but for those that are the core's own.
func (c *Core) relay(m *wire.Message) {
	switch t := m.Str("t"); {
	case c.phase == phaseStopped: // nothing comes after `shutdone`
	case t == "ask_resources":
		if info := m.Str("info"); info != "me" {
			c.passOver(m, "the dialogue of a standby is the daemon's own")
			return
		}
		c.standbyCommand(Which(m.Str("rsc_hold")))
	case t == "hb_takeover":
		c.takeoverCommand(Which(m.Str("rsc_hold")))
	case t == "setweight", t == "setsite":
		if m = ownFields(m); c.say(m) {
			c.setNode(m)
		}
	case t == "addnode", t == "delnode":
		c.changeNodes(m)
	case ownTypes[t]:
		c.passOver(m, "who has what is the daemon's to say")
	case t == "" || strings.HasPrefix(t, "NS_"):
		c.passOver(m, "it has no type that can be sent")
	default:
		if m = ownFields(m); c.say(m) {
			c.notice(m)
		}
	}
}

// say sends a message that another program has written, if everybody could read it.
func (c *Core) say(m *wire.Message) bool {
	if !c.complete(m) {
		c.passOver(m, "it is too long, or cannot be written")
		return false
	}
	c.do(Send{m})
	c.hear(m, Keep)
	return true
}

// passOver says once in a while that a message of this machine is not sent.
func (c *Core) passOver(m *wire.Message, why string) {
	t, kind := m.Str("t"), "fifo-other" // not a line for each name that somebody thinks of
	if ownTypes[t] || t == "ask_resources" {
		kind = "fifo-" + t
	}
	text := fmt.Sprintf("message [%s] from the FIFO is passed over: %s", t, why)
	c.do(Log{From: "heartbeat", Level: Warn, Text: text, Limit: kind})
}

// ownFields is the message without what every message gets anyway, and without what says to the other node how
// things stand here.
func ownFields(m *wire.Message) *wire.Message {
	own := &wire.Message{}
	for _, f := range m.Fields {
		if !tailFields[f.Name] && f.Name != fieldCapable && !strings.HasPrefix(f.Name, fieldCapable+"_") {
			own.Fields = append(own.Fields, f)
		}
	}
	return own
}

// setNode is setweight or setsite. 3.0.6: kept until the end of the daemon, and used by nobody but who asks.
func (c *Core) setNode(m *wire.Message) {
	for _, n := range []*node{c.self, c.peer} {
		if n == nil || n.name != strings.ToLower(m.Str("node")) {
			continue
		}
		if m.StrIs("t", "setsite") {
			n.site = m.Str("site")
			return
		}
		n.weight = atoi(m.Str("weight"))
		n.weighed = true
	}
}

// atoi reads a number as C does: what stands before the first other character, 0 if that is nothing.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[end] == '-' || s[end] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64)
	return int(max(math.MinInt32, min(math.MaxInt32, n)))
}

// changeNodes answers addnode and delnode. 3.0.6 changes its table until it ends; the nodes of a cluster with
// haresources are those two that stand in ha.cf, so nothing is ever changed.
func (c *Core) changeNodes(m *wire.Message) {
	for _, name := range strings.Fields(strings.ToLower(m.Str("nodelist"))) {
		known := name == c.cfg.Self || c.peer != nil && name == c.peer.name
		switch adds := m.StrIs("t", "addnode"); {
		case adds && known:
			c.limitedf(Error, "addnode", "hb_add_one_node: node(%s) already exists", name)
		case adds:
			c.limitedf(Error, "addnode", "hb_add_one_node: node(%s) is not added: a cluster with haresources has the two nodes of its ha.cf", name)
		case known && (name == c.cfg.Self || !c.peer.dead()):
			c.limitedf(Warn, "delnode", "deletion failed: node %s is not dead", name)
		case known:
			c.limitedf(Warn, "delnode", "deletion failed: node %s stands in ha.cf: take it out there, and restart", name)
		}
	}
}

func (c *Core) limitedf(l Level, limit, format string, args ...any) {
	c.do(Log{From: "heartbeat", Level: l, Text: fmt.Sprintf(format, args...), Limit: limit})
}
