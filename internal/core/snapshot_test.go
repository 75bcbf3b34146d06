package core

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// notSaved are the fields that a snapshot leaves out, and why nothing is lost by it.
var notSaved = map[string]string{
	"Core.cfg":         "the successor has its own",
	"Core.out":         "made anew by each event",
	"Core.phase":       "always stable: see Replaceable",
	"Core.ended":       "an ended core has no successor",
	"Core.moved":       "set by each event",
	"Core.lent":        "none: Handover takes them back",
	"Core.lentAs":      "as lent",
	"Core.lentKey":     "as lent",
	"Core.promised":    "the first event of a successor doubts what it knows anyway",
	"Core.now":         "only At: the rest comes with the next event",
	"Core.scripts":     "none is at work: see Replaceable",
	"Core.stop":        "not stopping: see Replaceable",
	"Core.watch":       "for the operator: it counts from the start of the program",
	"Core.acking":      "memory that is used again",
	"Core.audience":    "programs sign on anew",
	"Core.self":        "saved field by field",
	"Core.peer":        "saved field by field",
	"Core.groups":      "saved field by field",
	"Core.history":     "TestSnapshotKeepsWhatMayBeAskedFor",
	"Core.pings":       "saved field by field",
	"Core.join":        "saved field by field",
	"Core.standby":     "saved field by field",
	"Core.taking":      "saved field by field",
	"Core.fence":       "saved field by field",
	"node.name":        "of the configuration",
	"fence.phase":      "one at work is waited for: see Replaceable, and TestReplacedWhileAResetIsDue",
	"node.self":        "of the configuration",
	"node.links":       "saved field by field",
	"node.life":        "saved field by field",
	"life.early":       "for the programs that listen, which sign on anew",
	"life.claim":       "saved field by field",
	"life.report":      "saved field by field",
	"linkState.name":   "of the configuration",
	"claim.odd":        "made anew by comparing",
	"group.pending":    "found out by comparing",
	"Core.before":      "the next one's is Snapshot.Files",
	"Core.base":        "the next one's is Snapshot.Files, but where something waits",
	"Core.changing":    "found out by comparing",
	"claim.differs":    "made anew by comparing",
	"standby.phase":    "in no dialogue: see Replaceable",
	"standby.which":    "of a dialogue",
	"standby.giver":    "of a dialogue",
	"standby.id":       "of a dialogue",
	"standby.sure":     "of a dialogue",
	"standby.tookOver": "of a dialogue",
	"standby.giveAt":   "of a dialogue",
	"standby.began":    "of a dialogue",
	"standby.deadline": "of a dialogue",
	"pings.nodes":      "saved field by field",
	"pingNode.name":    "of the configuration",
	"pingNode.kind":    "of the configuration",
	"group.key":        "of the configuration",
	"group.home":       "of the configuration",
	"group.resources":  "of the configuration",
	"group.virtual":    "of the configuration",
	"group.found":      "while probing",
	"group.doubtful":   "while probing",
	"group.yield":      "before this node is settled",
	"group.script":     "none is at work: see Replaceable",
	"group.clashAt":    "no clash: see Replaceable",
	"group.given":      "of a dialogue",
	"group.term":       "saved field by field",
	"group.request":    "saved field by field",
}

// settledCore is a core that may be replaced, in which little is zero.
func settledCore() *Core {
	c := busy()
	c.phase, c.status, c.scripts, c.ended = phaseStable, "active", nil, false
	c.standby = standby{failbackAt: printedAt + 8, refused: 25, refusedWhich: Foreign, which: None}
	c.stop, c.lastDoubt, c.againAt, c.lastRun = shutdown{}, printedAt-2, printedAt+12, 17
	c.fence.phase, c.fence.struck = fenceWaiting, 6
	c.peer.claim.files, c.peer.key, c.peer.uuid, c.peer.site = "g", 3, []byte("0123456789abcdef"), "r\xe4ume 100%"
	c.peer.weight, c.peer.weighed, c.peer.deaths, c.peer.late = 7, true, 2, 3
	c.peer.changed = Stamp{At: 3, Wall: 4, Load: "5", Rand: 6}
	for i, g := range c.groups {
		g.state, g.script, g.clashAt, g.found, g.index, g.tries = []groupState{groupStopFailed, groupRunning}[i], nil, 0, nil, 1, 2
		g.want, g.barred, g.failback, g.theirs, g.owed, g.owedHad, g.orphanAsked, g.cold, g.partial, g.asked = true, true, true, true, true, true, true, true, true, true
		g.term, g.oursSince = term{4, true}, printedAt-11
	}
	return c
}

// replaced sends a core through JSON.
func replaced(t *testing.T, c *Core, change ...func(*Config)) *Core {
	t.Helper()
	d, err := resumeFrom(t, c, change...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func resumeFrom(t *testing.T, c *Core, change ...func(*Config)) (*Core, error) {
	t.Helper()
	b, err := json.Marshal(c.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	cfg := c.cfg
	for _, f := range change {
		f(&cfg)
	}
	return Resume(cfg, s)
}

// TestSnapshotForgetsNothing changes every field of a core, one at a time: its successor must have it as it was, or it
// stands in notSaved with the reason. So a field that is added and forgotten fails here.
func TestSnapshotForgetsNothing(t *testing.T) {
	seen := map[string]bool{}
	for name, part := range map[string]func(c *Core) any{
		"Core": func(c *Core) any { return c }, "node": func(c *Core) any { return c.peer }, "life": func(c *Core) any { return &c.peer.life },
		"linkState": func(c *Core) any { return c.peer.links[0] }, "join": func(c *Core) any { return &c.join }, "group": func(c *Core) any { return c.groups[1] },
		"standby": func(c *Core) any { return &c.standby }, "takeover": func(c *Core) any { return &c.taking }, "report": func(c *Core) any { return &c.peer.report },
		"claim": func(c *Core) any { return &c.peer.claim }, "term": func(c *Core) any { return &c.groups[0].term }, "pings": func(c *Core) any { return &c.pings },
		"pingNode": func(c *Core) any { return c.pings.nodes[0] }, "request": func(c *Core) any { return &c.groups[0].request }, "fence": func(c *Core) any { return &c.fence },
	} {
		fields := reflect.TypeOf(part(settledCore())).Elem()
		for i := range fields.NumField() {
			field := name + "." + fields.Field(i).Name
			seen[field] = true
			if notSaved[field] != "" {
				continue
			}
			of := func(c *Core) reflect.Value { return writable(reflect.ValueOf(part(c)).Elem().Field(i)) }
			c := settledCore()
			if d := replaced(t, c); !same(of(c), of(d)) {
				t.Errorf("%s: was %v, is %v in the successor, and notSaved does not say why", field, of(c), of(d))
			}
			alter(t, field, of(c))
			if d := replaced(t, c); !same(of(c), of(d)) {
				t.Errorf("%s: when it is %v, it is %v in the successor", field, of(c), of(d))
			}
		}
	}
	for name := range notSaved {
		if !seen[name] {
			t.Errorf("notSaved names %s, which there is not", name)
		}
	}
}

func same(a, b reflect.Value) bool {
	drops, ok := a.Interface().(map[string]uint64)
	return ok && len(drops) == 0 && b.Len() == 0 || reflect.DeepEqual(a.Interface(), b.Interface())
}

// TestSnapshotTellsNothingFromEmpty: a C node lists no groups, a heartbeatd may list none. Keys are any bytes.
func TestSnapshotTellsNothingFromEmpty(t *testing.T) {
	c := settledCore()
	for _, groups := range []map[string]held{nil, {}, {"a b%\xff": {term{3, true}, 5, true}}} {
		c.peer.claim.groups = groups
		if d := replaced(t, c); !reflect.DeepEqual(d.peer.claim.groups, groups) {
			t.Errorf("%#v has become %#v", groups, d.peer.claim.groups)
		}
	}
}

// TestSnapshotKeepsWhatMayBeAskedFor: what the other node has not acknowledged, and our newest claim, byte for byte.
func TestSnapshotKeepsWhatMayBeAskedFor(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(30*time.Second, "beats", "hbd", "1")
	b.c.peer.acked = b.c.seq - 7
	d := replaced(t, b.c)
	for seq := uint64(1); seq <= b.c.seq; seq++ {
		was, is := b.c.history.find(seq), d.history.find(seq)
		if kept := seq > b.c.peer.acked || seq == b.c.lastClaim; kept != (is != nil) {
			t.Errorf("%d: kept %v", seq, is != nil)
		} else if kept && string(b.c.message(was).AppendNetstring(nil)) != string(d.message(is).AppendNetstring(nil)) {
			t.Errorf("%d: was %v, is %v", seq, b.c.message(was), d.message(is))
		}
	}
}

// TestReplacementIsNotNoticed: the other node sees the same life, the next number, the same claim; nothing runs.
func TestReplacementIsNotNoticed(t *testing.T) {
	for _, peer := range []string{"heartbeatd", "C"} {
		b := joined(t, "1:1:db")
		if peer == "C" {
			b = joinedToC(t, "local")
		}
		b.advance(2500*time.Millisecond, "beats", "hbd", "1")
		b.replace()
		for i := range 20 {
			b.advance(time.Second, "beats", "hbd", "1")
			if i%5 == 0 {
				b.replace()
			}
		}
		b.wantsNot("run ", "WARN", "ERROR", "t=resource", "t=starting", "t=reqnodes", "held up")
		want := b.c.seq - uint64(len(b.sent("status"))) + 1
		for _, m := range b.sent("status") {
			if m.Str("seq") != hex(want) || m.Str("hg") != "9" || m.Str("st") != "active" {
				t.Fatalf("%s: %v, want number %x", peer, m, want)
			}
			want++
		}
	}
}

// replace puts a successor in the core's place.
func (b *bench) replace(change ...func(*Config)) {
	b.t.Helper()
	b.step(Handover{})
	if why := b.c.Replaceable(); why != "" {
		b.t.Fatalf("not to be replaced: %s", why)
	}
	b.c = replaced(b.t, b.c, change...)
	b.now += 20 * time.Millisecond
	b.step(Resumed{})
}

// TestNotReplaceable: what must come to its end first.
func TestNotReplaceable(t *testing.T) {
	wants := func(b *bench, part string) {
		t.Helper()
		if why := b.c.Replaceable(); !strings.Contains(why, part) || part == "" && why != "" {
			t.Errorf("%q, want %q", why, part)
		}
	}
	wants(newBench(t), "is joining")
	b := joined(t, "")
	wants(b, "")
	b.hang()
	b.step(StandbyCommand{All})
	wants(b, "asked the other node to take our all resources")
	b = joined(t, "1:1:db")
	b.hang()
	b.advance(6 * time.Second)
	wants(b, "db status is running")
	b.step(StopCommand{})
	wants(b, "is stopping")
	b = dead(t, "1:1:db")
	wants(b, "the STONITH device is resetting beta")
	b.fenced(1, false, 1)
	wants(b, "")
	b = joined(t, "")
	b.group("ip1").clashAt = 1
	wants(b, "ip1 is claimed by both nodes")
}

// TestReplacedWhileAResetIsDue: what a dead node may have stays barred, and the device is sent again.
func TestReplacedWhileAResetIsDue(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.replace()
	b.advance(5 * time.Second)
	b.wantsFence(2)
	b.nothingTaken("local")
	b.fenced(2, true, 0)
	b.wants("run db start", "mach_down takeover complete")
}

// TestReplacedBesideADyingNode: whoever is silent is declared dead in time, and nobody sooner than it should be.
func TestReplacedBesideADyingNode(t *testing.T) {
	for _, silent := range []time.Duration{0, 2 * time.Second, 4500 * time.Millisecond} {
		b := joined(t, "1:1:db")
		last := b.now
		b.advance(silent)
		b.replace()
		due := max(last+5*time.Second, b.now+2*time.Second)
		b.advance(due - b.now - time.Millisecond)
		b.wantsNot("is dead", "db start")
		b.advance(2 * time.Millisecond)
		b.wants("node beta: is dead", "run db start")
	}
}

// TestReplacedAgainAndAgain: a node that is replaced again and again comes to a verdict all the same.
func TestReplacedAgainAndAgain(t *testing.T) {
	b := joined(t, "1:1:db")
	for range 9 {
		b.advance(time.Second)
		b.replace()
	}
	b.advance(3 * time.Second)
	b.wants("node beta: is dead")
}

// TestReplacementBeatsAtOnce: the last of the old and the first of the new, and lent beats are taken back.
func TestReplacementBeatsAtOnce(t *testing.T) {
	b := joined(t, "")
	b.advance(300 * time.Millisecond)
	b.clear()
	b.replace()
	if got := len(b.sent("status")); got != 2 {
		t.Errorf("%d beats", got)
	}
	b.clear()
	b.advance(999 * time.Millisecond)
	b.wantsNot("t=status")
	b.advance(time.Millisecond)
	b.wants("t=status")
}

// TestHandoverTakesBack: beats ahead of their time do not outlive the core that numbered them.
func TestHandoverTakesBack(t *testing.T) {
	b := joined(t, "")
	s := Stamp{At: b.now, Wall: 1, Ahead: true, TakeBack: func() int { return 1 }}
	b.c.Step(s, Tick{})
	for m := (&wire.Message{}); ; {
		if _, ok := b.c.BeatAhead(m); !ok {
			break
		}
	}
	lent, seq := len(b.c.lent), b.c.seq
	if lent < 1 {
		t.Fatal("none is lent")
	}
	s.Ahead = false
	b.c.Step(s, Handover{})
	if len(b.c.lent) != 0 || b.c.seq != seq+2 {
		t.Errorf("%d are still lent; the newest number was %d and is %d", len(b.c.lent), seq, b.c.seq)
	}
}

// TestForeignSnapshots: what cannot be gone on from is refused.
func TestForeignSnapshots(t *testing.T) {
	s := settledCore().Snapshot()
	s.Version++
	if _, err := Resume(settledCore().cfg, s); err == nil || !strings.Contains(err.Error(), "its format is 2, not 1") {
		t.Error(err)
	}
	s = settledCore().Snapshot()
	s.History = []savedMessage{{Seq: 3, Message: []byte("garbage")}}
	if _, err := Resume(settledCore().cfg, s); err == nil {
		t.Error("garbage is no message")
	}
	if _, err := resumeFrom(t, settledCore(), func(c *Config) { c.Self = "c" }); err == nil || !strings.Contains(err.Error(), "the name of this node was a and is c") {
		t.Error(err)
	}
}
