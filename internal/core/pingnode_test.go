package core

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

func withRouter(c *Config) {
	c.Pings = []PingConfig{{Name: "dns", Kind: "ping_group", After: 0}, {Name: "router", Kind: "ping", After: 2}}
	c.Deadping = 3 * time.Second
}

func (b *bench) pingsAre(want string) {
	b.t.Helper()
	var words []string
	for _, n := range b.c.View(b.now).Nodes {
		words = append(words, fmt.Sprintf("%s=%s", n.Name, n.Status))
	}
	if got := strings.Join(words, " "); got != want {
		b.t.Errorf("%s, want %s", got, want)
	}
}

// asked counts the requests since the last clear.
func (b *bench) asked() (n int) {
	for _, a := range b.all {
		if _, ok := a.(Ping); ok {
			n++
		}
	}
	return n
}

// TestPingNodesHoldUpTheStart: communication is up when everything is known of them, and not before.
func TestPingNodesHoldUpTheStart(t *testing.T) {
	b := newBench(t, withRouter)
	b.pingsAre("dns=init alpha=up beta=init router=init")
	if b.asked() != 1 {
		t.Errorf("%d requests at the start, want 1", b.asked())
	}
	b.beat("up", "hbd", "1")
	b.advance(4*time.Second, "beats")
	b.step(Answered{Node: "dns", Heard: b.now})
	b.wantsNot("Late heartbeat: Node dns")
	b.advance(5*time.Second, "beats")
	if n := len(b.sent("reqnodes")); n > 0 {
		t.Fatalf("%d requests for nodes while router may still answer:\n%s", n, b.text())
	}
	b.pingsAre("dns=ping alpha=up beta=active router=init")
	b.advance(time.Second, "beats")
	b.wants("WARN node router: is dead", "reqnodes")
	b.wantsNot("Link router:router dead", "dns: is dead")
	if b.asked() != 11 {
		t.Errorf("%d requests in 10 s", b.asked())
	}
}

// TestPingNodeDies: at deadping, which is another time than deadtime, unless it answers; and it comes back.
func TestPingNodeDies(t *testing.T) {
	b := joined(t, "", withRouter)
	for _, node := range []string{"dns", "router", "nobody"} {
		b.step(Answered{Node: node})
	}
	if up, all := b.c.View(b.now).Answering(); up != 2 || all != 2 {
		t.Errorf("%d of %d answer", up, all)
	}
	b.clear()
	b.advance(2900*time.Millisecond, "beats", "hbd", "1")
	b.pingsAre("dns=ping alpha=active beta=active router=ping")
	b.step(Answered{Node: "dns", Heard: b.now - 100*time.Millisecond})
	b.step(Answered{Node: "dns", Heard: b.now - 2*time.Second}) // an older one is no worse
	b.advance(100*time.Millisecond, "beats", "hbd", "1")
	b.wants("WARN node router: is dead", "info Link router:router dead.")
	b.wantsNot("dns: is dead", "STONITH", "Taking over", "being acquired")
	b.pingsAre("dns=ping alpha=active beta=active router=dead")
	if up, all := b.c.View(b.now).Answering(); up != 1 || all != 2 {
		t.Errorf("%d of %d answer", up, all)
	}
	b.clear()
	b.advance(time.Second, "beats", "hbd", "1")
	b.wantsNot("router")
	b.step(Answered{Node: "router", Heard: b.now})
	b.wants("info Link router:router up.", "WARN Late heartbeat: Node router: interval 4000 ms", "info Status update for node router: status ping")
	b.wantsNot("is dead")
	b.clear()
	b.step(Answered{Node: "router", Heard: b.now + time.Hour}) // from the future: now
	b.advance(1799*time.Millisecond, "beats", "hbd", "1")
	b.wantsNot("dns: is dead") // last heard 2.8 s after the begin
	b.advance(time.Millisecond, "beats", "hbd", "1")
	b.wants("WARN node dns: is dead")
	b.advance(1199*time.Millisecond, "beats", "hbd", "1")
	b.wantsNot("router: is dead") // last heard at 4 s
	b.advance(time.Millisecond, "beats", "hbd", "1")
	b.wants("WARN node router: is dead")
}

// TestPingRhythm: a tick that comes late does not shift the rhythm, and requests missed in a stall are not
// made up for.
func TestPingRhythm(t *testing.T) {
	b := newBench(t, withRouter, func(c *Config) { c.Peer, c.Groups = "", nil })
	due := func(want time.Duration) {
		t.Helper()
		if got := b.c.pings.next - b.now; got != want {
			t.Errorf("the next request is due in %v, want %v", got, want)
		}
	}
	due(time.Second)
	b.now += 300 * time.Millisecond
	b.step(Tick{})
	due(700 * time.Millisecond)
	b.now += 900 * time.Millisecond
	b.step(Tick{})
	due(800 * time.Millisecond)
	b.now += 1800 * time.Millisecond // on the moment of the one after
	b.step(Tick{})
	due(time.Second)
	b.now += 5 * time.Second
	b.step(Tick{})
	due(time.Second)
	if n := b.asked(); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
}

// TestPingView: what is shown of a ping node before it has answered, while it does, and when it is dead.
func TestPingView(t *testing.T) {
	b := newBench(t, withRouter, func(c *Config) { c.Peer, c.Groups = "", nil })
	begin := b.now
	show := func(want NodeView) {
		t.Helper()
		want.Name, want.Type, want.Deadtime, want.Weight = "router", TypePing, 3*time.Second, 100
		if got := b.c.View(b.now).Nodes[2]; !reflect.DeepEqual(got, want) {
			t.Errorf("\n%+v, want\n%+v", got, want)
		}
	}
	wall := func(after int64) int64 { return 1_700_000_000 + int64(begin/time.Second) + after }
	b.advance(time.Second)
	show(NodeView{Status: "init", Since: wall(0), LastBeat: -1, Links: []LinkView{{Name: "router"}}})
	b.step(Answered{Node: "router"})
	b.now += 700 * time.Millisecond
	show(NodeView{Status: "ping", Since: wall(1), LastBeat: 700 * time.Millisecond, Links: []LinkView{{Name: "router", Up: true, Since: wall(1)}}})
	b.advance(300 * time.Millisecond)
	b.step(Answered{Node: "dns"})
	b.step(Answered{Node: "dns"})
	b.advance(2 * time.Second) // the start is over: deadping counts
	show(NodeView{Status: "dead", Since: wall(4), LastBeat: 3 * time.Second, Deaths: 1, Links: []LinkView{{Name: "router", Since: wall(4)}}})
	b.advance(2 * time.Second)
	b.clear()
	b.step(Answered{Node: "router"}) // 5 s after its newest answer, which is not more than deadtime
	show(NodeView{Status: "ping", Since: wall(6), Deaths: 1, LateBeats: 1, Links: []LinkView{{Name: "router", Up: true, Since: wall(6)}}})
	b.wants("WARN Late heartbeat: Node router: interval 5000 ms")
	b.advance(2 * time.Second)
	b.clear()
	b.step(Answered{Node: "router"}) // 2 s, which is not more than warntime
	b.wantsNot("Late")
	b.advance(5001 * time.Millisecond)
	b.step(Answered{Node: "router"})
	b.wants("CRIT Late heartbeat: Node router: interval 5001 ms (> deadtime)")
	show(NodeView{Status: "ping", Since: wall(13), Deaths: 2, LateBeats: 2, Links: []LinkView{{Name: "router", Up: true, Since: wall(13)}}})
}

// TestDeadpingDefault is deadtime.
func TestDeadpingDefault(t *testing.T) {
	b := joined(t, "", withRouter, func(c *Config) { c.Deadping = 0 })
	b.step(Answered{Node: "router"})
	b.advance(4999*time.Millisecond, "beats", "hbd", "1")
	b.wantsNot("router: is dead")
	b.advance(time.Millisecond, "beats", "hbd", "1")
	b.wants("node router: is dead")
}

// TestHeldUpAndPings: a cluster of one that is held up gives its ping nodes time to answer, but not for ever.
func TestHeldUpAndPings(t *testing.T) {
	b := newBench(t, withRouter, func(c *Config) { c.Peer, c.Groups = "", nil })
	b.step(Answered{Node: "dns"})
	b.step(Answered{Node: "router"})
	b.advance(time.Second)
	b.clear()
	b.now += 4 * time.Second // nobody was asked meanwhile
	b.step(Tick{})
	b.wants("This node was held up")
	b.wantsNot("is dead")
	b.step(Answered{Node: "dns"})
	b.advance(2 * time.Second)
	b.pingsAre("dns=ping alpha=active router=dead")
	b.step(Answered{Node: "router"})
	b.clear()
	for range 4 { // no two seconds pass without a stall
		b.now += 2500 * time.Millisecond
		b.step(Tick{})
	}
	b.pingsAre("dns=dead alpha=active router=dead")
}

// TestPingsAreTold: scripts and clients of the machine hear of ping nodes what 3.0.6 tells them.
func TestPingsAreTold(t *testing.T) {
	b := joined(t, "", withRouter, func(c *Config) { c.Hooks = true })
	b.step(Audience{Keep | NoChange})
	b.clear()
	b.step(Answered{Node: "dns"})
	b.step(Answered{Node: "dns"})
	b.advance(3*time.Second, "beats", "hbd", "1")
	var got []string
	say := func(to string, m *wire.Message) {
		if s := m.Str("src") + m.Str("node"); s != "dns" {
			return
		}
		text := to
		for _, f := range m.Fields {
			if f.Name != "ts" {
				text += " " + f.Name + "=" + string(f.Value)
			}
		}
		got = append(got, text)
	}
	for _, a := range b.all {
		switch a := a.(type) {
		case Hook:
			say("script", a.Msg)
		case Deliver:
			if a.Class == NoChange {
				say("client, nothing new", a.Msg)
				continue
			}
			say("client", a.Msg)
		}
	}
	want := []string{
		"client t=ifstat node=dns ifname=dns st=up",
		"script t=ifstat node=dns ifname=dns st=up",
		"client t=NS_st st=ping info=ping_group src=dns",
		"client, nothing new t=NS_st st=ping info=ping_group src=dns",
		"client t=status seq=1 src=dns st=dead",
		"script t=status st=dead src=dns info=ping seq=1",
		"client t=ifstat node=dns ifname=dns st=dead",
		"script t=ifstat node=dns ifname=dns st=dead",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

// TestNoPingNodes: without them nobody is asked, and no tick is wanted for them.
func TestNoPingNodes(t *testing.T) {
	b := joined(t, "")
	b.step(Answered{Node: "router"})
	b.advance(10*time.Second, "beats", "hbd", "1")
	if b.asked() != 0 || b.c.pingTick() != NoTick {
		t.Errorf("%d requests, a tick at %v", b.asked(), b.c.pingTick())
	}
	if up, all := b.c.View(b.now).Answering(); up != 0 || all != 0 {
		t.Errorf("%d of %d answer", up, all)
	}
}
