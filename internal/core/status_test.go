package core

import (
	"testing"
	"time"
)

// What an operator sees of the other node, whichever software it runs.
func TestNodesInTheStatus(t *testing.T) {
	b := newBench(t)
	if n := b.c.View(b.now).Nodes[1]; n.Software != "" || n.LastBeat != -1 || n.Self || n.Status != "init" || n.Since != b.c.now.Wall {
		t.Errorf("never heard: %+v", n)
	}
	if n := b.c.View(b.now + time.Second).Nodes[0]; n.Software != "heartbeatd" || n.LastBeat != 0 || !n.Self || n.Name != "alpha" {
		t.Errorf("ourselves: %+v", n)
	}
	b.beat("up")
	if n := b.c.View(b.now + time.Second).Nodes[1]; n.Software != "heartbeat" || n.LastBeat != time.Second {
		t.Errorf("a C node: %+v", n)
	}
	if n := b.c.View(b.now - time.Second).Nodes[1]; n.LastBeat != 0 {
		t.Errorf("a beat of the future: %+v", n)
	}
	b.beat("up", "hbd", "1")
	if n := b.c.View(b.now).Nodes[1]; n.Software != "heartbeatd" || n.LastBeat != 0 {
		t.Errorf("a heartbeatd: %+v", n)
	}
	if v := newBench(t, func(c *Config) { c.Order = []string{"beta", "alpha"} }).c.View(0); v.Nodes[0].Name != "beta" || v.Nodes[1].Name != "alpha" {
		t.Errorf("not in the order of ha.cf: %+v", v.Nodes)
	}
	b = joined(t, "1:1:db")
	b.from("shutdone", "st", "dead")
	if !b.c.View(b.now).Nodes[1].Stopped {
		t.Error("not said to have stopped")
	}
}

// What an operator sees of a group, from its start to its stop.
func TestGroupInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	group := func(state, owner, script string, op Op, running time.Duration) {
		t.Helper()
		g := b.c.View(b.now).Groups[0]
		if g.State != state || g.Owner != owner || g.Script != script || g.Op != op || g.Running != running || g.Key != "ip1" || g.Home != "alpha" || len(g.Resources) != 2 {
			t.Errorf("%+v, want %s, owner %q, %q %s for %s", g, state, owner, script, op, running)
		}
	}
	holding := func(want Which) {
		t.Helper()
		if v := b.c.View(b.now); v.Holding != want {
			t.Errorf("holding %s, want %s", v.Holding, want)
		}
	}
	group("running", "alpha", "", Start, 0)
	holding(Local)
	since := b.c.View(b.now).Groups[0].Since
	b.now += 10 * time.Second
	b.hang()
	b.step(StandbyCommand{Local})
	b.beat("active", "hbd", "1", "hbd_standby", hex(b.c.standby.id)+" offered")
	b.now += 3 * time.Second
	group("stopping", "alpha", "web", Stop, 3*time.Second)
	if now := b.c.View(b.now).Groups[0].Since; now != since+10 {
		t.Errorf("since %d, want %d", now, since+10)
	}
	holding("transition")
	b.end(0, "")
	b.end(0, "")
	group("stopped", "", "", Start, 0)
	b.claim("2:1:ip1 1:1:db")
	group("stopped", "beta", "", Start, 0)
	holding(None)
	if v := b.c.View(b.now); v.Standby != "" || v.State != "active" {
		t.Errorf("%+v", v)
	}
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "0", "hbd", "1", "hbd_groups", "2:1:ip1 1:1:db")
	holding("transition") // it is not settled
	b.step(StopCommand{})
	if v := b.c.View(b.now); v.State != "stopping" {
		t.Errorf("%s", v.State)
	}
}

// A group that failed says so, until it is tried again.
func TestFailedGroupInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start {
			return 1, "", true
		}
		return works(r)
	}
	b.advance(6 * time.Second)
	if g := b.c.View(b.now).Groups[1]; g.State != "failed" || g.Owner != "" {
		t.Errorf("%+v", g)
	}
	if v := b.c.View(b.now); v.Holding != Local {
		t.Errorf("holding %s", v.Holding)
	}
	b.hang()
	b.advance(30 * time.Second)
	if g := b.c.View(b.now).Groups[1]; g.State != "starting" || g.Script != "db" || g.Op != Status {
		t.Errorf("%+v", g)
	}
}

// Counts handed out are a copy.
func TestDropsAreACopy(t *testing.T) {
	b := joined(t, "")
	b.c.View(b.now).Drops["old"] = 7
	if n := b.c.View(b.now).Drops["old"]; n != 0 {
		t.Error("a view shares memory with the core")
	}
}

// The key that a C node signs with is ours to sign with, too; a heartbeatd takes any.
func TestPeerKey(t *testing.T) {
	b := newBench(t)
	if b.c.PeerKey() != NoKey {
		t.Error("a key of a node that was never heard")
	}
	m := func(fields ...string) *Received {
		b.seq++
		return &Received{Link: "eth0", Key: 3, Msg: b.message("status", append(fields, "st", "up", "seq", hex(b.seq))...)}
	}
	b.step(*m())
	if b.c.PeerKey() != 3 {
		t.Errorf("key %d, want 3", b.c.PeerKey())
	}
	b.step(*m("hbd", "1"))
	if b.c.PeerKey() != NoKey {
		t.Error("a key for a heartbeatd")
	}
	if newBench(t, func(c *Config) { c.Peer = "" }).c.PeerKey() != NoKey {
		t.Error("a key for nobody")
	}
}
