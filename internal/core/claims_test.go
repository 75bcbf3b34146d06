package core

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What a C node adds to its claim, and what it gives away of it, side by side.
func TestSidesOfAClaim(t *testing.T) {
	sides := map[Which][2]bool{None: {}, Local: {true, false}, Foreign: {false, true}, All: {true, true}}
	for first, a := range sides {
		for second, b := range sides {
			added, given := claim{hold: first, seq: 5}, claim{hold: first, seq: 5}
			added.add(second)
			given.give(second, 7)
			wantAdded := holding(a[0] || b[0], a[1] || b[1])
			if second == None { // 3.0.6: a claim of none that is not full clears
				wantAdded = None
			}
			if added.hold != wantAdded || !added.known {
				t.Errorf("%s and %s: %s", first, second, added.hold)
			}
			if want := holding(a[0] && !b[0], a[1] && !b[1]); given.hold != want || given.seq != 7 {
				t.Errorf("%s without %s: %s %d, want %s", first, second, given.hold, given.seq, want)
			}
		}
	}
}

// The listing of a claim, as the other version of this program may write it.
func TestListing(t *testing.T) {
	const listing = "12:1500:ip1 b1:20:web bp3:40:db p4:0:nfs broken 5:6 x:-3:odd 99999999999999999999:99999999999999999999:far"
	b := joined(t, "")
	want := map[string]held{
		"ip1": {term: term{n: 12}, age: 1500 * time.Millisecond},
		"web": {term: term{n: 1, blind: true}, age: 20 * time.Millisecond},
		"db":  {term: term{n: 3, blind: true}, age: 40 * time.Millisecond, partial: true},
		"nfs": {term: term{n: 4}, partial: true},
		"odd": {},
		"far": {term: term{n: 1 << 62}, age: (1<<42 - 1) * time.Millisecond},
	}
	got := parseListing(b.message("resource", "hbd_groups", listing))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
	if parseListing(b.message("resource")) != nil {
		t.Error("a C node lists nothing, not an empty list")
	}
}

// Nothing is known of a node that has not spoken: status must not name it as an owner.
func TestOwnerBeforeAnyWord(t *testing.T) {
	b := newBench(t)
	b.beat("up")
	b.beat("active")
	for _, g := range b.c.View(b.now).Groups {
		if g.Owner != "" {
			t.Errorf("%s is owned by %q", g.Key, g.Owner)
		}
	}
}

// A claim with a word that nobody knows is no claim.
func TestUnknownWordChangesNothing(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("resource", "rsc_hold", "some", "rtype", "full", "isstable", "0")
	v := b.c.View(b.now)
	if v.Groups[1].Owner != "beta" || v.Holding != Local {
		t.Errorf("%+v", v)
	}
}

// A full claim that says nothing of being settled changes nothing of that.
func TestClaimWithoutIsstable(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("resource", "rsc_hold", "local", "rtype", "full")
	if v := b.c.View(b.now); v.Holding != Local {
		t.Errorf("holding %s", v.Holding)
	}
}

// A node that asks before we are active gets no answer: we do not know yet what runs here.
func TestNoAnswerBeforeWeAreActive(t *testing.T) {
	b := newBench(t)
	b.beat("active", "hbd", "1")
	b.claim("", "hbd_reply", "yes")
	b.wantsNot("t=resource")
}

// A node that speaks again after its goodbye is there again.
func TestClaimAfterAGoodbye(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("shutdone", "st", "dead")
	b.advance(time.Second, "beats")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	if v := b.c.View(b.now); v.Nodes[1].Stopped || v.Groups[0].Owner != "both" {
		t.Errorf("%+v", v)
	}
}

// With auto_failback legacy here and another value there, the C node speaks of claims, and hears ours.
func TestLegacyHereOnly(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Failback = FailbackLegacy })
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.clear()
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(12*time.Second, "beats")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.advance(5*time.Second, "beats")
	b.wants("send t=resource", "run ip1 start")
	b.wantsNot("run db start")
}

// A C node that is not settled is waited for a minute, each time anew, and for as long as it is seen
// releasing: what it releases may still run there.
func TestHowLongACNodeIsAwaited(t *testing.T) {
	unsettled := func(b *bench, info string) {
		b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", info)
	}
	settled := func(b *bench) { b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1") }
	awaited := func(b *bench, want bool, when string) {
		t.Helper()
		b.advance(0)
		if b.c.awaitsC() != want {
			t.Errorf("%s: awaited %v", when, !want)
		}
	}
	b := joinedToC(t, "local")
	unsettled(b, "")
	awaited(b, true, "at once")
	b.advance(50*time.Second, "beats")
	settled(b)
	awaited(b, false, "settled")
	b.advance(5*time.Second, "beats")
	unsettled(b, "")
	b.advance(55*time.Second, "beats")
	awaited(b, true, "55 s after the second time")
	b.advance(6*time.Second, "beats")
	awaited(b, false, "61 s after the second time")

	for _, info := range []string{"standby", "shutdown"} {
		b = joinedToC(t, "local")
		unsettled(b, info)
		unsettled(b, "")
		b.advance(61*time.Second, "beats")
		awaited(b, true, "while it releases for "+info)
		settled(b)
		unsettled(b, "")
		b.advance(61*time.Second, "beats")
		awaited(b, false, "after it has released for "+info)
	}
}

// Beside a C node: what failed here is still ours in its eyes until it is handed over, whatever else
// moves; at our stop it is not.
func TestFailedGroupInOurClaim(t *testing.T) {
	b := newBench(t)
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == "ip1" && r.Op == Start {
			return 1, "", true
		}
		return works(r)
	}
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("Giving up resources due to failure of ip1")
	if hold := b.lastClaim().Str("rsc_hold"); hold != "local" {
		t.Errorf("hold %s", hold)
	}
	b.step(StandbyCommand{Foreign})
	b.from("ask_resources", "info", "other", "rsc_hold", "foreign")
	b.advance(time.Second, "beats")
	b.wants("info=standby")
	if hold := b.lastClaim().Str("rsc_hold"); hold != "local" {
		t.Errorf("while the other side moves: hold %s", hold)
	}
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.step(StopCommand{})
	b.advance(time.Second, "beats")
	if cl := b.lastClaim(); cl.Str("rsc_hold") != "none" || cl.Str("info") != "shutdown" {
		t.Errorf("at our stop: %s", b.text())
	}
}

// A C node that was seen starting holds nothing, and is told at once what we hold.
func TestCNodeSeenStartingIsTold(t *testing.T) {
	b := newBench(t)
	b.beat("up")
	b.beat("active")
	b.clear()
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("t=resource")
}

// A C node is heard for the first time when everything is here already: it must hear so within
// seconds, for it would take its own groups.
func TestCNodeIsHeardLate(t *testing.T) {
	b := newBench(t)
	b.advance(10100 * time.Millisecond)
	b.wants("node beta: is dead", "run db start")
	b.advance(time.Second)
	b.clear()
	b.beat("active")
	b.advance(3*time.Second, "beats")
	b.wants("send t=resource rsc_hold=all")
}

// Groups that were taken without hearing the other node are marked so; a C node's word does not change
// that, for it does not say which groups it means.
func TestBlindTermBesideC(t *testing.T) {
	b := newBench(t)
	b.advance(11 * time.Second)
	b.beat("active")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	if l := b.c.listing(false); !strings.HasPrefix(l, "b") {
		t.Errorf("%s", l)
	}
}

// Every message says who sent it, when, and how far it may go, in 3.0.6's order.
func TestFieldsOfEveryMessage(t *testing.T) {
	c := New(testConfig())
	names := func(a Action) string {
		var list []string
		for _, f := range a.(Send).Msg.Fields {
			list = append(list, f.Name)
		}
		return strings.Join(list, " ")
	}
	out := c.Step(Stamp{At: time.Hour, Wall: 255, Load: "0.50 0.40 0.30 1/99 7", Rand: 1234}, Started{})
	if got := names(out[0]); got != "t st dt protocol hbd hbd_sees src srcuuid seq hg ts ld ttl" {
		t.Errorf("status: %s", got)
	}
	m := out[0].(Send).Msg
	if m.Str("ts") != "ff" || m.Str("ld") != "0.50 0.40 0.30 1/99 7" || m.Str("ttl") != "3" || m.Str("hg") != "9" || m.Str("seq") != "1" {
		t.Errorf("%+v", m)
	}
	c.out = nil
	c.ack(c.peer, 9)
	if got := names(c.out[0]); got != "t dest ackseq src srcuuid hg ts ttl" {
		t.Errorf("ack: %s", got)
	}
}

// Each node acknowledges other numbers, so that not all of a cluster answer the same one.
func TestResidues(t *testing.T) {
	seen := map[uint64]bool{}
	for r := range uint64(100) {
		c := New(testConfig())
		c.Step(Stamp{At: time.Hour, Rand: r}, Started{})
		seen[c.peer.residue] = true
		if c.peer.residue > 9 {
			t.Errorf("residue %d", c.peer.residue)
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d different ones, want 10", len(seen))
	}
}
