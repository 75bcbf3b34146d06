package core

import (
	"strings"
	"testing"
	"time"
)

// beatless is a pair whose other node speaks, but whose beat that says `active` was lost.
func beatless(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.beat("up", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:db")
	if b.c.phase != phaseStable {
		t.Fatalf("phase %d", b.c.phase)
	}
	b.clear()
	return b
}

// hb_standby and hb_takeover say in advance why nothing would come of them, and the daemon refuses for the
// same reason: with nobody there a standby would stop the service for nothing.
func TestStandbyNeedsTheOtherNode(t *testing.T) {
	gone := joined(t, "1:1:db")
	gone.from("shutdone", "st", "dead")
	dead := joined(t, "1:1:db")
	dead.advance(6 * time.Second)
	for name, b := range map[string]*bench{
		"stopped": gone, "dead": dead, "not active": beatless(t),
		"not there": newBench(t, func(c *Config) { c.Peer = "" }),
	} {
		if r := b.c.Refusal(); r != NoOther {
			t.Errorf("%s: refused with %q", name, r)
		}
		if !b.c.Alone() {
			t.Errorf("%s: not alone", name)
		}
		b.clear()
		b.step(StandbyCommand{Local})
		if text := b.text(); !strings.Contains(text, "ignored.  Other side is in flux.") || strings.Contains(text, "info=me") {
			t.Errorf("%s: %s", name, text)
		}
	}
	b := joined(t, "1:1:db")
	if b.c.Alone() || b.c.Refusal() != "" {
		t.Errorf("refused beside a node that is there: %q", b.c.Refusal())
	}
}

// A node that has not settled yet can take nothing.
func TestStandbyNeedsASettledNode(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "hbd", "1", "hbd_groups", "1:1:db")
	b.step(StandbyCommand{Local})
	b.wants("Other side is in flux.")
	b.wantsNot("info=me")
}

// hb_standby failback is 3.0.6's word for foreign, which is what goes over the wire.
func TestStandbyFailback(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StandbyCommand{Failback})
	b.wants("alpha wants to go standby [foreign]", "rsc_hold=foreign info=me")
}

// What the other node's operator wants to take over we give, seen from our side.
func TestTakeoverByTheOther(t *testing.T) {
	for word, want := range map[string]string{
		"local": "foreign", "foreign": "local", "all": "all", "failback": "foreign", "everything": "",
	} {
		b := joined(t, "1:1:db")
		b.from("hb_takeover", "rsc_hold", word)
		b.wants("beta asks to take over [" + word + "]")
		switch {
		case want != "":
			b.wants("rsc_hold=" + want + " info=me")
		default:
			b.wantsNot("info=me", "ERROR")
		}
	}
}

// A cluster is in transition until it is known who has what, and as long as something is on its way.
func TestTransitionInTheStatus(t *testing.T) {
	holding := func(b *bench, want Which, when string) {
		t.Helper()
		if got := b.c.View(b.now).Holding; got != want {
			t.Errorf("%s: holding %s, want %s", when, got, want)
		}
	}
	holding(newBench(t), "transition", "before anybody was heard")

	b := joined(t, "1:1:db") // the pause before a second attempt to stop, in which it is wanted again
	id := b.givenTo2(Local)
	b.beat("active", "hbd", "1", "hbd_standby", id+" offered")
	b.end(1, "")
	b.from("shutdone", "st", "dead")
	if g := b.group("ip1"); !g.want || g.script != nil {
		t.Fatalf("%+v", g)
	}
	b.group("db").state = groupRunning
	b.group("db").script, b.c.scripts = nil, nil
	holding(b, "transition", "between two attempts to stop")

	b = joined(t, "1:1:db", func(c *Config) { c.Groups = c.Groups[1:] }) // nothing is ours by haresources
	holding(b, Local, "with nothing of our own")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:db")
	if b.c.groups[1].clashAt == 0 {
		t.Fatal("no clash")
	}
	holding(b, Local, "when both claim nothing")

	b = joined(t, "") // it could not be stopped here, and the other node runs it
	g := b.group("db")
	g.state, g.retryAt = groupStopFailed, b.now+time.Hour
	b.claim("1:1:db")
	if g.clashAt == 0 || g.want {
		t.Fatalf("%+v", g)
	}
	holding(b, All, "when a stop failed for good")
}

// givenTo2 asks for a standby whose scripts will hang, and returns its number.
func (b *bench) givenTo2(w Which) string {
	b.t.Helper()
	b.hang()
	b.step(StandbyCommand{w})
	return hex(b.c.standby.id)
}

// A start that failed is being taken back: what of it was started is still stopping, and says so.
func TestFailedStartIsTakenBackInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.from("shutdone", "st", "dead")
	b.end(3, "stopped")
	b.wants("run db start")
	b.end(1, "")
	b.wants("run db stop")
	v := b.c.View(b.now)
	if g := v.Groups[1]; g.State != "stopping" || v.Holding != "transition" {
		t.Errorf("holding %s, %+v", v.Holding, g)
	}
	b.end(0, "")
	v = b.c.View(b.now)
	if g := v.Groups[1]; g.State != "failed" || v.Holding != Local {
		t.Errorf("holding %s, %+v", v.Holding, g)
	}
}

// A node that is stopping says so from the first moment.
func TestStoppingInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.wants("run web stop")
	if v := b.c.View(b.now); v.State != "stopping" {
		t.Errorf("%s", v.State)
	}
}

// Since when this node is what it is.
func TestOwnStatusSince(t *testing.T) {
	b := newBench(t)
	up := b.c.View(b.now).Nodes[0]
	b.now += 3 * time.Second
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	if v := b.c.View(b.now).Nodes[0]; up.Status != "up" || v.Status != "active" || v.Since != up.Since+3 {
		t.Errorf("%+v, then %+v", up, v)
	}
}

// A name of ha.cf that is neither ours nor the other node's stands for nobody.
func TestOnlyNodesAreShown(t *testing.T) {
	for peer, want := range map[string]string{"": "alpha", "beta": "alpha beta"} {
		b := newBench(t, func(c *Config) {
			c.Peer, c.Links, c.Order = peer, []string{"eth0"}, []string{"alpha", "gamma"}
			if peer != "" {
				c.Order = append(c.Order, peer)
			}
		})
		var names []string
		for _, n := range b.c.View(b.now).Nodes {
			names = append(names, n.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
