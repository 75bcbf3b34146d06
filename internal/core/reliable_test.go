package core

import (
	"reflect"
	"strconv"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// rexmit asks for numbers, as a C node does: in decimal.
func (b *bench) rexmit(first, last string) {
	b.t.Helper()
	b.deliver(b.message("NS_rexmit", "dest", "alpha", "firstseq", first, "lastseq", last))
}

// sends are the messages sent since clear, of any type.
func (b *bench) sends() []*wire.Message {
	var list []*wire.Message
	for _, a := range b.all {
		if s, ok := a.(Send); ok {
			list = append(list, s.Msg)
		}
	}
	return list
}

// protocol.md 6.5: byte for byte, so that the signature and the number are those of the first time.
func TestRetransmissionIsTheSameMessage(t *testing.T) {
	b := joined(t, "")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.clear()
	b.advance(time.Second, "beats", "hbd", "1")
	first := b.sends()[0]
	n, _ := strconv.ParseUint(first.Str("seq"), 16, 64)
	b.advance(time.Second, "beats", "hbd", "1")
	b.clear()
	dec := strconv.FormatUint(n, 10)
	b.rexmit(dec, dec)
	if got := b.sends(); len(got) != 1 || !reflect.DeepEqual(got[0], first) {
		t.Fatalf("resent %v, want the same message", got)
	}
	b.clear()
	b.rexmit(dec, dec)
	if got := b.sends(); len(got) != 0 {
		t.Errorf("resent again at once")
	}
	b.now += 250 * time.Millisecond
	b.rexmit(dec, dec)
	if got := b.sends(); len(got) != 1 {
		t.Errorf("not resent a quarter of a second later: %v", got)
	}
	b.clear()
	b.deliver(b.message("NS_ackmsg", "dest", "alpha", "ackseq", hex(n)))
	b.now += 250 * time.Millisecond
	b.rexmit(dec, dec)
	if got := b.sends(); len(got) != 0 {
		t.Errorf("what is acknowledged was resent")
	}
}

func TestRetransmissionIsBounded(t *testing.T) {
	b := joined(t, "")
	b.advance(600*time.Second, "beats", "hbd", "1")
	b.c.peer.acked = 0
	b.clear()
	b.rexmit("300", "600")
	if got := len(b.sends()); got != rexmitAtMost {
		t.Errorf("%d messages for one request, at most %d", got, rexmitAtMost)
	}
	b.clear()
	b.rexmit("1", "1")
	nak := b.sends()
	if len(nak) != 1 || nak[0].Str("t") != "NS_nak_rexmit" || nak[0].Str("firstseq") != "1" || nak[0].Str("info") != "seqno too low" || nak[0].Str("dest") != "beta" {
		t.Errorf("for a number that is gone: %s", b.text())
	}
	if nak[0].Has("seq") {
		t.Error("an NS_ message has no number")
	}
	b.clear()
	b.rexmit("20", "20") // decimal: 0x14
	if nak := b.sends(); len(nak) != 1 || nak[0].Str("firstseq") != "14" {
		t.Errorf("the NAK's number is hexadecimal: %s", b.text())
	}
	for _, r := range [][2]string{{"0", "1"}, {"5", "4"}, {"x", "4"}, {"1", ""}} {
		b.clear()
		b.rexmit(r[0], r[1])
		b.wants("Invalid rexmit seqnos from beta")
		b.wantsNot("send")
	}
	b.clear()
	b.rexmit("999999", "999999")
	b.wants("Rexmit of seq 999999 requested.")
	b.wantsNot("send")
	b.clear()
	b.deliver(b.message("NS_rexmit", "dest", "gamma", "firstseq", "300", "lastseq", "300"))
	b.wantsNot("send")
}

func TestMissingNumbersAreAskedFor(t *testing.T) {
	b := joined(t, "")
	b.seq += 2
	b.beat("active", "hbd", "1")
	b.wants("WARN 2 lost packet(s) for [beta] [4:7]") // last seen, just received; decimal
	b.wantsNot("NS_rexmit")                           // a C node sends out of order: wait a little
	b.advance(250*time.Millisecond, "beats", "hbd", "1")
	b.wants("t=NS_rexmit dest=beta firstseq=5 lastseq=5", "t=NS_rexmit dest=beta firstseq=6 lastseq=6")
	b.deliver(b.message("NS_nak_rexmit", "dest", "alpha", "firstseq", "5", "info", "seqno too low"))
	b.wants("ERROR Irretrievably lost packet: node beta seq 5")
	b.deliver(b.message("repnodes", "seq", "6", "nodelist", "alpha beta"))
	b.wants("No pkts missing from beta!")
	b.clear()
	b.advance(3*time.Second, "beats", "hbd", "1")
	b.wantsNot("NS_rexmit")
	b.seq += 251
	b.beat("active", "hbd", "1")
	b.wants("251 lost packet(s)", "ERROR lost a lot of packets!")
	b.clear()
	b.advance(3*time.Second, "beats", "hbd", "1")
	b.wantsNot("NS_rexmit")
}

// protocol.md 6.4: every tenth number, and never across a hole.
func TestAcknowledgements(t *testing.T) {
	b := joined(t, "")
	b.c.peer.residue = 3
	for b.seq < 12 {
		b.beat("active", "hbd", "1")
	}
	b.wantsNot("NS_ackmsg")
	b.beat("active", "hbd", "1")
	b.wants("t=NS_ackmsg dest=beta ackseq=d")
	b.clear()
	b.seq++ // 14 is missing
	for b.seq < 25 {
		b.beat("active", "hbd", "1")
	}
	b.wantsNot("NS_ackmsg")
	b.deliver(b.message("repnodes", "seq", "e", "nodelist", "alpha beta"))
	b.wants("t=NS_ackmsg dest=beta ackseq=17")
	b.c.peer.acked = 5
	for _, ack := range []string{"3", "ffffff", "x"} { // lower, never sent, no number
		b.deliver(b.message("NS_ackmsg", "dest", "alpha", "ackseq", ack))
	}
	if b.c.peer.acked != 5 {
		t.Errorf("acknowledged: %d", b.c.peer.acked)
	}
}

func TestReqnodesAndRepnodes(t *testing.T) {
	b := newBench(t)
	b.wants("send t=status st=init", "send t=status st=up dt=1388 protocol=1")
	b.beat("up")
	b.wants("send t=reqnodes dest=beta")
	b.clear()
	b.advance(2500*time.Millisecond, "beats")
	if n := len(b.sent("reqnodes")); n != 2 {
		t.Errorf("%d requests in 2.5 s, want one a second", n)
	}
	b.clear()
	b.from("reqnodes", "dest", "alpha")
	b.wants("send dest=beta t=repnodes nodelist=alpha beta  delnodelist= ")
	b.clear()
	b.from("reqnodes", "dest", "gamma")
	b.wantsNot("send")
	b.from("repnodes", "dest", "gamma", "nodelist", "alpha beta")
	b.wantsNot("Comm_now_up")
	b.from("repnodes", "nodelist", "beta")
	b.wants("WARN beta does not list node alpha: is ha.cf the same on both nodes?", "Comm_now_up(): updating status to active", "t=starting")
}

func TestStrangersAndReplays(t *testing.T) {
	b := joined(t, "")
	for reason, m := range map[string]*wire.Message{
		"bad-node": b.message("status", "src", "gamma", "seq", "1", "st", "active"),
		"replay":   b.message("status", "hg", "4", "seq", "999", "st", "active"),
		"early":    b.message("resource", "hg", "6", "seq", "999", "rsc_hold", "all", "rtype", "full"),
		"old":      b.message("status", "seq", "1", "st", "up"),
		"own-name": b.message("status", "src", "alpha", "hg", "77", "seq", "1", "st", "active"),
	} {
		b.clear()
		b.deliver(m)
		if b.c.View(b.now).Drops[reason] != 1 {
			t.Errorf("%s is not counted: %v", reason, b.c.View(b.now).Drops)
		}
		b.wantsNot("run", "send t", "restart", "Status update")
	}
	for _, m := range []*wire.Message{
		wire.New("status"), b.message("status"), b.message("status", "seq", "zz"), b.message("", "seq", "5"),
	} {
		b.deliver(m)
	}
	if n := b.c.View(b.now).Drops["incomplete"]; n != 4 {
		t.Errorf("incomplete: %d", n)
	}
	b.clear()
	b.deliver(b.message("status", "src", "alpha", "hg", "9", "seq", "1")) // our own broadcast
	b.wants("Link alpha:eth0 up.")
}

func TestRetransmittedStatusRenewsNothing(t *testing.T) {
	b := joined(t, "")
	old := b.message("status", "seq", hex(b.seq+1), "st", "up", "dt", "1388", "hbd", "1")
	b.seq++
	b.beat("active", "hbd", "1")
	b.advance(4900 * time.Millisecond)
	b.deliver(old)
	b.advance(200 * time.Millisecond)
	b.wants("node beta: is dead")
	b.wantsNot("status up")
}

func TestFirstBeatAnnouncesTheConfiguredDeadtime(t *testing.T) {
	b := newBench(t)
	for _, m := range b.sent("status") {
		if m.Str("dt") != "1388" {
			t.Errorf("dt=%s, want 1388: 5 s", m.Str("dt"))
		}
	}
	if len(b.sent("status")) == 0 {
		t.Error("no beat at the start")
	}
}

func TestLateBeats(t *testing.T) {
	b := joined(t, "")
	b.advance(3 * time.Second)
	b.beat("active", "hbd", "1")
	b.wants("WARN Late heartbeat: Node beta: interval 3000 ms")
	b.from("status", "st", "active", "dt", "2710", "hbd", "1")
	b.advance(6 * time.Second)
	b.beat("active", "hbd", "1")
	b.wants("CRIT Late heartbeat: Node beta: interval 6000 ms (> deadtime)")
	b.wantsNot("is dead")
	b.from("status", "dt", "2710")
	b.wants("status update without st field")
}

func TestStallIsNoVerdict(t *testing.T) {
	b := joined(t, "")
	b.now += 20 * time.Second // nobody let this node run
	b.step(Tick{})
	b.wants("WARN This node was held up for")
	b.wantsNot("is dead")
	b.beat("active", "hbd", "1") // it waited in a socket
	b.advance(3*time.Second, "beats", "hbd", "1")
	b.wantsNot("is dead")
	b.now += 20 * time.Second
	b.step(Tick{})
	b.advance(2100 * time.Millisecond)
	b.wants("node beta: is dead") // nothing came in the grace either
}

func TestMaxRexmitDelayBelowAHundred(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.MaxRexmit = 40 * time.Millisecond })
	b.seq++
	b.beat("active", "hbd", "1")
	b.advance(40*time.Millisecond, "beats", "hbd", "1")
	b.wants("NS_rexmit")
}
