package core

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// heard is what programs were told since clear: class, and the fields that are not of every message.
func (b *bench) heard() string {
	var s strings.Builder
	for _, a := range b.all {
		d, ok := a.(Deliver)
		if !ok {
			continue
		}
		fmt.Fprint(&s, d.Class)
		for _, f := range d.Msg.Fields {
			switch f.Name {
			case "srcuuid", "hg", "ts", "ld", "ttl", "dt", "protocol", "hbd", "hbd_sees":
			default:
				fmt.Fprintf(&s, " %s=%s", f.Name, f.Value)
			}
		}
		s.WriteByte('\n')
	}
	return s.String()
}

func (b *bench) hears(want string) {
	b.t.Helper()
	if got := b.heard(); got != want {
		b.t.Errorf("programs heard\n%swant\n%s", got, want)
	}
	b.clear()
}

func listening(t *testing.T, classes Class) *bench {
	t.Helper()
	b := joined(t, "")
	b.step(Audience{classes})
	b.clear()
	return b
}

// TestProgramsHear: who listens is told what 3.0.6 tells: what says something new, once, and no more. Nobody is told
// anything who does not listen.
func TestProgramsHear(t *testing.T) {
	b := listening(t, Keep)
	b.beat("active", "hbd", "1")
	b.hears("")
	b.from("ping", "from_id", "ping", "to_id", "ping")
	b.hears("1 t=ping from_id=ping to_id=ping seq=6 src=beta\n")
	b.deliver(b.message("ping", "seq", "6"))
	b.deliver(b.message("ping", "seq", "2"))
	b.hears("")
	b.step(TakeoverCommand{Local})
	b.hears(fmt.Sprintf("1 t=hb_takeover rsc_hold=local src=alpha seq=%x\n", b.c.seq))
	b.advance(5*time.Second + time.Second/2)
	if got := b.heard(); !strings.Contains(got, "1 t=status seq=1 src=beta st=dead\n") || !strings.Contains(got, "1 t=ifstat node=beta ifname=eth0 st=dead\n") {
		t.Errorf("of a death programs heard\n%s", got)
	}
	b.clear()
	b.advance(10 * time.Second)
	b.wants("send t=resource") // again and again, to a node that may hear it: that is no news
	b.hears("")
	b.gen++
	b.seq = 0
	b.beat("init", "hbd", "1")
	if got := b.heard(); !strings.HasPrefix(got, "1 t=ifstat node=beta ifname=eth0 st=up\n1 t=status st=init") {
		t.Errorf("of a return programs heard\n%s", got)
	}

	b = joined(t, "")
	b.from("ping", "from_id", "ping", "to_id", "ping")
	b.advance(8 * time.Second)
	b.hears("")

	b = listening(t, Keep|NoChange|Duplicate|Dropped|Protocol)
	b.beat("active", "hbd", "1")
	b.deliver(b.message("status", "st", "active", "seq", "5"))
	b.deliver(b.message("status", "st", "active", "seq", "3"))
	b.from("NS_ackmsg", "dest", "alpha", "ackseq", "1")
	want := "2 t=status st=active seq=5 src=beta\n8 t=status st=active seq=5 src=beta\n4 t=status st=active seq=3 src=beta\n32 t=NS_ackmsg"
	if got := b.heard(); !strings.HasPrefix(got, want) {
		t.Errorf("whoever looks for faults heard\n%s", got)
	}
}

// TestClientMessage: a client's message gets a number and what every message has, is repeated to a node that
// missed it, and comes back to who sent it.
func TestClientMessage(t *testing.T) {
	b := listening(t, Keep)
	m := wire.New("ping").AddStr("src", "forged").AddStr("seq", "1").AddStr("auth", "1 x").AddStr("hbd", "1").AddStr("hbd_claim", "99").AddStr("from_id", "ping")
	b.step(ClientMessage{m})
	number := b.c.seq
	got := b.sent("ping")
	if len(got) != 1 {
		t.Fatalf("sent: %s", b.text())
	}
	var names []string
	for _, f := range got[0].Fields {
		names = append(names, f.Name)
	}
	if s := strings.Join(names, " "); s != "t src seq from_id srcuuid hg ts ld ttl" {
		t.Errorf("its fields are %s", s)
	}
	if !got[0].StrIs("src", "alpha") || got[0].Str("seq") != hex(number) || !bytes.Equal(got[0].Bin("srcuuid"), b.c.cfg.UUID) {
		t.Errorf("sent %v", got[0].Fields)
	}
	b.hears(fmt.Sprintf("1 t=ping src=alpha seq=%x from_id=ping\n", number))

	b.deliver(b.message("NS_rexmit", "dest", "alpha", "firstseq", fmt.Sprint(number), "lastseq", fmt.Sprint(number)))
	if again := b.sent("ping"); len(again) != 1 || again[0].Str("seq") != hex(number) {
		t.Errorf("asked for again: %s", b.text())
	}
	b.clear()

	b.from("x", "srcuuid", "no")
	m = b.message("y", "seq", hex(b.seq+1))
	b.seq++
	b.deliver(m.AddBin("srcuuid", []byte("fedcba9876543210")))
	b.clear()
	b.step(ClientMessage{wire.New("ping").AddStr("dest", "BETA")}) // not for us
	b.hears("")
	b.step(ClientMessage{wire.New("ping").AddStr("dest", "BETA")})
	if got := b.sent("ping"); len(got) != 1 || !got[0].StrIs("dest", "beta") || string(got[0].Bin("destuuid")) != "fedcba9876543210" {
		t.Errorf("to one node: %s", b.text())
	}
	b.clear()
	b.step(ClientMessage{wire.New("ping").AddStr("dest", "alpha")})
	if got := b.heard(); strings.Count(got, "t=ping dest=alpha") != 1 {
		t.Errorf("to ourselves: %s", got)
	}
	before := b.c.seq
	b.step(ClientMessage{wire.New("NS_x")})
	if got := b.sent("NS_x"); len(got) != 1 || got[0].Has("seq") || b.c.seq != before {
		t.Errorf("without number: %s", b.text())
	}
}

// TestClientMessagesThatAreNotSent: nothing a client says speaks in the daemon's name, is beyond what a node reads, or
// uses up a number that nobody gets.
func TestClientMessagesThatAreNotSent(t *testing.T) {
	big := wire.New("ping").AddStr("x", strings.Repeat("x", wire.MaxDatagram-1000))
	many := wire.New("ping")
	for range wire.MaxFields {
		many.AddStr("x", "")
	}
	nul := wire.New("ping").AddStr("x", "a\x00b")
	code := wire.New("ping")
	code.Fields = append(code.Fields, wire.Field{Type: wire.Struct, Name: "x", Msg: wire.New("a").AddStr("y", "\x14")})
	messages := []*wire.Message{{}, big, many, nul, code, wire.New("ping").AddStr("dest", "nosuch")}
	for _, own := range []string{"status", "starting", "resource", "shutdone", "reqnodes", "repnodes", "ip-request", "ip-request-resp",
		"NS_ackmsg", "NS_rexmit", "NS_nak_rexmit", "stonith", "addnode", "delnode"} {
		messages = append(messages, wire.New(own).AddStr("st", "dead").AddStr("rsc_hold", "none").AddStr("rtype", "full"))
	}
	b := listening(t, Keep)
	before := b.c.seq
	for _, m := range messages {
		b.step(ClientMessage{m})
		if len(b.sends()) != 0 || b.heard() != "" || b.c.seq != before {
			t.Errorf("[%s] was sent: %.200s", m.Str("t"), b.text())
			b.clear()
		}
	}
}

// TestClientsMayMove: the operator's words are acted on: so ipfail gives its groups away.
func TestClientsMayMove(t *testing.T) {
	b := listening(t, Keep)
	b.step(ClientMessage{wire.New("ask_resources").AddStr("rsc_hold", "all").AddStr("info", "me").AddStr("from_id", "ipfail")})
	b.wants("alpha wants to go standby [all]", "send t=ask_resources rsc_hold=all info=me")
	b = listening(t, Keep)
	b.step(ClientMessage{wire.New("ask_resources").AddStr("rsc_hold", "all").AddStr("info", "done")})
	if len(b.sends()) != 0 {
		t.Errorf("a client takes part in a dialogue: %s", b.text())
	}
	b.step(ClientMessage{wire.New("hb_takeover").AddStr("rsc_hold", "foreign")})
	b.wants("send t=hb_takeover rsc_hold=foreign")
}

// TestClientsUnknownWords: a program that asks for what does not exist moves nothing, tells the other node nothing, and
// fills no log.
func TestClientsUnknownWords(t *testing.T) {
	b := listening(t, Keep)
	for _, word := range []string{"", "none", "some", strings.Repeat("x", 3000)} {
		for _, m := range []*wire.Message{wire.New("ask_resources").AddStr("info", "me"), wire.New("hb_takeover")} {
			b.step(ClientMessage{m.AddStr("rsc_hold", word)})
			if len(b.sends()) != 0 {
				t.Errorf("[%.20s] is sent: %.200s", word, b.text())
			}
			said := 0
			for _, a := range b.all {
				if l, ok := a.(Log); ok {
					if said++; l.Limit == "" || len(l.Text) > 200 {
						t.Errorf("said without limit: %.300s", l.Text)
					}
				}
			}
			if said != 1 {
				t.Errorf("%d lines", said)
			}
			b.clear()
		}
	}
}

// TestClientsComeAndGoInTurn: that a client has gone is told when everything it said before has come, or will
// never come.
func TestClientsComeAndGoInTurn(t *testing.T) {
	b := listening(t, Keep)
	lost := b.seq + 1
	b.seq++
	b.from("hbapi-clstat", "st", "leave", "to_id", "x")
	b.from("hbapi-clstat", "st", "join", "to_id", "x")
	b.from("other", "to_id", "x")
	if got := b.heard(); got != fmt.Sprintf("1 t=other to_id=x seq=%x src=beta\n", b.seq) && !strings.HasPrefix(got, "1 t=other") || strings.Contains(got, "clstat") {
		t.Errorf("before its turn:\n%s", got)
	}
	b.clear()
	b.deliver(b.message("said-before", "seq", hex(lost)))
	got := b.heard()
	if i, j, k := strings.Index(got, "said-before"), strings.Index(got, "st=leave"), strings.Index(got, "st=join"); i < 0 || j < i || k < j {
		t.Errorf("in turn:\n%s", got)
	}
	b.clear()

	lost = b.seq + 1
	b.seq++
	b.from("hbapi-clstat", "st", "leave", "to_id", "x")
	b.deliver(b.message("NS_nak_rexmit", "dest", "alpha", "firstseq", hex(lost)))
	if got := b.heard(); !strings.Contains(got, "st=leave") {
		t.Errorf("lost for good, it is not told:\n%s", got)
	}
	b.clear()
	b.seq += 2
	for range 3 * mostEarly {
		b.from("hbapi-clstat", "st", "leave", "to_id", "x")
	}
	if n := len(b.c.peer.early); n != mostEarly {
		t.Errorf("%d words wait", n)
	}
}
