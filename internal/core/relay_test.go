package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

func hooked(c *Config) { c.Hooks = true }

// hooks lists, and forgets, what scripts were to be run for: the fields that say something.
func (b *bench) hooks() (list []string) {
	for _, a := range b.all {
		h, ok := a.(Hook)
		if !ok {
			continue
		}
		var words []string
		for _, f := range h.Msg.Fields {
			if !slices.Contains(strings.Fields("srcuuid hg ts ld ttl dt protocol seq link"), f.Name) && !strings.HasPrefix(f.Name, "hbd") {
				words = append(words, f.Name+"="+string(f.Value))
			}
		}
		slices.Sort(words)
		if h.Gives {
			words = append(words, "(gives)")
		}
		list = append(list, strings.Join(words, " "))
	}
	b.clear()
	return list
}

func (b *bench) hooksAre(what string, want ...string) {
	b.t.Helper()
	if got := b.hooks(); !slices.Equal(got, want) {
		b.t.Errorf("%s: hooks for\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// outgoing lists what goes out besides beats.
func (b *bench) outgoing() (list []*wire.Message) {
	for _, a := range b.all {
		if s, ok := a.(Send); ok && !s.Msg.StrIs("t", "status") && !strings.HasPrefix(s.Msg.Str("t"), "NS_") {
			list = append(list, s.Msg)
		}
	}
	return list
}

// relay is what a script has written to the FIFO.
func (b *bench) relay(fields ...string) {
	m := &wire.Message{}
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	b.clear()
	b.step(Relay{Msg: m})
}

// TestHooksOfALife: the moments at which 3.0.6 runs scripts, in its order. TestHooksAsGenuine asks 3.0.6 itself.
func TestHooksOfALife(t *testing.T) {
	b := newBench(t, hooked)
	b.clear()
	b.beat("up", "hbd", "1")
	b.hooksAre("up", "ifname=eth0 node=beta st=up t=ifstat", "src=beta st=up t=status")
	b.beat("up", "hbd", "1")
	b.hooksAre("nothing new")
	b.beat("active", "hbd", "1")
	b.hooksAre("active", "src=beta st=active t=status")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	b.claim("1:1:db")
	b.hooksAre("our own group is started", "dest=alpha ipaddr=ip1 ok=OK src=alpha t=ip-request-resp weown=yes")
	b.from("mine", "x", "1")
	b.hooksAre("a message of the site's", "src=beta t=mine x=1")
	b.from("hb_takeover", "rsc_hold", "local")
	b.hooksAre("takeover", "rsc_hold=local src=beta t=hb_takeover")
	b.from("setweight", "node", "beta", "weight", "3")
	b.hooksAre("what 3.0.6 handles itself")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:db")
	for b.c.peer.alive() {
		b.advance(time.Second)
	}
	got := b.hooks()
	if want := []string{"node=beta result=n_stnth src=alpha t=stonith", "src=beta st=dead t=status"}; len(got) < 2 || !slices.Equal(got[:2], want) {
		t.Errorf("death: hooks for %q, want %q first", got, want)
	}
	if !slices.Contains(got, "ifname=eth0 node=beta st=dead t=ifstat") {
		t.Errorf("the link's death is not told: %q", got)
	}
}

// TestHooksOfAGoodbye: a node that stops by the book is taken over from at once; when it is found dead that is no news.
func TestHooksOfAGoodbye(t *testing.T) {
	b := joined(t, "1:1:db", hooked)
	b.from("shutdone", "st", "dead")
	b.hooksAre("shutdone", "src=beta st=dead t=status")
	for !b.c.peer.dead() {
		b.advance(time.Second)
	}
	if got := b.hooks(); !slices.Contains(got, "node=beta result=unneeded src=alpha t=stonith") || slices.Contains(got, "src=beta st=dead t=status") {
		t.Errorf("found dead: hooks for %q", got)
	}
}

// TestNoHooksUnasked: nobody who has no scripts pays for them.
func TestNoHooksUnasked(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("mine", "x", "1")
	b.relay("t", "mine")
	b.from("shutdone", "st", "dead")
	if got := b.hooks(); got != nil {
		t.Errorf("%q", got)
	}
}

// TestHookOfARequest: with auto_failback legacy a C node asks for its groups; a script may do something before one is given.
func TestHookOfARequest(t *testing.T) {
	b := newBench(t, hooked, func(c *Config) { c.Failback = FailbackLegacy })
	for b.c.phase != phaseStable {
		b.advance(time.Second)
	}
	b.beat("up")
	b.beat("active")
	b.clear()
	b.from("ip-request", "ipaddr", "db")
	if got := b.hooks(); len(got) == 0 || got[0] != "ipaddr=db src=beta t=ip-request (gives)" {
		t.Errorf("%q", got)
	}
	b.from("ip-request", "ipaddr", "other")
	if got := b.hooks(); len(got) == 0 || got[0] != "ipaddr=other src=beta t=ip-request" {
		t.Errorf("%q", got)
	}
}

// TestRelayedMessage: a message of a script goes to both nodes, with the fields of ours and none of the writer's in their place.
func TestRelayedMessage(t *testing.T) {
	b := joined(t, "1:1:db", hooked)
	before := b.c.seq
	b.relay("t", "mine", "x", "a=b", "src", "beta", "seq", "1", "hg", "0", "ts", "5", "auth", "1 00", "hbd_groups", "9:1:ip1", "ttl", "99")
	sent := b.outgoing()
	if len(sent) != 1 {
		t.Fatalf("%d messages sent", len(sent))
	}
	m := sent[0]
	for name, want := range map[string]string{"t": "mine", "x": "a=b", "src": "alpha", "hg": "9", "ttl": "3", "seq": hex(before + 1), "auth": "", "hbd_groups": ""} {
		if got := m.Str(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if b.c.history.find(before+1) == nil {
		t.Error("it cannot be sent again")
	}
	b.hooksAre("our own copy", "src=alpha t=mine x=a=b")
}

// TestRelayedOrders: what the commands of 3.0.6 wrote to the FIFO is what ours ask for.
func TestRelayedOrders(t *testing.T) {
	b := joined(t, "1:1:db")
	b.relay("t", "ask_resources", "rsc_hold", "local", "info", "me")
	if b.c.standby.phase != standbyAsked || b.c.standby.which != Local {
		t.Errorf("hb_standby: %+v", b.c.standby)
	}
	b = joined(t, "1:1:db")
	b.relay("t", "hb_takeover", "rsc_hold", "all")
	if s := b.outgoing(); len(s) != 1 || s[0].Str("rsc_hold") != "all" {
		t.Errorf("hb_takeover sends %v", s)
	}
	b.relay("t", "setweight", "node", "BETA", "weight", "55kg")
	b.relay("t", "setsite", "node", "alpha", "site", "a cellar")
	b.from("setweight", "node", "alpha", "weight", "-3")
	v := b.c.View(b.now)
	if v.Nodes[0].Weight != -3 || v.Nodes[0].Site != "a cellar" || v.Nodes[1].Weight != 55 || v.Nodes[1].Site != "" {
		t.Errorf("%+v", v.Nodes)
	}
}

// TestRelayKeepsOut: words by which 3.0.6's own scripts move groups, or by which nodes speak of themselves.
func TestRelayKeepsOut(t *testing.T) {
	for _, fields := range [][]string{
		{"t", "ip-request-resp", "dest", "alpha", "ipaddr", "db", "weown", "yes", "ok", "OK"},
		{"t", "ip-request-resp", "dest", "beta", "ipaddr", "ip1", "weown", "yes", "ok", "OK"},
		{"t", "ip-request", "ipaddr", "db"},
		{"t", "resource", "rsc_hold", "none", "rtype", "full", "isstable", "1"},
		{"t", "resource", "rsc_hold", "foreign", "info", "mach_down"},
		{"t", "starting"}, {"t", "shutdone", "st", "dead"}, {"t", "status", "st", "dead", "src", "beta"},
		{"t", "ask_resources", "rsc_hold", "all", "info", "done"}, {"t", "ask_resources", "rsc_hold", "all", "info", "other"},
		{"t", "reqnodes", "dest", "beta"}, {"t", "repnodes", "nodelist", "x"}, {"t", "stonith", "node", "beta", "result", "OK"},
		{"t", "NS_ackmsg", "ackseq", "ffff"}, {"t", "NS_mine"}, {"t", ""}, {"x", "1"},
		{"t", "addnode", "nodelist", "gamma"}, {"t", "delnode", "nodelist", "beta"}, {"t", "hbapi-clstat"}, {"t", "ifstat"},
		{"t", "mine", "x", strings.Repeat("y", 70000)},
	} {
		b := joined(t, "1:1:db", hooked)
		before := b.c.listing(false)
		b.relay(fields...)
		if s := b.outgoing(); len(s) > 0 {
			t.Errorf("%.60q is sent: %v", fields, s)
		}
		if b.c.standby.phase != standbyNone || b.c.listing(false) != before || len(b.runs) > 0 {
			t.Errorf("%q moves something", fields)
		}
		if got := b.hooks(); got != nil {
			t.Errorf("%.60q: hooks for %q", fields, got)
		}
	}
}

// TestChangedNodesAreThoseOfTheFile: addnode and delnode change nothing, and say why.
func TestChangedNodesAreThoseOfTheFile(t *testing.T) {
	b := joined(t, "1:1:db")
	b.relay("t", "addnode", "nodelist", "beta gamma")
	b.wants("hb_add_one_node: node(beta) already exists")
	b.wants("hb_add_one_node: node(gamma) is not added")
	b.relay("t", "delnode", "nodelist", "beta")
	b.wants("deletion failed: node beta is not dead")
	b.from("delnode", "nodelist", "alpha")
	b.wants("deletion failed: node alpha is not dead")
	for b.c.peer.alive() {
		b.advance(time.Second)
	}
	b.relay("t", "delnode", "nodelist", "beta")
	b.wants("deletion failed: node beta stands in ha.cf")
	if got := b.c.View(b.now).Nodes; len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

// TestNothingAfterTheGoodbye: a script's message must not follow `shutdone`, after which the other node takes over.
func TestNothingAfterTheGoodbye(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StopCommand{})
	b.relay("t", "mine")
	if b.c.phase == phaseStopped && len(b.outgoing()) > 0 {
		t.Error("it is sent")
	}
}

func TestAtoiAsC(t *testing.T) {
	for s, want := range map[string]int{"": 0, "x": 0, "12": 12, " 12x": 12, "-5": -5, "+7": 7, "- 5": 0, "99999999999999999999": 1<<31 - 1} {
		if got := atoi(s); got != want {
			t.Errorf("%q is %d, want %d", s, got, want)
		}
	}
}
