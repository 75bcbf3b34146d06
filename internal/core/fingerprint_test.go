package core

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"heartbeatd/internal/seqtrack"
	"heartbeatd/internal/wire"
)

// notPrinted are the fields that a print leaves out, and why two cores that differ in them do the same.
var notPrinted = map[string]string{
	"Core.cfg":          "never changes",
	"Core.now":          "what everything is measured from",
	"Core.out":          "made anew by each event",
	"Core.moved":        "set by each event",
	"Core.history":      "the caller asks Kept for what the other node still waits for",
	"Core.againAt":      "printed as nextSaying: it counts while the other node is dead",
	"Core.lent":         "beats ahead of time: explore hands none over",
	"Core.lentKey":      "beats ahead of time: explore hands none over",
	"Core.lentAs":       "beats ahead of time: explore hands none over",
	"Core.lastRun":      "a script's name: only equality counts",
	"Core.last":         "for the operator",
	"Core.drops":        "for the operator",
	"Core.watch":        "for the operator; a clone has none",
	"Core.acking":       "memory that is used again",
	"Core.audience":     "for the programs that listen: nothing is decided by it",
	"node.weight":       "for whoever asks: nothing is decided by it",
	"node.weighed":      "for whoever asks: nothing is decided by it",
	"node.site":         "for whoever asks: nothing is decided by it",
	"node.uuid":         "for the programs that listen: nothing is decided by it",
	"life.early":        "for the programs that listen: nothing is decided by it",
	"node.name":         "never changes",
	"node.self":         "never changes",
	"node.changed":      "for the operator",
	"node.deaths":       "for the operator",
	"node.late":         "for the operator",
	"linkState.name":    "never changes",
	"linkState.changed": "for the operator",
	"Core.quickPace":    "explore changes no ha.cf",
	"Core.quickTill":    "explore changes no ha.cf",
	"group.given":       "printed while something is offered",
	"claim.unsettledAt": "printed as whether; when, only of a claim without a list: a C node's",
	"held.age":          "for the log",
	"group.changed":     "for the log, and for a C node that restarts while it takes (takerRestarted)",
	"group.oursSince":   "for the log",
	"script.id":         "only equality counts",
	"script.since":      "for the log",
	"standby.began":     "for the log, and for a C node that restarts while it takes (takerRestarted)",
	"takeover.cause":    "for the operator",
	"node.window":       "seqtrack has its own test; its life is the caller's to compare",
	"Core.fence":        "printed field by field",
	"fence.attempt":     "for the log: only equality counts",
	"fence.since":       "for the operator",
	"fence.struck":      "printed as whether: it ends with the next beat",
	"fence.failure":     "for the operator",
	"Core.self":         "printed field by field",
	"Core.peer":         "printed field by field",
	"Core.join":         "printed field by field",
	"Core.groups":       "printed field by field",
	"Core.scripts":      "printed field by field",
	"Core.standby":      "printed field by field",
	"Core.taking":       "printed field by field",
	"Core.stop":         "printed field by field",
	"Core.pings":        "printed field by field",
	"pingNode.name":     "never changes",
	"pingNode.kind":     "never changes",
	"pingNode.changed":  "for the operator",
	"pingNode.deaths":   "for the operator",
	"pingNode.late":     "for the operator",
	"node.life":         "printed field by field",
	"node.links":        "printed field by field",
	"life.report":       "printed field by field",
	"life.claim":        "printed field by field",
	"group.script":      "printed as whether, and with the scripts",
	"group.term":        "printed field by field",
	"group.request":     "printed field by field",
	"script.group":      "printed by its place",
	"life.healedAt":     "printed as whether; when, only of a C node",
	"join.began":        "printed while joining",
	"join.reloadEnds":   "for the log",
	"linkState.last":    "printed while it is up",
}

// writable lets a test set an unexported field.
func writable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

const printedAt = time.Hour

// busy is a core in which nothing is zero, so that what is printed under a condition is printed.
func busy() *Core {
	c := New(Config{
		Self: "a", Peer: "b", UUID: make([]byte, 16), Generation: 3, Keepalive: time.Second, Deadtime: 4 * time.Second, Initdead: 5 * time.Second,
		Links: []string{"eth0"}, Pings: []PingConfig{{Name: "gw", Kind: "ping"}}, Groups: []GroupConfig{{Home: "a", Resources: []string{"web", "ip"}}, {Home: "b", Resources: []string{"db"}}},
	})
	c.Step(Stamp{At: printedAt, Wall: 1}, Started{})
	c.phase, c.seq, c.lastClaim, c.said = phaseJoining, 40, 30, "said"
	c.nextBeat, c.reqAt, c.grace, c.promised = printedAt+1, printedAt+2, printedAt+3, printedAt+4
	c.firstDoubt = printedAt - time.Second
	c.join = join{began: printedAt - time.Second, heardAt: printedAt - time.Second}
	c.standby = standby{refused: 25, refusedWhich: Foreign, phase: standbyWaiting, which: Local, giver: "a", id: 25, began: printedAt - 7, deadline: printedAt + 7, giveAt: printedAt + 5, failbackAt: printedAt + 8}
	c.taking = takeover{from: "b", cause: "cause"}
	c.changing, c.before, c.base = true, "f", "e"
	c.fence = fence{phase: fenceWaiting, attempt: 2, at: printedAt + 6, since: printedAt - 4, gen: 7, reset: 7, failure: "failure"}
	c.stop = shutdown{delayed: printedAt + 9, notice: 39, endAt: printedAt + 10}
	p := c.pings.nodes[0]
	p.status, p.last, p.heard, c.pings.next = pingAnswers, printedAt-time.Second, true, printedAt+6
	n := c.peer
	n.status, n.lastBeat, n.lastStatus, n.acked, n.residue = "active", printedAt-2*time.Second, 11, 39, 3
	n.healedAt, n.deafSince = printedAt-time.Second, printedAt-time.Second
	n.report = report{seq: 12, standby: 25, phase: standbyOffered, claim: 10}
	n.claim = claim{known: true, seq: 10, hold: Local, groups: map[string]held{"db": {term: term{n: 2}}}, failed: map[string]bool{"web": true}, unsettledAt: 5}
	n.window.Judge(7, 10, true, 0)
	n.window.Judge(7, 13, false, printedAt+5)
	n.links[0].up, n.links[0].last = true, printedAt-time.Second
	c.self.links[0].up, c.self.links[0].last = true, printedAt-time.Second
	for _, g := range c.groups {
		g.state, g.index, g.tries, g.failures, g.found = groupStopping, 1, 1, 1, []string{"web"}
		g.failed, g.waitTo, g.retryAt, g.term.n = true, printedAt+1, printedAt+2, 4
		g.clashAt, g.orphanAt, g.begun = printedAt-3*time.Second, printedAt-1, 2
		g.request = request{since: printedAt - time.Second, again: printedAt + 1}
	}
	s := &script{id: 9, group: c.groups[0], index: 1, op: Stop, since: printedAt - 1, reported: printedAt + 1}
	c.groups[0].script, c.scripts = s, []*script{s}
	c.drops["replay"] = 2
	c.last = Transition{Wall: 1, What: "what"}
	return c
}

func printed(c *Core) string {
	var p Print
	c.Print(&p, printedAt)
	return fmt.Sprint(p)
}

// TestPrintForgetsNothing changes every field of a core, one at a time: each must change its print,
// or stand in notPrinted with the reason. So a field that is added and forgotten fails here.
func TestPrintForgetsNothing(t *testing.T) {
	seen := map[string]bool{}
	changed := func(name string, change func(c *Core) reflect.Value) {
		seen[name] = true
		c := busy()
		before := printed(c)
		alter(t, name, change(c))
		if same := printed(c) == before; same && notPrinted[name] == "" {
			t.Errorf("%s: a change of it does not change the print, and notPrinted does not say why", name)
		}
	}
	for name, part := range map[string]func(c *Core) any{
		"Core": func(c *Core) any { return c }, "node": func(c *Core) any { return c.peer }, "life": func(c *Core) any { return &c.peer.life }, "linkState": func(c *Core) any { return c.peer.links[0] },
		"join": func(c *Core) any { return &c.join }, "group": func(c *Core) any { return c.groups[1] }, "script": func(c *Core) any { return c.scripts[0] },
		"standby": func(c *Core) any { return &c.standby }, "takeover": func(c *Core) any { return &c.taking }, "shutdown": func(c *Core) any { return &c.stop },
		"report": func(c *Core) any { return &c.peer.report }, "claim": func(c *Core) any { return &c.peer.claim }, "term": func(c *Core) any { return &c.groups[0].term },
		"pings": func(c *Core) any { return &c.pings }, "pingNode": func(c *Core) any { return c.pings.nodes[0] },
		"request": func(c *Core) any { return &c.groups[0].request }, "fence": func(c *Core) any { return &c.fence },
	} {
		fields := reflect.TypeOf(part(busy())).Elem()
		for i := range fields.NumField() {
			changed(name+"."+fields.Field(i).Name, func(c *Core) reflect.Value { return writable(reflect.ValueOf(part(c)).Elem().Field(i)) })
		}
	}
	for i := range reflect.TypeOf(held{}).NumField() { // the values of a map cannot be set in place
		name := "held." + reflect.TypeOf(held{}).Field(i).Name
		seen[name] = true
		c, h := busy(), held{term: term{n: 2}}
		before := printed(c)
		alter(t, name, writable(reflect.ValueOf(&h).Elem().Field(i)))
		c.peer.claim.groups = map[string]held{"db": h}
		if printed(c) == before && notPrinted[name] == "" {
			t.Errorf("%s is not printed", name)
		}
	}
	for name := range notPrinted {
		if !seen[name] {
			t.Errorf("notPrinted names %s, which there is not", name)
		}
	}
}

// alter makes a value another one. Parts are altered field by field elsewhere.
func alter(t *testing.T, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() - 1)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(v.Uint() - 1)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Slice:
		v.SetLen(v.Len() - min(1, v.Len()))
	case reflect.Map:
		v.SetZero()
	case reflect.Struct:
		if v.Type() == reflect.TypeOf(term{}) {
			v.FieldByName("n")
			writable(v.FieldByName("n")).SetUint(99)
		}
	case reflect.Pointer:
	default:
		t.Fatalf("%s: do not know how to alter a %s", name, v.Kind())
	}
}

// TestCloneIsEqualAndApart: a clone is the same, and nothing that is done to it shows in the original.
func TestCloneIsEqualAndApart(t *testing.T) {
	c := busy()
	d := c.Clone(nil)
	c.out, c.watch = nil, nil
	if !reflect.DeepEqual(c, d) {
		t.Fatal("a clone differs from its original")
	}
	if e := d.Clone(busy()); !reflect.DeepEqual(c, e) {
		t.Fatal("a clone made in used memory differs from its original")
	}
	before := busy()
	before.out = nil
	for _, ev := range []Event{
		ScriptDone{ID: 9, RC: 0}, Tick{}, StopCommand{},
		Received{Link: "eth0", Msg: wire.New("status").AddStr("src", "b").AddStr("ts", "1").AddStr("seq", "b").AddStr("hg", "7").AddStr("st", "active")},
		Received{Link: "eth1", Msg: wire.New("status").AddStr("src", "b").AddStr("ts", "1").AddStr("seq", "1").AddStr("hg", "8").AddStr("st", "init")},
		Received{Link: "eth0", Msg: wire.New("NS_rexmit").AddStr("src", "b").AddStr("ts", "1").AddStr("dest", "a").AddStr("firstseq", "1").AddStr("lastseq", "40")},
	} {
		d.Step(Stamp{At: printedAt + 10*time.Second, Wall: 2}, ev)
	}
	scramble(d)
	if !reflect.DeepEqual(strip(c), strip(before)) {
		t.Error("what was done to a clone shows in its original")
	}
}

// strip takes away the messages, which two cores made alike do not share but which say the same.
func strip(c *Core) *Core {
	d := c.Clone(nil)
	d.history = history{}
	return d
}

func scramble(c *Core) {
	for _, n := range []*node{c.self, c.peer} {
		n.status = "x"
		for _, l := range n.links {
			l.up = !l.up
		}
		n.window.Due(printedAt*2, time.Second)
	}
	for _, p := range c.pings.nodes {
		p.status = "x"
	}
	for _, g := range c.groups {
		g.want = !g.want
		for i := range g.found {
			g.found[i] = "x"
		}
	}
	for _, s := range c.scripts {
		s.hung = !s.hung
	}
	c.drops["x"]++
	for i := range c.history.ring {
		c.history.ring[i].again++
	}
}

// TestWindowStateIsWhole: what seqtrack shows of a window is all that it remembers.
func TestWindowStateIsWhole(t *testing.T) {
	fields := func(v any) (names []string) {
		for i := range reflect.TypeOf(v).NumField() {
			names = append(names, reflect.TypeOf(v).Field(i).Name)
		}
		return names
	}
	if got, want := fields(seqtrack.Window{}), []string{"gen", "last", "heard", "adrift", "missing"}; !slices.Equal(got, want) {
		t.Errorf("a window has the fields %v: State, Clone and Print know %v", got, want)
	}
	if got, want := fields(seqtrack.Hole{}), []string{"Seq", "Ask", "Asked"}; !slices.Equal(got, want) {
		t.Errorf("a hole has the fields %v", got)
	}
	w := busy().peer.window
	twin := w.Clone()
	if !reflect.DeepEqual(w.State(), twin.State()) {
		t.Error("a clone of a window differs")
	}
	twin.Forget(11)
	if w.Missing() != 2 || twin.Missing() != 1 {
		t.Errorf("a window and its clone miss %d and %d numbers", w.Missing(), twin.Missing())
	}
}
