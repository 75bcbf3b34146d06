package core

import (
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// A node that was held up sends one beat when it goes on, not all that it missed: a burst would look
// to the other node like a repaired network, and cost it the log.
func TestMissedBeatsAreNotMadeUpFor(t *testing.T) {
	for _, held := range []time.Duration{20500 * time.Millisecond, 21 * time.Second} {
		b := joined(t, "1:1:db")
		b.now += held
		b.step(Tick{})
		b.advance(0)
		if n := len(b.sent("status")); n != 1 {
			t.Errorf("%d beats after %s without one, want 1", n, held)
		}
		b.advance(time.Second)
		if n := len(b.sent("status")); n != 2 {
			t.Errorf("%d beats a second later, want 2", n)
		}
	}
}

// The time at which the kernel took a datagram is believed only if it can be true: a wrong one must
// neither keep a dead node alive nor kill a living one.
func TestTimeOfArrival(t *testing.T) {
	for name, heard := range map[string]func(now time.Duration) time.Duration{
		"none":          func(time.Duration) time.Duration { return 0 },
		"in the future": func(now time.Duration) time.Duration { return now + time.Hour },
	} {
		b := joined(t, "1:1:db")
		b.advance(time.Second)
		b.seq++
		m := b.message("status", "st", "active", "dt", "1388", "hbd", "1", "seq", hex(b.seq))
		b.step(Received{Link: "eth0", Heard: heard(b.now), Msg: m})
		if age := b.c.View(b.now).Nodes[1].LastBeat; age != 0 {
			t.Errorf("%s: the newest beat is %s old", name, age)
		}
		b.advance(4900 * time.Millisecond)
		b.wantsNot("is dead")
		b.advance(200 * time.Millisecond)
		b.wants("node beta: is dead")
	}
}

// What lacks its sender or its time is counted as that, whatever else it carries.
func TestIncompleteMessages(t *testing.T) {
	b := joined(t, "")
	for _, lacks := range []string{"src", "ts", "seq"} {
		m := &wire.Message{}
		for _, f := range b.message("status", "st", "active", "seq", hex(b.seq+1)).Fields {
			if f.Name != lacks {
				m.AddStr(f.Name, string(f.Value))
			}
		}
		b.deliver(m)
	}
	if d := b.c.View(b.now).Drops; len(d) != 1 || d["incomplete"] != 3 {
		t.Errorf("%v, want three incomplete ones", d)
	}
}

func TestStrangerBesideAClusterOfOne(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Peer = "" })
	for _, kind := range []string{"status", "NS_ackmsg", "resource"} {
		b.deliver(b.message(kind, "seq", "1", "st", "active"))
	}
	if d := b.c.View(b.now).Drops["bad-node"]; d != 3 {
		t.Errorf("%d, want 3 from a bad node", d)
	}
}

// An acknowledgement shows that a link works; from a node held for dead it may be a recording.
func TestLinkOfAnUnnumberedMessage(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Links = []string{"eth0", "eth1"} })
	b.step(Received{Link: "eth1", Msg: b.message("NS_ackmsg", "dest", "alpha", "ackseq", "1")})
	b.wants("Link beta:eth1 up.")
	b.advance(11 * time.Second)
	b.wants("node beta: is dead", "Link beta:eth1 dead.")
	b.clear()
	b.step(Received{Link: "eth1", Msg: b.message("NS_ackmsg", "dest", "alpha", "ackseq", "1")})
	b.wantsNot("up.")
}

// Somebody plays beats again that he recorded in an earlier life of a node. The node has died since, and
// must be found dead: its groups run nowhere.
func TestRecordedBeatsKeepNobodyAlive(t *testing.T) {
	b := joined(t, "1:1:db")
	b.gen, b.seq = 0x1f, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.claim("1:1:db")
	b.clear()
	for range 6 {
		b.advance(900 * time.Millisecond)
		b.deliver(b.message("status", "hg", "1e", "seq", "999", "st", "active", "dt", "ffffff", "hbd", "1"))
	}
	b.wants("node beta: is dead", "run db start", "attempted replay attack [beta]? [gen = 30, curgen = 31]")
}

// Another machine that beats in our name is told from our own broadcasts, which come back.
func TestOwnNameOnly(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Generation = 0x1f })
	for _, own := range []*wire.Message{
		b.message("status", "src", "alpha", "hg", "1f", "seq", "1"),
		b.message("status", "src", "alpha", "hg", "", "seq", "1"),
		b.message("status", "src", "alpha", "hg", "?", "seq", "1"),
	} {
		b.deliver(own)
	}
	if d := b.c.View(b.now).Drops; len(d) != 0 {
		t.Errorf("our own are dropped: %v", d)
	}
	b.deliver(b.message("status", "src", "alpha", "hg", "2f", "seq", "1"))
	if d := b.c.View(b.now).Drops["own-name"]; d != 1 {
		t.Errorf("the other's is not: %v", d)
	}
}

// What an earlier life acknowledged, the new one has not.
func TestNewLifeHasAcknowledgedNothing(t *testing.T) {
	b := joined(t, "1:1:db")
	b.deliver(b.message("NS_ackmsg", "dest", "alpha", "ackseq", hex(b.c.seq)))
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.clear()
	b.rexmit("1", "1")
	if len(b.sends()) != 1 {
		t.Errorf("not sent again: %s", b.text())
	}
}

// A C node that restarts while we wait for its word has its ten seconds anew.
func TestTenSecondsBeginAnew(t *testing.T) {
	b := newBench(t)
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(6*time.Second, "beats")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.advance(time.Second, "beats")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	for range 3 {
		b.advance(3*time.Second, "beats")
		b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0") // the first one counts
	}
	b.wantsNot("local resource transition completed.")
	b.advance(1500*time.Millisecond, "beats")
	b.wants("local resource transition completed.")
}

// A restart that begins with a status of no meaning leaves nothing of the earlier life behind.
func TestNewLifeWithoutAStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(3*time.Second, "beats", "hbd", "1")
	b.advance(time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.from("status", "dt", "1388", "protocol", "1")
	v := b.c.View(b.now).Nodes[1]
	if v.Status != "init" || v.Software != "" || v.LastBeat != -1 || v.Since != b.c.now.Wall {
		t.Errorf("%+v", v)
	}
	b.advance(4900 * time.Millisecond)
	b.wantsNot("is dead")
	b.advance(6 * time.Second)
	b.wants("is dead")
}

// A status without the status renews no life and changes no deadtime.
func TestStatusWithoutStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	b.advance(3 * time.Second)
	b.from("status", "dt", "2710", "hbd", "1")
	b.advance(2100 * time.Millisecond)
	b.wants("node beta: is dead")
}

// A node announces its own deadtime. What is no time, or none at all, changes nothing: with a deadtime
// of nothing a living node would be dead at once, with a huge one a dead node never.
func TestAnnouncedDeadtime(t *testing.T) {
	for dt, want := range map[string]time.Duration{
		"2710": 10 * time.Second, "0": 5 * time.Second, "": 5 * time.Second, "zz": 5 * time.Second, "fffffffff": 5 * time.Second,
	} {
		b := joined(t, "1:1:db")
		b.from("status", "st", "active", "dt", dt, "hbd", "1")
		if got := b.c.View(b.now).Nodes[1].Deadtime; got != want {
			t.Errorf("dt=%s: deadtime %s, want %s", dt, got, want)
		}
	}
}

// Status words that 3.0.6 does not know change nothing; those that it knows do, with their time.
func TestStatusWords(t *testing.T) {
	b := newBench(t)
	for _, st := range []string{"up", "away", "init", "up", "active", "asleep"} {
		b.now += time.Second
		b.beat(st)
		want, v := st, b.c.View(b.now).Nodes[1]
		switch st {
		case "away":
			want = "up"
		case "asleep":
			want = "active"
		default:
			if v.Since != b.c.now.Wall {
				t.Errorf("%s since %d, want %d", st, v.Since, b.c.now.Wall)
			}
		}
		if v.Status != want {
			t.Errorf("after a beat with %s: %s, want %s", st, v.Status, want)
		}
	}
}

// An operator sees how often beats were late, and the longest gap. What is exactly on time is not late.
func TestLateBeatsAreCounted(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Deadtime, c.Initdead = 5*time.Second, 30*time.Second })
	b.from("status", "st", "active", "dt", "7530", "hbd", "1") // it allows itself 30 s
	b.advance(2 * time.Second)
	b.beat("active", "dt", "7530", "hbd", "1")
	b.wantsNot("Late heartbeat")
	b.from("status", "st", "active", "dt", "7530", "hbd", "1")
	b.advance(5 * time.Second)
	b.from("status", "st", "active", "dt", "7530", "hbd", "1")
	b.wants("WARN Late heartbeat: Node beta: interval 5000 ms\n")
	b.advance(6 * time.Second)
	b.from("status", "st", "active", "dt", "7530", "hbd", "1")
	b.wants("CRIT Late heartbeat: Node beta: interval 6000 ms (> deadtime)")
	if v := b.c.View(b.now).Nodes[1]; v.LateBeats != 2 || v.WorstGap != 6*time.Second {
		t.Errorf("%d late, worst gap %s", v.LateBeats, v.WorstGap)
	}
}
