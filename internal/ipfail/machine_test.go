package ipfail

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// side is one node's ipfail with what it sees; two of them talk to each other.
type side struct {
	*Machine
	t    *testing.T
	at   time.Duration
	w    World
	said []string
	mail []*wire.Message // for the other node
	gave []string
}

func newSide(t *testing.T, self, other string, failback bool) *side {
	return &side{
		Machine: New(Config{Self: self, Other: other, Failback: failback, Keepalive: 500 * time.Millisecond}),
		t:       t, w: World{Pings: 1, Settled: true},
	}
}

func (s *side) do(actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Log:
			if a.Level != "debug" {
				s.said = append(s.said, a.Text)
			}
		case Say:
			if a.Msg.StrIs("t", "ask_resources") {
				s.gave = append(s.gave, a.Msg.Str("rsc_hold"))
				s.said = append(s.said, "standby "+a.Msg.Str("rsc_hold")+" "+a.Msg.Str("info"))
				continue
			}
			s.mail = append(s.mail, a.Msg)
			s.said = append(s.said, strings.TrimSpace(fmt.Sprintf("-> %s %s %s", a.Msg.Str("dest"), a.Msg.Str("t"), a.Msg.Str("num_ping"))))
		}
	}
}

func (s *side) hears(t string, fields ...string) {
	m := wire.New(t)
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	s.do(s.Receive(s.at, s.w, m))
}

func (s *side) wants(lines ...string) {
	s.t.Helper()
	if !slices.Equal(s.said, lines) {
		s.t.Fatalf("at %v:\n%s\nwant:\n%s", s.at, strings.Join(s.said, "\n"), strings.Join(lines, "\n"))
	}
	s.said = nil
}

// due goes to the moment of the next tick.
func (s *side) due() {
	s.t.Helper()
	if s.Next() == Never {
		s.t.Fatal("nothing is due")
	}
	s.at = max(s.at, s.Next())
	s.do(s.Tick(s.at, s.w))
}

// TestLinkLost: 3.0.6's lines, in its order.
func TestLinkLost(t *testing.T) {
	s := newSide(t, "node1", "node2", false)
	s.hears("ifstat", "node", "node2", "ifname", "eth0", "st", "dead")
	s.wants("Link Status update: Link node2/eth0 now has status dead", "Asking other side for ping node count.",
		"-> node2 num_ping_nodes 1", "Checking remote count of ping nodes.")
	s.w.Pings = 0
	s.hears("status", "src", "10.0.0.1", "st", "dead")
	s.wants("Status update: Node 10.0.0.1 now has status dead", "NS: We are dead. :<")
	s.hears("ifstat", "node", "10.0.0.1", "ifname", "10.0.0.1", "st", "dead")
	s.wants("Link Status update: Link 10.0.0.1/10.0.0.1 now has status dead", "We are dead. :<", "Asking other side for ping node count.",
		"-> node2 num_ping_nodes 0")
	s.hears("ifstat", "node", "node2", "ifname", "eth0", "st", "up")
	s.wants("Link Status update: Link node2/eth0 now has status up")
	s.w.Pings = 1
	s.hears("status", "src", "10.0.0.1", "st", "dead")
	s.wants("Status update: Node 10.0.0.1 now has status dead", "NS: We are still alive!")
	s.hears("NS_st", "src", "10.0.0.1", "st", "ping")
	s.wants("Status update: Node 10.0.0.1 now has status ping", "A ping node just came up.", "Asking other side for ping node count.",
		"-> node2 num_ping_nodes 1")
	s.hears("status", "src", "node2", "st", "active")
	s.wants("Status update: Node node2 now has status active")
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		theirs   string
		failback bool
		settled  bool
		want     []string
	}{
		{"1", false, true, []string{"Telling other node that we have more visible ping nodes.", "-> node2 you_are_dead"}},
		{"2", false, true, []string{"Ping node count is balanced.", "-> node2 abort_giveup"}},
		{"2", true, true, []string{"Ping node count is balanced.", "-> node2 abort_giveup", "Giving up foreign resources (auto_failback).", "Delayed giveup in 1 seconds."}},
		{"2", true, false, []string{"Ping node count is balanced.", "-> node2 abort_giveup"}},
		{"3", false, true, []string{"Giving up because we have less visible ping nodes.", "Delayed giveup in 1 seconds."}},
		{"x", true, true, nil},
		{"-1", true, true, nil},
		{"", true, true, nil},
	} {
		s := newSide(t, "node1", "node2", c.failback)
		s.w = World{Pings: 2, Settled: c.settled}
		s.hears("num_ping_nodes", "src", "node2", "num_ping", c.theirs)
		s.wants(c.want...)
	}
}

func TestGiveUp(t *testing.T) {
	s := newSide(t, "node1", "node2", false)
	s.hears("you_are_dead", "src", "node2")
	s.at = 800 * time.Millisecond
	s.hears("you_are_dead", "src", "node2") // begins anew
	s.said = nil
	if s.due(); s.at != 1800*time.Millisecond {
		t.Errorf("gave up at %v", s.at)
	}
	s.wants("giveup() called (timeout worked)", "standby all me")
	if s.Next() != Never {
		t.Error("something is still due")
	}
	s.hears("abort_giveup", "src", "node2")
	s.wants("No giveup timer to abort.")
}

func TestAbort(t *testing.T) {
	s := newSide(t, "node1", "node2", true)
	s.hears("you_are_dead", "src", "node2")
	s.said = nil
	s.hears("abort_giveup", "src", "node2")
	s.wants("Aborted delayed giveup (1)")
	s.hears("you_are_dead", "src", "node2")
	s.said = nil
	s.hears("num_ping_nodes", "src", "node2", "num_ping", "1") // our own finding, too; and nothing is given up instead
	s.wants("Ping node count is balanced.", "-> node2 abort_giveup", "Aborted delayed giveup (2)")
	if s.Next() != Never {
		t.Error("a timer runs")
	}
}

// TestInTransition: what cannot be given up now is not forgotten; the counts are compared anew.
func TestInTransition(t *testing.T) {
	s := newSide(t, "node1", "node2", false)
	s.hears("you_are_dead", "src", "node2")
	s.w.Settled, s.said = false, nil
	s.due()
	s.wants("giveup() called (timeout worked)")
	for range 5 {
		s.due()
	}
	s.wants()
	s.w.Settled = true
	s.due()
	settled := s.at
	s.due()
	if s.at != settled+10*time.Second {
		t.Errorf("asked %v later", s.at-settled)
	}
	s.wants("Asking other side for ping node count.", "-> node2 num_ping_nodes 1")
	if s.Next() != Never {
		t.Error("something is still due")
	}
}

// TestStrangers: only the other node's ipfail is obeyed.
func TestStrangers(t *testing.T) {
	s := newSide(t, "node1", "node2", true)
	for _, src := range []string{"", "node1", "node3"} {
		for _, word := range []string{"num_ping_nodes", "you_are_dead", "abort_giveup"} {
			s.hears(word, "src", src, "num_ping", "9")
		}
		s.hears("hbapi-clstat", "src", src, "from_id", "ipfail", "st", "join")
	}
	s.hears("hbapi-clstat", "src", "node2", "from_id", "dopd", "st", "join")
	s.hears("hbapi-clstat", "src", "node2", "from_id", "ipfail", "st", "leave")
	s.wants()
	s.hears("hbapi-clstat", "src", "node2", "from_id", "ipfail", "st", "join")
	s.wants("Asking other side for ping node count.", "-> node2 num_ping_nodes 1")
}

// post delivers what the sides have written to each other, in any order that keeps each one's own.
func post(a, b *side) {
	for len(a.mail)+len(b.mail) > 0 {
		from, to := a, b
		if len(a.mail) == 0 || len(b.mail) > 0 && rand.IntN(2) == 0 {
			from, to = b, a
		}
		m := from.mail[0]
		from.mail = from.mail[1:]
		to.do(to.Receive(to.at, to.w, m))
	}
}

// run lets the time pass for both.
func run(a, b *side, until time.Duration) {
	for {
		post(a, b)
		s := a
		if b.Next() < a.Next() {
			s = b
		}
		if s.Next() > until {
			a.at, b.at = until, until
			return
		}
		a.at = max(a.at, s.Next())
		b.at = a.at
		s.do(s.Tick(s.at, s.w))
	}
}

// TestTwo: the one who loses a ping node gives all up, once, and nobody does when both lose it, whoever notices first.
func TestTwo(t *testing.T) {
	for range 200 {
		a, b := newSide(t, "node1", "node2", false), newSide(t, "node2", "node1", false)
		a.w.Pings = 0
		a.hears("ifstat", "node", "10.0.0.1", "ifname", "10.0.0.1", "st", "dead")
		run(a, b, time.Minute)
		if !slices.Equal(a.gave, []string{"all"}) || len(b.gave) > 0 {
			t.Fatalf("gave %q and %q", a.gave, b.gave)
		}
		a, b = newSide(t, "node1", "node2", false), newSide(t, "node2", "node1", false)
		first, second := a, b
		if rand.IntN(2) == 0 {
			first, second = b, a
		}
		first.w.Pings = 0
		first.hears("ifstat", "node", "10.0.0.1", "ifname", "10.0.0.1", "st", "dead")
		run(a, b, 900*time.Millisecond)
		second.w.Pings = 0
		second.hears("ifstat", "node", "10.0.0.1", "ifname", "10.0.0.1", "st", "dead")
		run(a, b, time.Minute)
		if len(a.gave)+len(b.gave) > 0 {
			t.Fatalf("both lost it, and gave %q and %q", a.gave, b.gave)
		}
	}
}

// FuzzReceive: no message makes it panic, or say something that is not for the other node.
func FuzzReceive(f *testing.F) {
	f.Add("num_ping_nodes", "node2", "3", "dead", "ipfail", 2, true)
	f.Add("ifstat", "node1", "x", "dead", "", 0, false)
	f.Fuzz(func(t *testing.T, kind, src, count, st, from string, pings int, settled bool) {
		m := New(Config{Self: "node1", Other: "node2", Failback: true, Keepalive: time.Second})
		w := World{Pings: max(0, pings), Settled: settled}
		msg := wire.New(kind).AddStr("src", src).AddStr("num_ping", count).AddStr("st", st).AddStr("from_id", from).AddStr("node", src)
		for _, a := range append(m.Receive(0, w, msg), m.Tick(time.Hour, w)...) {
			if s, is := a.(Say); is && s.Msg.Str("dest") != "node2" && !s.Msg.StrIs("t", "ask_resources") {
				t.Errorf("says %v", s.Msg)
			}
		}
	})
}
