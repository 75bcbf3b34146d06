package clientapi

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// The results of a request.
const (
	ok     = "OK"
	okMore = "ok/more"
	badReq = "badreq"
)

func reply(reqtype string) *wire.Message {
	return wire.New("hbapi-resp").AddStr("reqtype", reqtype)
}

func bad(reqtype, info string) *wire.Message {
	m := reply(reqtype).AddStr("result", badReq)
	if info != "" {
		m.AddStr("info", info)
	}
	return m
}

func hexMS(d time.Duration) string { return strconv.FormatInt(int64(d/time.Millisecond), 16) }

const (
	einval = "EINVAL"
	eperm  = "EPERM"
)

// request answers a request of a client that is signed on.
func (t *Table) request(c *client, m *wire.Message) {
	if !t.itself(c, m) {
		return
	}
	switch kind := m.Str("reqtype"); kind {
	case "signoff":
		t.leave(c, "signoff")
		t.do(Close{c.id})
	case "set_sendqlen": // 3.0.6 never answers
	case "signon": // 3.0.6: a client that is there already is none of its business here
		t.write(c, bad(kind, ""))
	case "setfilter":
		t.write(c, t.setFilter(c, m))
	case "setsignal":
		t.write(c, t.setSignal(c, m))
	case "getparm":
		t.write(c, t.getParm(m))
	case "clientstatus":
		t.clientStatus(c, m)
	case "nodelist", "nodestatus", "nodeweight", "nodesite", "nodetype", "numnodes", "iflist", "ifstatus", "getrsc", "getuuid", "getnodename":
		st, there := t.state()
		if !there {
			return
		}
		for _, answer := range st.answer(kind, m) {
			t.write(c, answer)
		}
	default:
		t.logf(core.Error, "bad-request", "Unknown API request")
		t.logf(core.Error, "bad-request", "api_process_request: bad request [%s]", kind)
		t.write(c, bad(kind, ""))
	}
}

// itself says whether a request names its sender, and nobody else. Who it is was settled at the signon.
func (t *Table) itself(c *client, m *wire.Message) bool {
	pid, name := m.Str("pid"), m.Str("from_id")
	if m.StrIs("reqtype", "") || pid == "" && name == "" {
		t.logf(core.Error, "incomplete", "api_process_request: no fromid/pid/reqtype in message.")
		return false
	}
	if (name == "" || name == c.name) && (pid == "" || pid == strconv.Itoa(c.pid)) {
		return true
	}
	if name == "" {
		name = pid
	}
	other := t.named(name)
	if other == nil {
		t.logf(core.Error, "non-client", "api_process_request: msg from non-client")
		return false
	}
	t.logf(core.Error, "impersonation", "Client mismatch! (impersonation?)")
	t.logf(core.Info, "impersonation", "pids (%d vs %d), Client IDs (%s vs %s)", other.pid, c.pid, other.name, c.name)
	return false
}

// debugClasses are for whoever looks for faults.
const debugClasses = core.NoChange | core.Dropped | core.Duplicate | core.APICall | core.Protocol

func (t *Table) setFilter(c *client, m *wire.Message) *wire.Message {
	mask, err := strconv.ParseUint(m.Str("fmask"), 16, 32)
	classes := core.Class(mask & 0x3f)
	switch {
	case err != nil || classes == 0:
		return bad("setfilter", einval)
	case classes&debugClasses != 0 && !c.inside && c.peer.UID != 0 && c.peer.UID != t.cfg.DaemonUID:
		return bad("setfilter", eperm)
	}
	c.mask = classes
	return reply("setfilter").AddStr("result", ok)
}

// setSignal: what a client cannot know to have arrived, or to be its own wish, it cannot have.
func (t *Table) setSignal(c *client, m *wire.Message) *wire.Message {
	n, err := strconv.Atoi(strings.TrimSpace(m.Str("signal")))
	switch {
	case err != nil:
		return bad("setsignal", "")
	case n < 0 || n == 9 || n == 19 || n >= 32:
		return bad("setsignal", einval)
	case n != 0 && !c.member: // whom no rule names we send nothing of our own accord
		return bad("setsignal", eperm)
	}
	c.signal = n
	return reply("setsignal").AddStr("result", ok)
}

func (t *Table) getParm(m *wire.Message) *wire.Message {
	name := m.Str("pname")
	if name == "" {
		return bad("getparm", einval)
	}
	r := reply("getparm")
	if v, set := t.cfg.Parameters[name]; set {
		r.AddStr("pvalue", v)
	}
	return r.AddStr("result", ok)
}

// clientStatus is answered at once for this node and for nodes that are not active; an active one is
// asked, and its answer goes to the client when it comes.
func (t *Table) clientStatus(c *client, m *wire.Message) {
	st, there := t.state()
	if !there {
		return
	}
	name := m.Str("cn")
	n := st.node(m.Str("node"))
	if n == nil || name == "" || len(name) > longestName || wire.New("query-cstatus").AddStr("cn", name).Check() != nil {
		t.write(c, bad("clientstatus", einval))
		return
	}
	if n.Name != t.cfg.Node && n.Status == "active" && n.Type == "normal" {
		t.do(Say{wire.New("query-cstatus").AddStr("dest", n.Name).AddStr("cn", name).AddStr("from_id", c.name)})
		return
	}
	cs := "offline"
	if n.Name == t.cfg.Node {
		cs = t.presence(name)
	}
	t.write(c, reply("clientstatus").AddStr("subt", "respond-cstatus").AddStr("cs", cs).AddStr("result", ok))
}

func (t *Table) presence(name string) string {
	if t.named(name) != nil {
		return "online"
	}
	return "offline"
}

// getUUID and getNodename are answered OK also where there is no answer.
func (s State) getUUID(m *wire.Message) *wire.Message {
	name := m.Str("queryname")
	if name == "" {
		return bad("getuuid", "no query node name found")
	}
	r := reply("getuuid")
	if n := s.node(name); n != nil && n.UUID != nil {
		r.AddBin("queryuuid", n.UUID)
	}
	return r.AddStr("result", ok)
}

func (s State) getNodename(m *wire.Message) *wire.Message {
	uuid := m.Bin("queryuuid")
	if uuid == nil {
		return bad("getnodename", "no query node name found")
	}
	r := reply("getnodename")
	for _, n := range s.Nodes {
		if n.UUID != nil && bytes.Equal(n.UUID, uuid) {
			r.AddStr("queryname", n.Name)
			break
		}
	}
	return r.AddStr("result", ok)
}
