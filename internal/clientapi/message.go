package clientapi

import (
	"strconv"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// reserved are the types that the daemon gives meaning to on behalf of clients.
func reserved(t string) bool {
	switch t {
	case "hbapi-clstat", "hbapi-resp", "respond-cstatus":
		return true
	}
	return core.OwnType(t) && t != "ask_resources" && t != "hb_takeover"
}

// clusterMessage is whatever a client says that is no request.
func (t *Table) clusterMessage(c *client, m *wire.Message) {
	kind := m.Str("t")
	switch {
	case c.casual:
		t.logf(core.Error, "casual", "api_process_request: general message from casual client!")
		t.leave(c, "badclient")
		t.do(Close{c.id})
		return
	case kind == "":
		t.logf(core.Error, "incomplete", "api_process_request: no fromid/pid/reqtype in message.")
		return
	case reserved(kind):
		t.logf(core.Warn, "reserved", "client [%s] wants to send a message of type [%s], which only heartbeat itself sends: ignored", c.name, kind)
		return
	}
	if size := m.NetstringLen(); size > t.cfg.longest() {
		t.logf(core.Warn, "long", "client [%s] wants to send a message of type [%s] with %d bytes, more than %d: ignored", c.name, kind, size, t.cfg.longest())
		return
	}
	if err := m.Check(); err != nil {
		t.logf(core.Warn, "unsendable", "client [%s] wants to send a message of type [%s] that cannot be sent: %v", c.name, kind, err)
		return
	}
	m.SetStr("from_id", c.name)
	m.SetStr("to_id", c.name)
	m.SetStr("client_gen", strconv.Itoa(c.gen))
	t.do(Say{m})
}

// Deliver is a message of the cluster, or of this node to itself. It belongs to the table from now on.
func (t *Table) Deliver(m *wire.Message, class core.Class) []Action {
	t.out = nil
	if m.StrIs("t", "query-cstatus") { // 3.0.6: no client is told of it
		if class == core.Keep {
			t.answerQuery(m)
		}
		return t.out
	}
	dropAuth(m)
	toID, addressed := m.Str("to_id"), m.Has("to_id")
	for _, c := range t.clients {
		if !c.signed || addressed && c.name != toID {
			continue
		}
		if c.mask&class != 0 && (addressed || c.member) {
			t.write(c, m)
			if c.signal != 0 && !c.inside {
				t.do(Signal{c.id, c.signal})
			}
		}
		if addressed {
			break // 3.0.6: the first of that name only
		}
	}
	return t.out
}

// answerQuery says to whoever asked whether a client is here. What is longer than any name is none: the answer repeats it.
func (t *Table) answerQuery(m *wire.Message) {
	if len(m.Str("cn")) > longestName || len(m.Str("from_id")) > longestName {
		return
	}
	r := wire.New("respond-cstatus").AddStr("dest", m.Str("src")).AddStr("result", ok).AddStr("cn", m.Str("cn"))
	t.do(Say{r.AddStr("to_id", m.Str("from_id")).AddStr("cs", t.presence(m.Str("cn")))})
}

// dropAuth takes the signature away. 3.0.6 hands it on; no program can do anything with it but try keys out.
func dropAuth(m *wire.Message) {
	fields := m.Fields[:0]
	for _, f := range m.Fields {
		if f.Name != "auth" {
			fields = append(fields, f)
		}
	}
	m.Fields = fields
}
