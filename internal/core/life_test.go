package core

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestClusterOfOne(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Peer = ""
		c.Groups = c.Groups[:1]
	})
	b.wants("Comm_now_up()", "run ip1 start", "run web start", "Local Resource acquisition completed.")
	if v := b.c.View(b.now); v.Holding != Local || v.Groups[0].Owner != "alpha" || len(v.Nodes) != 1 {
		t.Errorf("%+v", v)
	}
	b.clear()
	b.advance(time.Hour)
	b.wantsNot("run", "WARN", "ERROR")
	b.step(StandbyCommand{All})
	b.step(TakeoverCommand{All})
	b.wants("Other side is in flux", "no other node is there")
	b.step(StopCommand{})
	b.wants("run web stop", "run ip1 stop", "t=shutdone", "exit")
}

func TestPeerNeverAppears(t *testing.T) {
	b := newBench(t)
	b.advance(9900 * time.Millisecond)
	b.wantsNot("dead", "start\n")
	b.advance(200 * time.Millisecond)
	b.wants("node beta: is dead", "No STONITH device configured.", "run ip1 start", "run db start", "mach_down takeover complete.")
	if cl := b.lastClaim(); cl.Str("hbd_groups")[0] != 'b' {
		t.Errorf("taken without ever hearing the other node, and not marked blind: %s", cl.Str("hbd_groups"))
	}
	if v := b.c.View(b.now); v.Last.What != "everything taken over from beta" || v.Last.Cause != "initdead passed" {
		t.Errorf("%+v", v.Last)
	}
}

func TestCNodeIsGivenTenSeconds(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.clear()
	b.from("starting")
	b.wants("send t=resource rsc_hold=none rtype=full isstable=0")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(9900*time.Millisecond, "beats")
	b.wantsNot("run ip1 start")
	b.advance(200*time.Millisecond, "beats")
	b.wants("local resource transition completed.", "isstable=1")
	b.wantsNot("run ip1 start") // it is still not settled, and may hold what it does not say
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("run ip1 start")
	b.wantsNot("run db start")
	if v := b.c.View(b.now); v.Nodes[1].Software != "heartbeat" || v.Groups[1].Owner != "beta" {
		t.Errorf("%+v", v)
	}
}

func TestCNodeClaimsInBits(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("resource", "rsc_hold", "foreign", "info", "mach_down") // added to what it claims
	if !b.c.peerHolds(b.group("ip1")) || !b.c.peerHolds(b.group("db")) {
		t.Error("mach_down adds foreign")
	}
	b.from("resource", "rsc_hold", "none")
	if b.c.peerHolds(b.group("ip1")) || b.c.peerHolds(b.group("db")) {
		t.Error("none without rtype clears")
	}
	b.from("resource", "rsc_hold", "everything", "rtype", "full")
	b.wants("encode_resources: bad resource type [everything]")
}

// While nobody knows what a C node's standby has started, its old claim must not call us back.
func TestCTakerClaimsAfterDone(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.agrees("local")
	b.wants("run web stop", "run ip1 stop", "info=done")
	b.clear()
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.wants("Other node completed standby takeover of local resources.")
	b.wantsNot("run")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.advance(15*time.Second, "beats")
	b.wantsNot("run", "Both machines")
}

func TestShutdoneOfThePeer(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("shutdone", "st", "dead")
	b.wants("Received shutdown notice from 'beta'.", "NS_ackmsg", "Resources being acquired from beta.",
		"info: Taking over resource group db", "run db start", "mach_down takeover complete for node beta.")
	b.clear()
	b.beat("active", "hbd", "1") // it lingers
	b.wantsNot("run", "send")
	b.advance(6 * time.Second)
	b.wants("Dead node beta gave up resources.")
	b.wantsNot("run")

	b = joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.from("shutdone", "st", "dead")
	b.wants("Resource takeover cancelled - shutdown in progress.")
	b.end(0, "")
	b.end(0, "")
	b.wants("exit")
}

func TestStopEndsWhenAcknowledged(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StopCommand{})
	b.wantsNot("exit")
	b.deliver(b.message("NS_ackmsg", "dest", "alpha", "ackseq", hex(b.c.stop.notice)))
	b.wants("exit")
}

func TestStopScriptFails(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.StopRetries = 2 })
	b.hang()
	b.step(StopCommand{})
	for range 3 {
		b.end(1, "")
		b.advance(time.Second, "beats", "hbd", "1")
	}
	b.wants("Retrying failed stop operation [web]")
	b.end(0, "running")
	b.wants("CRIT: Resource STOP failure. Reboot required!", "reboot resource web could not be stopped")
	b.wantsNot("rsc_hold=none", "run ip1 stop")
	if v := b.c.View(b.now); v.Groups[0].State != "stop-failed" || v.Groups[0].Owner != "alpha" {
		t.Errorf("%+v", v.Groups[0])
	}
	b.clear()
	b.advance(time.Minute, "beats", "hbd", "1")
	b.wants("run web stop") // the reboot did not come
	for range 3 {
		b.end(1, "")
		b.advance(time.Second, "beats", "hbd", "1")
	}
	b.end(3, "stopped")
	b.wants("probably not LSB-compliant", "Machine reboot narrowly avoided!", "run ip1 stop")
}

func TestFoundRunning(t *testing.T) {
	b := &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("starting")
	if len(b.sent("resource")) != 0 {
		t.Error("a claim before it is known what runs here")
	}
	b.end(0, "running")
	b.end(3, "stopped")
	b.end(0, "running")
	b.wants("Running here already, of group ip1: ip1", "Running here already, of group db: db")
	if g := b.lastClaim().Str("hbd_groups"); g != "bp1:0:ip1 b1:0:db" {
		t.Errorf("claim %s", g)
	}
	b.clear()
	b.claim("1:50:db") // the other node runs db, too, and knew of us when it took it
	b.wants("Both machines own resource group db", "beta keeps db without a restart because it had heard the other node when it took it")
	b.wants("run db stop") // before anything is started
	if v := b.c.View(b.now); v.Groups[1].Owner != "both" {
		t.Errorf("%+v", v.Groups[1])
	}
	b.end(0, "")
	b.wants("run ip1 status")
}

func TestDeafPeerIsGivenWay(t *testing.T) {
	b := joined(t, "1:1:db")
	b.claim("2:1:ip1 1:1:db", "hbd_sees", "dead")
	b.wantsNot("stop")
	b.advance(3*time.Second, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wants("beta does not hear this node and has taken ip1 over", "run web stop")

	b = joined(t, "1:1:db")
	b.claim("2:1:ip1 1:1:db", "hbd_sees", "dead") // sent before it heard us again
	b.beat("active", "hbd", "1", "hbd_sees", "active")
	b.advance(4*time.Second, "beats", "hbd", "1", "hbd_sees", "active")
	b.wants("alpha keeps ip1")
	b.wantsNot("run web stop")
}

// A taker whose giver has forgotten the dialogue, and a giver whose taker has.
func TestDialogueDoesNotOutliveTheOther(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.wants("info=other")
	if v := b.c.View(b.now); v.Standby != "beta is releasing its local resources" || v.Holding != "transition" {
		t.Errorf("%q %q", v.Standby, v.Holding)
	}
	b.beat("active", "hbd", "1")
	b.wants("Cancelling pending standby operation")

	b = joined(t, "1:1:db")
	b.hang()
	b.step(StandbyCommand{Local})
	id := hex(b.c.standby.id)
	b.beat("active", "hbd", "1", "hbd_standby", id+" offered")
	b.wants("standby: beta can take our local resources", "run web stop")
	b.beat("active", "hbd", "1")
	b.wants("Cancelling pending standby operation")
	b.clear()
	b.end(0, "")
	b.end(0, "running")
	b.end(3, "stopped")
	b.wants("run web start") // nobody else has it
}

// The giver asks anew: it has forgotten the dialogue we wait in.
func TestNewRequestReplacesTheOldOne(t *testing.T) {
	b := joined(t, "1:1:db")
	for range 2 {
		b.clear()
		b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
		b.wants("info=other")
	}
	b.clear()
	late := b.message("ask_resources", "seq", hex(b.seq+1), "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.seq++
	b.beat("active", "hbd", "1")
	b.deliver(late)
	b.wants("beta has given that request up already")
	b.from("ask_resources", "info", "me", "rsc_hold", "everything", "hbd", "1")
	b.wants("unknown word [everything]")
}

func TestRefusal(t *testing.T) {
	b := joined(t, "1:1:db")
	if r := b.c.Refusal(); r != "" {
		t.Error(r)
	}
	b.step(StandbyCommand{Local})
	if r := b.c.Refusal(); !strings.HasPrefix(r, "Standby in progress- new request from alpha ignored [") {
		t.Error(r)
	}
	b = joined(t, "1:1:db", func(c *Config) { c.Failback = FailbackLegacy })
	if r := b.c.Refusal(); r != "Standby mode only implemented when nice_failback on" {
		t.Error(r)
	}
	b.step(StandbyCommand{Local})
	b.wants("Standby mode only implemented when nice_failback on")
	b.step(StandbyCommand{"some"})
	b.wants("unknown word [some]")
}

func TestWords(t *testing.T) {
	for _, p := range []standbyPhase{standbyNone, standbyAsked, standbyReleasing, standbyWaiting, standbyOffered, standbyTaking} {
		if got := standbyPhaseOf(p.String()); got != p {
			t.Errorf("%s is read as %s", p, got)
		}
		s := standby{phase: p, which: Local, giver: "beta"}
		if (s.words() == "") != (p == standbyNone) {
			t.Errorf("%s in words: %q", p, s.words())
		}
	}
	unknown := []string{Op(9).String(), Level(99).String(), groupState(99).String(), standbyPhase(99).String()}
	if !reflect.DeepEqual(unknown, []string{"unknown", "unknown", "unknown", "unknown"}) {
		t.Error(unknown)
	}
	if Start.String()+Stop.String()+Status.String() != "startstopstatus" || Emerg.String() != "EMERG" || Debug.String() != "debug" {
		t.Error("the words of operations and levels")
	}
	for w, m := range map[Which]Which{Local: Foreign, Foreign: Local, Failback: Local, All: All, None: None} {
		if w.mirror() != m || w.includes(true) != (w == Local || w == All) || w.includes(false) != (w == Foreign || w == All || w == Failback) {
			t.Errorf("%s: mirror %s", w, w.mirror())
		}
	}
}

// Two cores fed alike do alike: nothing depends on anything but the events.
func TestSameEventsSameActions(t *testing.T) {
	play := func() string {
		b := joined(t, "1:1:db")
		b.step(StandbyCommand{All})
		b.advance(20*time.Second, "beats", "hbd", "1")
		b.advance(10 * time.Second)
		b.step(StopCommand{})
		return b.text()
	}
	if a, b := play(), play(); a != b {
		t.Errorf("differs:\n%s\n---\n%s", a, b)
	}
}

// A standby that was refused moved nothing, so it must not count as the operator's wish to keep
// the group where it is.
func TestRefusedStandbyKeepsTheFailback(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.Failback = FailbackOn })
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "run db start")
	b.step(StandbyCommand{Foreign})
	b.wants("Other side is in flux")
	b.clear()
	b.gen, b.seq = b.gen+1, 0
	b.beat("active", "hbd", "1")
	b.claim("")
	b.wants("alpha wants to go standby [foreign]")
}

// What the operator moved here stays; what was taken in the other's absence goes back.
func TestFailbackOfWhatWasTakenOnly(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.Failback = FailbackOn })
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.claim("", "hbd_standby", hex(b.seq)+" waiting")
	b.wants("run db start")
	b.beat("active", "hbd", "1")
	b.clear()
	b.claim("")
	b.advance(10*time.Second, "beats", "hbd", "1")
	b.wantsNot("wants to go standby", "run")
}
