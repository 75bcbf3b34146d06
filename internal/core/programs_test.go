package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// TestProgramsHearBeats: also our own, those that somebody sends for us, and by which class each comes.
func TestProgramsHearBeats(t *testing.T) {
	b := listening(t, NoChange|Protocol)
	b.advance(time.Second)
	if got := b.heard(); !strings.HasPrefix(got, "2 t=status st=active") || !strings.Contains(got, "src=alpha") {
		t.Errorf("of our own beat programs heard\n%s", got)
	}
	b.clear()
	for range 10 {
		b.beat("active", "hbd", "1")
	}
	b.from("NS_rexmit", "dest", "gamma")
	b.from("NS_nak_rexmit", "dest", "gamma")
	got := b.heard()
	for _, want := range []string{"32 t=NS_ackmsg dest=beta", "32 t=NS_rexmit dest=gamma", "32 t=NS_nak_rexmit dest=gamma"} {
		if !strings.Contains(got, want) {
			t.Errorf("programs heard\n%swithout %s", got, want)
		}
	}

	l := lending(t)
	l.event(Audience{NoChange})
	l.clear()
	seq := l.goes()
	l.now += time.Second
	l.event(Tick{})
	if got := l.heard(); !strings.Contains(got, fmt.Sprintf(" seq=%x\n", seq)) {
		t.Errorf("of beat %x, which went out ahead, programs heard\n%s", seq, got)
	}

	b = newBench(t)
	b.step(Audience{Keep | NoChange | Dropped})
	b.clear()
	for _, tt := range []struct {
		gen  uint64
		st   string
		want Class
	}{{5, "init", Keep}, {5, "init", NoChange}, {5, "up", Keep}, {5, "up", NoChange}, {6, "init", Keep}, {7, "init", Keep}, {6, "up", Dropped}} {
		if b.gen != tt.gen {
			b.gen, b.seq = tt.gen, 8
		}
		b.beat(tt.st, "hbd", "1")
		got := ""
		for _, line := range strings.Split(b.heard(), "\n") {
			if strings.Contains(line, "t=status") && strings.Contains(line, "src=beta") {
				got += line
			}
		}
		if !strings.HasPrefix(got, fmt.Sprintf("%d t=status st=%s", tt.want, tt.st)) {
			t.Errorf("life %d, %s: programs heard %q, want class %d", tt.gen, tt.st, got, tt.want)
		}
		b.clear()
	}
}

// TestProgramsDoNotHearWhatIsForTheOther: nor what was said before they listened.
func TestProgramsDoNotHearWhatIsForTheOther(t *testing.T) {
	b := listening(t, Keep)
	b.from("reqnodes", "dest", "alpha")
	b.wants("dest=beta t=repnodes")
	if got := b.heard(); strings.Contains(got, "t=repnodes") {
		t.Errorf("programs heard\n%s", got)
	}

	b = joined(t, "")
	lost := b.seq + 1
	b.seq++
	b.from("hbapi-clstat", "st", "leave", "to_id", "x")
	b.step(Audience{Keep})
	b.clear()
	b.deliver(b.message("said-before", "seq", hex(lost)))
	if got := b.heard(); strings.Contains(got, "st=leave") {
		t.Errorf("programs heard\n%s", got)
	}
}

// TestClientsComeAndGoInTheirOrder: whatever the order in which the network brought it, and however much waits.
func TestClientsComeAndGoInTheirOrder(t *testing.T) {
	b := listening(t, Keep)
	first := b.seq + 1
	b.deliver(b.message("hbapi-clstat", "st", "third", "seq", hex(first+2)))
	b.deliver(b.message("hbapi-clstat", "st", "second", "seq", hex(first+1)))
	b.deliver(b.message("hbapi-clstat", "st", "first", "seq", hex(first)))
	got := b.heard()
	if i, j, k := strings.Index(got, "st=first"), strings.Index(got, "st=second"), strings.Index(got, "st=third"); i < 0 || j < i || k < j {
		t.Errorf("in turn:\n%s", got)
	}

	b = listening(t, Keep)
	first = b.seq + 1
	b.seq++
	for range mostEarly {
		b.from("hbapi-clstat", "st", "later", "to_id", "x")
	}
	b.deliver(b.message("hbapi-clstat", "st", "first", "seq", hex(first)))
	if got := b.heard(); !strings.HasPrefix(got, "1 t=hbapi-clstat st=first") || strings.Count(got, "st=later") != mostEarly {
		t.Errorf("in turn:\n%s", got)
	}
}

// TestKnownIdentityIsKept: what is no identity is not taken for one, and the same one costs no memory.
func TestKnownIdentityIsKept(t *testing.T) {
	b := listening(t, Keep)
	b.step(ClientMessage{wire.New("ping").AddStr("dest", "beta")})
	if got := b.sent("ping"); len(got) != 1 || got[0].Has("destuuid") {
		t.Errorf("to a node without an identity: %s", b.text())
	}
	say := func(uuid string) {
		b.seq++
		b.deliver(b.message("x", "seq", hex(b.seq)).AddBin("srcuuid", []byte(uuid)))
	}
	say("fedcba9876543210")
	was := &b.c.peer.uuid[0]
	say("fedcba9876543210")
	if was != &b.c.peer.uuid[0] {
		t.Error("it was copied again")
	}
	say("short")
	b.clear()
	b.step(ClientMessage{wire.New("ping").AddStr("dest", "beta")})
	b.step(ClientMessage{wire.New("ping").AddStr("dest", "alpha")})
	if got := b.sent("ping"); len(got) != 2 || string(got[0].Bin("destuuid")) != "fedcba9876543210" || string(got[1].Bin("destuuid")) != "0123456789abcdef" {
		t.Errorf("sent %s", b.text())
	}
	if v := b.c.View(b.now); string(v.Nodes[0].UUID) != "0123456789abcdef" || v.Nodes[0].Weight != 100 || v.Nodes[1].Weight != 100 {
		t.Errorf("%+v", v.Nodes)
	}
}

// TestWhatClientsMaySay: words of the operator's are acted on and not passed on; a message of a program's own is passed on whatever
// its fields are called; and what is not sent is counted by its reason.
func TestWhatClientsMaySay(t *testing.T) {
	b := joined(t, "1:1:db", hooked)
	b.clear()
	b.step(ClientMessage{wire.New("ask_resources").AddStr("rsc_hold", "all").AddStr("info", "me")})
	if n := len(b.sent("ask_resources")); n != 1 {
		t.Errorf("%d times", n)
	}
	b = joined(t, "1:1:db", hooked)
	b.step(ClientMessage{wire.New("hb_takeover").AddStr("rsc_hold", "local")})
	if n := len(b.sent("hb_takeover")); n != 1 {
		t.Errorf("%d times", n)
	}
	b.hooksAre("our own takeover", "rsc_hold=local src=alpha t=hb_takeover")
	for _, hold := range []string{"all", "nothing"} {
		b.clear()
		b.step(ClientMessage{wire.New("mine").AddStr("rsc_hold", hold).AddStr("info", "me")})
		if n := len(b.sent("mine")); n != 1 || b.c.standby.phase != standbyNone {
			t.Errorf("sent %d times, the standby is %s", n, b.c.standby.phase)
		}
		b.hooksAre("a client's message", "info=me rsc_hold="+hold+" src=alpha t=mine")
	}
	before := len(b.c.View(b.now).Drops)
	for _, m := range []*wire.Message{
		wire.New("ask_resources").AddStr("info", "done").AddStr("rsc_hold", "nothing"),
		wire.New("mine").AddStr("x", "a\x00b"),
	} {
		b.step(ClientMessage{m})
	}
	for _, own := range []string{"ifstat", "setweight", "setsite", "asknodes", "NS_st"} { // 3.0.6 says them of a node's own
		b.step(ClientMessage{wire.New(own)})
	}
	if d := b.c.View(b.now).Drops; d["client-type"] != 6 || d["client-message"] != 1 || len(d) != before+2 {
		t.Errorf("%v", d)
	}
	if s := b.outgoing(); len(s) != 0 || !OwnType("hb_takeover") {
		t.Errorf("sent %v", s)
	}

	b = joinedToC(t, "local")
	b.step(StopCommand{})
	b.wants("t=shutdone")
	b.clear()
	b.step(ClientMessage{wire.New("mine")})
	if s := b.outgoing(); len(s) != 0 {
		t.Errorf("after the goodbye: %v", s)
	}

	b = alone(t)
	b.step(ClientMessage{wire.New("mine").AddStr("dest", "beta")})
	if s := b.outgoing(); len(s) != 0 {
		t.Errorf("to nobody: %v", s)
	}
}

// TestLongestMessageOfAProgram: what every node can read is sent, and nothing beyond.
func TestLongestMessageOfAProgram(t *testing.T) {
	b := joined(t, "")
	for extra, want := range []int{1, 0} {
		m := wire.New("mine").AddStr("x", strings.Repeat("y", wire.MaxDatagram-roomForTail-64))
		f := m.Lookup("x")
		for m.NetstringLen() < wire.MaxDatagram-roomForTail+extra {
			f.Value = append(f.Value, 'y')
		}
		if m.NetstringLen() != wire.MaxDatagram-roomForTail+extra {
			t.Fatal(m.NetstringLen())
		}
		b.clear()
		b.step(ClientMessage{m})
		if n := len(b.sent("mine")); n != want {
			t.Errorf("%d more: sent %d times, want %d", extra, n, want)
		}
		m = wire.New("mine")
		for m.CountFields() < mostFields+extra {
			m.AddStr("x", "")
		}
		b.clear()
		b.step(ClientMessage{m})
		if n := len(b.sent("mine")); n != want {
			t.Errorf("%d fields: sent %d times, want %d", mostFields+extra, n, want)
		}
	}
	kept := b.c.history.find(b.c.seq)
	b.clear()
	b.step(ClientMessage{wire.New("NS_x")})
	if got := b.sent("NS_x"); len(got) != 1 || got[0].Has("ld") || b.c.history.find(b.c.seq) != kept || kept.msg.StrIs("t", "NS_x") {
		t.Errorf("a message without a number: %s", b.text())
	}
}

// TestCommUp: programs may sign on when it is known of every node whether it is there, and not before.
func TestCommUp(t *testing.T) {
	b := newBench(t)
	for b.c.peer.status == "init" {
		if b.c.CommUp() {
			t.Fatal("nobody is known to be there")
		}
		b.advance(time.Second)
	}
	if !b.c.CommUp() {
		t.Error("the other node is dead, and nobody else is waited for")
	}
}

// TestNextVerdict: whoever must not miss it by a millisecond is told when the other node will have been silent for too long.
func TestNextVerdict(t *testing.T) {
	b := joined(t, "")
	if at := b.c.NextVerdict(); at != b.now+5*time.Second {
		t.Errorf("in %s", at-b.now)
	}
	b.advance(5 * time.Second)
	b.wants("is dead")
	if at := b.c.NextVerdict(); at != NoTick {
		t.Errorf("it is dead, and will be in %s", at-b.now)
	}
	if at := alone(t).c.NextVerdict(); at != NoTick {
		t.Errorf("nobody is there, and will be dead in %s", at-b.now)
	}
	b = joined(t, "1:1:db")
	b.step(StopCommand{})
	b.advance(linger, "beats", "hbd", "1")
	b.wants("exit")
	if at := b.c.NextVerdict(); at != NoTick {
		t.Errorf("this node has stopped; a verdict in %s", at-b.now)
	}
}

// TestHooksOfAReset: what takes over by scripts is told of a death when the node is off, and not before.
func TestHooksOfAReset(t *testing.T) {
	b := joined(t, "1:1:db", withDevice, hooked)
	b.clear()
	b.advance(6 * time.Second)
	b.wantsFence(1)
	if got := b.hooks(); slices.Contains(got, "src=beta st=dead t=status") {
		t.Errorf("before the reset: hooks for %q", got)
	}
	b.fenced(1, true, 0)
	b.hooksAre("the reset", "node=beta result=OK src=alpha t=stonith", "src=beta st=dead t=status")
}

// TestHooksOfOtherHomes: 3.0.6 starts by ip-request-resp what is a node's own, and nothing else; nor an empty side.
func TestHooksOfOtherHomes(t *testing.T) {
	b := newBench(t, hooked, func(c *Config) { c.Groups = c.Groups[1:] })
	b.advance(11 * time.Second)
	b.wants("run db start")
	for _, h := range b.hooks() {
		if strings.Contains(h, "ip-request-resp") {
			t.Errorf("hook for %s", h)
		}
	}
}

// TestHooksOfLegacyRequests: a script hears whether what is asked for runs here, and the answers to our own requests.
func TestHooksOfLegacyRequests(t *testing.T) {
	b := activeBeforeUs(t, hooked)
	b.clear()
	b.from("ip-request-resp", "dest", "alpha", "ipaddr", "ip1", "ok", "OK", "weown", "no")
	if got := b.hooks(); !slices.Contains(got, "dest=alpha ipaddr=ip1 ok=OK src=beta t=ip-request-resp weown=no") {
		t.Errorf("hooks for %q", got)
	}
	b.from("ip-request", "ipaddr", "db")
	if got := b.hooks(); len(got) == 0 || got[0] != "ipaddr=db src=beta t=ip-request" {
		t.Errorf("hooks for %q", got)
	}
	b.from("ip-request", "ipaddr", "ip1")
	if got := b.hooks(); len(got) == 0 || got[0] != "ipaddr=ip1 src=beta t=ip-request (gives)" {
		t.Errorf("hooks for %q", got)
	}
	b = activeBeforeUs(t)
	b.from("ip-request", "ipaddr", "ip1")
	if got := b.hooks(); got != nil {
		t.Errorf("nobody asked for hooks: %q", got)
	}
}

// TestRelayedWordsOfTheOperator: a script's `failback` means what the command's means, programs hear what is relayed, and
// a cluster of one has no other node to speak of.
func TestRelayedWordsOfTheOperator(t *testing.T) {
	b := listening(t, Keep)
	b.relay("t", "hb_takeover", "rsc_hold", "failback")
	if s := b.outgoing(); len(s) != 1 || s[0].Str("rsc_hold") != "local" {
		t.Errorf("sent %v", s)
	}
	b.relay("t", "mine", "x", "1", "hbd", "1", "hbdx", "2")
	if got := b.heard(); !strings.Contains(got, "t=mine x=1 ") {
		t.Errorf("programs heard\n%s", got)
	}
	if s := b.outgoing(); len(s) != 1 || s[0].Has("hbd") || !s[0].Has("hbdx") {
		t.Errorf("sent %v", s)
	}
	b.relay("t", "setsite", "node", "alpha", "site", "a cellar")
	b.relay("t", "setweight", "node", "beta", "weight", "7", "x", strings.Repeat("y", 70000))
	if v := b.c.View(b.now); v.Nodes[0].Weight != 100 || v.Nodes[1].Weight != 100 || v.Nodes[0].Site != "a cellar" {
		t.Errorf("%+v", v.Nodes)
	}
	b.relay("t", "delnode", "nodelist", "gamma")
	b.wantsNot("deletion failed")
	b.advance(10 * time.Second)
	b.relay("t", "delnode", "nodelist", "alpha")
	b.wants("deletion failed: node alpha is not dead")

	b = alone(t)
	b.relay("t", "setweight", "node", "beta", "weight", "7")
	b.relay("t", "addnode", "nodelist", "beta")
	b.wants("node(beta) is not added")
}

// TestPassedOver: what is not relayed is said with its reason, at a rate for each type of the daemon's own, and one for all that
// somebody may think of.
func TestPassedOver(t *testing.T) {
	for kind, fields := range map[string][]string{
		"fifo-resource":      {"t", "resource"},
		"fifo-ask_resources": {"t", "ask_resources", "info", "done"},
		"fifo-other":         {"t", "NS_mine"},
	} {
		b := joined(t, "1:1:db")
		b.relay(fields...)
		said := 0
		for _, a := range b.all {
			if l, ok := a.(Log); ok && l.Limit == kind && l.Level == Warn && strings.Contains(l.Text, "message ["+fields[1]+"] from the FIFO is passed over: ") {
				said++
			}
		}
		if said != 1 {
			t.Errorf("%s: said %d times\n%s", kind, said, b.text())
		}
	}
	b := joined(t, "1:1:db")
	b.relay("t", "mine", "x", strings.Repeat("y", 70000))
	b.wants("it is too long, or cannot be written")
	b.relay("t", "")
	b.wants("it has no type that can be sent")
	b.relay("t", "resource")
	b.wants("who has what is the daemon's to say")
	b.relay("t", "ask_resources", "info", "done")
	b.wants("the dialogue of a standby is the daemon's own")
	b.from("setsite", "node", "beta", "site", "an attic")
	b.from("addnode", "nodelist", "gamma")
	b.wants("node(gamma) is not added")
	if v := b.c.View(b.now); v.Nodes[1].Site != "an attic" {
		t.Errorf("%+v", v.Nodes[1])
	}
}

func TestAtoiStopsAsC(t *testing.T) {
	for s, want := range map[string]int{"105": 105, "901": 901, "1:2": 1, "1/2": 1, "1.5": 1, "5-3": 5, "5+": 5, "-99999999999999999999": -1 << 31} {
		if got := atoi(s); got != want {
			t.Errorf("%q is %d, want %d", s, got, want)
		}
	}
}

// TestEndIsSaidOnce: by the core, or by whoever has programs to end after it.
func TestEndIsSaidOnce(t *testing.T) {
	for _, children := range []bool{false, true} {
		b := alone(t, func(c *Config) { c.Children = children })
		b.step(StopCommand{})
		b.wants("exit")
		if said := strings.Contains(b.text(), "alpha Heartbeat shutdown complete."); said == children {
			t.Errorf("with programs to end %v: said %v", children, said)
		}
	}
}

// TestAnyDifferenceOfAClaimIsSaid: wherever in its text it is.
func TestAnyDifferenceOfAClaimIsSaid(t *testing.T) {
	b := joined(t, "")
	b.group("db").failed, b.group("ip1").term.n = true, 41
	text := b.c.claimText()
	b.c.said = text
	if b.c.claimDiffers() {
		t.Errorf("%q differs from itself", text)
	}
	for i := range text {
		for _, said := range []string{text[:i], text[:i] + "x" + text[i+1:], text[:i] + "0" + text[i:]} {
			if b.c.said = said; !b.c.claimDiffers() {
				t.Errorf("%q is the same as %q", said, text)
			}
		}
	}
	for _, more := range []string{" ", " ip1"} {
		if b.c.said = text + more; !b.c.claimDiffers() {
			t.Errorf("%q is the same as %q", b.c.said, text)
		}
	}
}
