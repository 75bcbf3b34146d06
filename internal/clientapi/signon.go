package clientapi

import (
	"strconv"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// longestName is the most characters of a client's name. 3.0.6: the same.
const longestName = 31

// first handles what comes before a client is signed on: its signon. 3.0.6 answers nothing else.
func (t *Table) first(c *client, m *wire.Message) {
	if c.gen < 0 {
		c.gen = t.nextGen
		t.nextGen++
	}
	pid, name := m.Str("pid"), m.Str("from_id")
	if !m.StrIs("t", "hbapi-req") || !m.StrIs("reqtype", "signon") || pid == "" && name == "" {
		t.logf(core.Error, "bad-message", "api_process_registration_msg: bad message")
		if c.bad++; c.bad >= mostBad {
			t.leave(c, "badclient")
			t.do(Close{c.id})
		}
		return
	}
	if c.pid, _ = strconv.Atoi(pid); strconv.Itoa(c.pid) != pid {
		c.pid = 0 // one process has one number
	}
	c.casual = name == "" || name == pid
	if c.name = name; name == "" {
		c.name = pid
	}
	if refusal := t.refusal(c, m); refusal != "" {
		t.refuse(c, refusal)
		return
	}
	c.signed = true
	if !c.casual {
		t.do(Say{t.clientWord(c, "join", "signon")})
	}
	t.write(c, t.signonReply(""))
}

// refusal makes the checks in the order of 3.0.6, and gives its words.
func (t *Table) refusal(c *client, m *wire.Message) string {
	uid, err1 := strconv.ParseUint(m.Str("uid"), 10, 32)
	gid, err2 := strconv.ParseUint(m.Str("gid"), 10, 32)
	switch {
	case c.pid <= 0 || !t.exists(c.pid):
		return "bad pid"
	case t.taken(c.name):
		t.logf(core.Warn, "duplicate", "duplicate client add request [%s] [%d]", c.name, c.pid)
		return "duplicate add request"
	case len(c.name) > longestName:
		return "cannot add client"
	case err1 != nil || err2 != nil:
		return "invalid id info"
	case uint32(uid) != c.peer.UID || uint32(gid) != c.peer.GID:
		return t.unauthorised(c, "incorrect/false credentials")
	}
	refusal, member := authorise(t.cfg.Rules, c.name, c.casual, c.peer)
	if c.member = member; refusal == "" && c.pid != c.peer.PID {
		refusal = "pid mismatch"
	}
	if refusal != "" {
		return t.unauthorised(c, refusal)
	}
	return ""
}

// taken says whether a living client has the name. One that died makes room before its end was noticed.
func (t *Table) taken(name string) bool {
	old := t.named(name)
	if old == nil || old.inside || t.exists(old.pid) {
		return old != nil
	}
	t.do(Close{old.id})
	t.leave(old, "died")
	return false
}

func (t *Table) unauthorised(c *client, info string) string {
	t.logf(core.Warn, "authorization", "Client [%s] pid %d failed authorization [%s]", c.name, c.pid, info)
	return info
}

// refuse answers a refused signon and ends the connection. 3.0.6: one with a name is told that it leaves, first.
func (t *Table) refuse(c *client, info string) {
	t.logf(core.Error, "refused", "api_process_registration_msg: cannot add client(%s)", c.name)
	if !c.casual {
		t.write(c, t.clientWord(c, "leave", info))
	}
	t.write(c, t.signonReply(info))
	t.leave(c, info)
	t.do(Close{c.id})
}

// signonReply carries deadtime also where it refuses: libhbclient tells by it that somebody answered.
func (t *Table) signonReply(refusal string) *wire.Message {
	m := reply("signon")
	if refusal != "" {
		m.AddStr("info", refusal).AddStr("result", badReq)
	} else {
		m.AddStr("result", ok)
	}
	m.AddStr("deadtime", hexMS(t.cfg.Deadtime)).AddStr("keepalive", hexMS(t.cfg.Keepalive)).AddStr("node", t.cfg.Node)
	m.AddStr("hbversion", t.cfg.Version).AddStr("pacemaker", t.cfg.Pacemaker)
	return m.AddStr("logfacility", strconv.Itoa(t.cfg.LogFacility))
}

// Inside signs on a client that lives in the daemon; false: there is one of that name.
func (t *Table) Inside(id ID, name string, pid int) (actions []Action, free bool) {
	t.out = nil
	if t.named(name) != nil {
		return nil, false
	}
	c := &client{id: id, inside: true, name: name, pid: pid, gen: t.nextGen, signed: true, member: true, mask: core.Keep}
	t.nextGen++
	t.clients = append([]*client{c}, t.clients...)
	t.do(Say{t.clientWord(c, "join", "signon")})
	return t.out, true
}
