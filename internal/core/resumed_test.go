package core

import (
	"strings"
	"testing"
	"time"
)

// alone is a cluster of one that runs everything of its own.
func alone(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	b := newBench(t, append([]func(*Config){func(c *Config) { c.Peer, c.Groups = "", c.Groups[:1] }}, change...)...)
	b.clear()
	return b
}

// withBeta is a cluster of one that gets a second node.
func withBeta(c *Config) {
	c.Peer, c.Order, c.Initdead = "beta", []string{"alpha", "beta"}, 10*time.Second
}

// TestSameLifeAfterAReplacement: the identity and the generation are those of the life that goes on, whatever the files say.
func TestSameLifeAfterAReplacement(t *testing.T) {
	b := joined(t, "1:1:db")
	b.clear()
	b.replace(func(c *Config) { c.UUID, c.Generation = []byte("another one 1234"), 77 })
	for _, m := range b.sent("status") {
		if m.Str("hg") != "9" || string(m.Bin("srcuuid")) != "0123456789abcdef" {
			t.Errorf("%v", m)
		}
	}
}

// TestResumedTicksAreNotInThePast: whoever asks a successor for its first tick gets none that has long passed.
func TestResumedTicksAreNotInThePast(t *testing.T) {
	b := joined(t, "1:1:db")
	b.group("ip1").failed, b.group("ip1").retryAt = true, b.now-time.Minute
	b.step(Handover{})
	if at := replaced(t, b.c).NextTick(); at < b.now {
		t.Errorf("%s before now", b.now-at)
	}
}

// TestClusterOfOneIsReplaced: there is no other node to look at, to tell, or to wait for.
func TestClusterOfOneIsReplaced(t *testing.T) {
	b := alone(t)
	b.replace()
	b.wantsNot("run ", "WARN", "ERROR")
	b.replace(file("g", "alpha ip1 log web", "alpha ip2"))
	b.advance(time.Minute)
	if b.scripts() != "log start, ip2 start" {
		t.Errorf("ran %q", b.scripts())
	}
	b.clear()
	b.replace(file("h", "alpha ip3 web", "alpha ip2"))
	b.advance(time.Minute)
	if b.scripts() != "log stop, ip1 stop, ip3 start" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestDeadNodeIsTakenOut: the cluster of one that is left goes on, with what it had taken over.
func TestDeadNodeIsTakenOut(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(10 * time.Second)
	b.wants("run db start")
	b.clear()
	b.replace(func(c *Config) { c.Peer, c.Order = "", []string{"alpha"} }, file("g", "alpha ip1 web", "alpha db"))
	b.advance(time.Minute)
	b.wantsNot("run ", "WARN", "ERROR")
	if v := b.c.View(b.now); len(v.Nodes) != 1 || b.c.hold() != Local {
		t.Errorf("holds %s, nodes %+v", b.c.hold(), v.Nodes)
	}
}

// TestPeerMayGoWhenItIsGone: also before it has been silent for its deadtime, and when it was never heard.
func TestPeerMayGoWhenItIsGone(t *testing.T) {
	other := func(c *Config) { c.Peer, c.Order = "gamma", []string{"alpha", "gamma"} }
	b := joined(t, "1:1:db")
	b.from("shutdone", "st", "dead")
	if _, err := resumeFrom(t, b.c, other); err != nil {
		t.Errorf("after its goodbye: %v", err)
	}
	b = alone(t)
	b.replace(withBeta)
	if _, err := resumeFrom(t, b.c, other); err != nil {
		t.Errorf("never heard: %v", err)
	}
}

// TestNewPeerIsWaitedForOnce: a second replacement does not begin its time to appear anew; and its numbers are
// acknowledged like those of any other, by the random residue.
func TestNewPeerIsWaitedForOnce(t *testing.T) {
	b := alone(t)
	b.replace(withBeta)
	since := b.now
	if v := b.c.View(b.now).Nodes[1]; v.Since != 1_700_000_000+int64(since/time.Second) {
		t.Errorf("it is there since %d", v.Since)
	}
	b.advance(6 * time.Second)
	b.replace(func(c *Config) { c.Deadtime = 7 * time.Second })
	if v := b.c.View(b.now).Nodes[1]; v.Deadtime != 7*time.Second {
		t.Errorf("it has announced no deadtime, and ours is 7 s, not %s", v.Deadtime)
	}
	b.advance(since + 10*time.Second - b.now - time.Millisecond)
	b.wantsNot("is dead")
	b.advance(2 * time.Millisecond)
	b.wants("node beta: is dead")

	b = alone(t)
	b.replace(withBeta)
	for range 9 {
		b.clear()
		b.beat("active", "hbd", "1")
		if acked := len(b.sent("NS_ackmsg")) > 0; acked != (b.seq == 3) {
			t.Errorf("number %d: acknowledged %v", b.seq, acked)
		}
	}
}

// TestKnownPeerKeepsItsPlace: a replacement does not make a node, or this one, one that has just been heard for the first time.
func TestKnownPeerKeepsItsPlace(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(30*time.Second, "beats", "hbd", "1")
	was := b.c.View(b.now)
	b.replace(func(c *Config) { c.Deadtime = 8 * time.Second })
	is := b.c.View(b.now)
	for i, n := range is.Nodes {
		if n.Since != was.Nodes[i].Since || n.Status != was.Nodes[i].Status {
			t.Errorf("%s was %s since %d, is %s since %d", n.Name, was.Nodes[i].Status, was.Nodes[i].Since, n.Status, n.Since)
		}
	}
	if is.Nodes[0].Deadtime != 8*time.Second || is.Nodes[1].Deadtime != 5*time.Second {
		t.Errorf("deadtimes: ours %s, that which beta has announced %s", is.Nodes[0].Deadtime, is.Nodes[1].Deadtime)
	}
}

// TestLinkIsTakenOut: of what is no longer in ha.cf nothing is shown or judged.
func TestLinkIsTakenOut(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.Links = []string{"eth0", "eth1"} })
	b.replace(func(c *Config) { c.Links = []string{"eth0", "eth2"} })
	for _, n := range b.c.View(b.now).Nodes {
		if len(n.Links) != 2 || n.Links[0].Name != "eth0" || n.Links[1].Name != "eth2" || n.Links[0].Up == n.Self || n.Links[1].Up {
			t.Errorf("%s: %+v", n.Name, n.Links)
		}
	}
	b.clear()
	b.advance(time.Minute, "beats", "hbd", "1")
	b.wantsNot("eth1", "dead")
}

// TestSilentSenderStaysAdrift: what a window knows of its sender's numbers is kept; one that died may come back with lower ones.
func TestSilentSenderStaysAdrift(t *testing.T) {
	for _, play := range []func(b *bench){
		func(*bench) {},
		func(b *bench) { b.advance(10 * time.Second) },
	} {
		b := joined(t, "1:1:db")
		play(b)
		b.step(Handover{})
		if was, is := b.c.peer.window.State(), replaced(t, b.c).peer.window.State(); was.Adrift != is.Adrift || was.Heard != is.Heard {
			t.Errorf("was %+v, is %+v", was, is)
		}
	}
	b := alone(t)
	b.replace(withBeta)
	b.step(Handover{})
	if replaced(t, b.c).peer.window.State().Heard {
		t.Error("it was never heard")
	}
}

// TestPingNodesOfAnotherFile: who stays is neither asked about anew nor declared dead, who is new has its time to answer, and when
// the last one goes nobody is asked any more.
func TestPingNodesOfAnotherFile(t *testing.T) {
	gw, sw := PingConfig{Name: "gw", Kind: "ping", After: 2}, PingConfig{Name: "sw", Kind: "ping", After: 2}
	pings := func(all ...PingConfig) func(*Config) {
		return func(c *Config) { c.Pings, c.Deadping = all, 5*time.Second }
	}
	b := joined(t, "1:1:db")
	b.advance(10*time.Second, "beats", "hbd", "1")
	b.replace(pings(gw))
	since := b.now
	asked := 0
	for _, a := range b.all {
		if _, ok := a.(Ping); ok {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times at once", asked)
	}
	b.clear()
	b.advance(since+5*time.Second-b.now-time.Millisecond, "beats", "hbd", "1")
	b.wantsNot("gw: is dead")
	if v := b.c.View(b.now).Nodes[2]; v.Since != 1_700_000_000+int64(since/time.Second) {
		t.Errorf("it is there since %d", v.Since)
	}
	b.step(Answered{Node: "gw", Heard: b.now})
	b.wants("Link gw:gw up.")
	up := b.c.View(b.now).Nodes[2]

	b.advance(2*time.Second, "beats", "hbd", "1")
	b.replace(pings(sw, gw))
	b.clear()
	nodes := b.c.View(b.now).Nodes
	if got := nodes[2]; got.Name != "sw" || got.Status != pingSilent || got.LastBeat >= 0 {
		t.Errorf("the new one: %+v", got)
	}
	if got := nodes[3]; got.Name != "gw" || got.Status != pingAnswers || got.Since != up.Since {
		t.Errorf("the one that stays: %+v, was %+v", got, up)
	}
	b.replace(pings(sw, PingConfig{Name: "gw", Kind: "ping6", After: 2})) // by another way it has not answered yet
	if got := b.c.View(b.now).Nodes[3]; got.Status != pingSilent {
		t.Errorf("by another kind: %+v", got)
	}
	b.replace(pings())
	b.clear()
	b.advance(time.Minute, "beats", "hbd", "1")
	for _, a := range b.all {
		if _, ok := a.(Ping); ok {
			t.Fatal("nobody is there to be asked")
		}
	}
}

// TestHandoverThatCameToNothing: the beat before it is one more, and the next one comes a keepalive later. Who has said goodbye
// beats no more.
func TestHandoverThatCameToNothing(t *testing.T) {
	b := joined(t, "")
	b.advance(300 * time.Millisecond)
	b.clear()
	b.step(Handover{})
	if n := len(b.sent("status")); n != 1 {
		t.Errorf("%d beats", n)
	}
	b.clear()
	b.advance(999 * time.Millisecond)
	b.wantsNot("t=status")
	b.advance(time.Millisecond)
	b.wants("t=status")

	b = joinedToC(t, "local")
	b.step(StopCommand{})
	b.wants("t=shutdone")
	b.clear()
	b.step(Handover{})
	b.wantsNot("t=status")
}

// TestWhatKeepsAGroupBusy: scripts that are to run, and a clash; not the waiting for a reset or for the other node's file, which
// may last for ever, and not what both say of a side without resources.
func TestWhatKeepsAGroupBusy(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    group
		want string
	}{
		{"runs", group{state: groupRunning}, ""},
		{"stopped", group{state: groupStopped}, ""},
		{"cannot be stopped", group{state: groupStopFailed}, ""},
		{"starts", group{state: groupStarting}, "is starting"},
		{"waits for a reset", group{state: groupStarting, barred: true}, ""},
		{"waits to be known to both", group{state: groupStarting, fresh: true}, ""},
		{"waits for what it got", group{state: groupStarting, careful: true}, ""},
		{"stops", group{state: groupStopping, barred: true, fresh: true, careful: true}, "is stopping"},
		{"clash", group{state: groupRunning, clashAt: 1}, "is claimed by both nodes"},
		{"clash of empty sides", group{state: groupRunning, clashAt: 1, virtual: true}, ""},
	} {
		if got := tt.g.unquiet(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.agrees("local")
	b.step(StopCommand{})
	b.wants("Shutdown delayed")
	if why := b.c.Replaceable(); !strings.Contains(why, "is stopping") {
		t.Errorf("a stop that waits for a standby: %q", why)
	}
}

// TestProgramsHearOfTheDeathThatWaited: where the device is taken out, what was to follow the reset follows.
func TestProgramsHearOfTheDeathThatWaited(t *testing.T) {
	b := dead(t, "1:1:db", func(c *Config) { c.Hooks = true })
	b.fenced(1, false, 1)
	b.clear()
	b.replace(func(c *Config) { c.Stonith = "" })
	for _, a := range b.all {
		if h, ok := a.(Hook); ok && h.Msg.Str("t") == "status" && h.Msg.Str("st") == "dead" && h.Msg.Str("src") == "beta" {
			return
		}
	}
	t.Error("rc.d/status is not told")
}

// TestSnapshotOfALongLife: what is written does not grow, and takes no longer, with the age of a life; nothing is left out that
// may be asked for, and nothing is there twice.
func TestSnapshotOfALongLife(t *testing.T) {
	b := joined(t, "1:1:db")
	for b.c.seq < 3*historySize {
		b.step(Handover{}) // which beats
	}
	b.c.peer.acked = 0
	saved := map[uint64]bool{}
	for _, m := range b.c.Snapshot().History {
		if saved[m.Seq] {
			t.Errorf("%d is there twice", m.Seq)
		}
		saved[m.Seq] = true
	}
	for seq := uint64(1); seq <= b.c.seq; seq++ {
		if kept := b.c.history.find(seq) != nil; kept != saved[seq] {
			t.Errorf("%d of %d: may be asked for %v, saved %v", seq, b.c.seq, kept, saved[seq])
		}
	}
	b.c.seq += 1 << 40
	b.step(Handover{})
	b.c.lastClaim = b.c.seq
	if n := len(b.c.Snapshot().History); n != 1 {
		t.Errorf("%d messages", n)
	}
	b = joined(t, "1:1:db") // the newest claim is also the oldest message that is kept
	b.c.peer.acked = b.c.lastClaim - 1
	if s := b.c.Snapshot(); s.History[0].Seq != b.c.lastClaim || len(s.History) > 1 && s.History[1].Seq == b.c.lastClaim {
		t.Errorf("the claim %d: %+v", b.c.lastClaim, s.History)
	}
}

// TestSavedWords: plain ASCII stays as it can be read, all else survives, and what nobody wrote is refused or taken as it stands.
func TestSavedWords(t *testing.T) {
	for plain, want := range map[string]string{"IPaddr::192.0.2.1/24/eth0 ~": "IPaddr::192.0.2.1/24/eth0 ~", "\x7f": "%7F", "100%": "100%25", "\x00\x1f\xff": "%00%1F%FF"} {
		b, err := text(plain).MarshalText()
		var back text
		if string(b) != want || err != nil || back.UnmarshalText(b) != nil || string(back) != plain {
			t.Errorf("%q is written %q and read %q", plain, b, back)
		}
	}
	for written, want := range map[string]string{"%": "%", "a%4": "a%4", "a%41": "aA", "a%41b": "aAb"} {
		var got text
		if err := got.UnmarshalText([]byte(written)); err != nil || string(got) != want {
			t.Errorf("%q is read %q, want %q: %v", written, got, want, err)
		}
	}
	if err := new(text).UnmarshalText([]byte("a%zzb")); err == nil {
		t.Error("%zz is no byte")
	}
	if s := groupStateOf("frozen"); s != groupUnknown {
		t.Errorf("a state that is not known is %s: it has to be found out", s)
	}
}
