package core

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// bench holds one core and plays the rest of the world by hand: the other node's messages, the
// scripts, the time.
type bench struct {
	t   *testing.T
	c   *Core
	now time.Duration
	all []Action // since the last call of clear

	gen, seq uint64 // of the other node
	runs     []Run  // not ended yet
	// answer ends a script at once, if set and if it says so.
	answer func(Run) (rc int, out string, ends bool)
}

func testConfig() Config {
	return Config{
		Self: "alpha", Peer: "beta", UUID: []byte("0123456789abcdef"), Generation: 9, PID: 42, TTL: 3, Fingerprint: "f",
		Failback:  FailbackOff,
		Keepalive: time.Second, Deadtime: 5 * time.Second, Warntime: 2 * time.Second, Initdead: 10 * time.Second,
		Groups: []GroupConfig{{Home: "alpha", Resources: []string{"ip1", "web"}}, {Home: "beta", Resources: []string{"db"}}},
	}
}

// newBench starts a core. Its scripts work at once: what was started runs, nothing else does.
func newBench(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	cfg := testConfig()
	for _, f := range change {
		f(&cfg)
	}
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	running := map[string]bool{}
	b.answer = func(r Run) (int, string, bool) {
		switch r.Op {
		case Start:
			running[r.Resource] = true
		case Stop:
			delete(running, r.Resource)
		case Status:
			if running[r.Resource] {
				return 0, "running", true
			}
			return 3, "stopped", true
		}
		return 0, "", true
	}
	b.step(Started{})
	return b
}

// joined is a core that is settled beside a heartbeatd peer which holds the given groups.
func joined(t *testing.T, groups string, change ...func(*Config)) *bench {
	t.Helper()
	b := newBench(t, change...)
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	b.claim(groups)
	if b.c.phase != phaseStable {
		t.Fatalf("not joined: phase %d", b.c.phase)
	}
	b.clear()
	return b
}

// joinedToC is the same beside a C node.
func joinedToC(t *testing.T, hold string, change ...func(*Config)) *bench {
	t.Helper()
	b := newBench(t, change...)
	b.beat("active")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	b.from("resource", "rsc_hold", hold, "rtype", "full", "isstable", "1")
	if b.c.phase != phaseStable {
		t.Fatalf("not joined: phase %d", b.c.phase)
	}
	b.clear()
	return b
}

func (b *bench) step(ev Event) {
	b.t.Helper()
	out := b.c.Step(Stamp{At: b.now, Wall: 1_700_000_000 + int64(b.now/time.Second), Rand: 1234}, ev)
	b.all = append(b.all, out...)
	for _, a := range out {
		if r, ok := a.(Run); ok {
			b.runs = append(b.runs, r)
		}
	}
	for len(b.runs) > 0 {
		r := b.runs[0]
		rc, text, ends := b.answer(r)
		if !ends {
			return
		}
		b.runs = b.runs[1:]
		b.step(ScriptDone{ID: r.ID, RC: rc, Output: text, Path: "/etc/ha.d/resource.d/" + r.Resource})
	}
}

// end ends the oldest script that runs.
func (b *bench) end(rc int, out string) {
	b.t.Helper()
	if len(b.runs) == 0 {
		b.t.Fatal("no script runs")
	}
	r := b.runs[0]
	b.runs = b.runs[1:]
	b.step(ScriptDone{ID: r.ID, RC: rc, Output: out, Path: "/etc/ha.d/resource.d/" + r.Resource})
}

// hang lets scripts run until end is called.
func (b *bench) hang() { b.answer = func(Run) (int, string, bool) { return 0, "", false } }

// message makes one of the other node; fields given come first.
func (b *bench) message(t string, fields ...string) *wire.Message {
	m := wire.New(t)
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	for _, f := range [][2]string{{"src", "beta"}, {"ts", "1"}, {"hg", strconv.FormatUint(b.gen, 16)}} {
		if !m.Has(f[0]) {
			m.AddStr(f[0], f[1])
		}
	}
	return m
}

// from delivers a message of the other node with the next number.
func (b *bench) from(t string, fields ...string) {
	b.t.Helper()
	b.seq++
	b.deliver(b.message(t, append(fields, "seq", strconv.FormatUint(b.seq, 16))...))
}

func (b *bench) deliver(m *wire.Message) {
	b.t.Helper()
	b.step(Received{Link: "eth0", Heard: b.now, Msg: m})
}

func (b *bench) beat(st string, fields ...string) {
	b.t.Helper()
	b.from("status", append([]string{"st", st, "dt", "1388", "protocol", "1"}, fields...)...)
}

// claim delivers a heartbeatd peer's settled claim of groups such as "1:100:web".
func (b *bench) claim(groups string, fields ...string) {
	b.t.Helper()
	b.from("resource", append([]string{"rsc_hold", "none", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", groups}, fields...)...)
}

// advance lets time pass; a peer that beats does so every second.
func (b *bench) advance(d time.Duration, beats ...string) {
	b.t.Helper()
	end, next := b.now+d, b.now+time.Second
	for n := 0; ; n++ {
		if n > 10000 {
			b.t.Fatal("time stands still")
		}
		at := b.c.NextTick()
		if len(beats) > 0 && next <= at && next <= end {
			b.now, next = next, next+time.Second
			b.beat("active", beats[1:]...)
			continue
		}
		if at > end {
			b.now = end
			return
		}
		b.now = at
		b.step(Tick{})
	}
}

func (b *bench) clear() { b.all = nil }

// text is everything done since clear, a line each.
func (b *bench) text() string {
	var s strings.Builder
	for _, a := range b.all {
		switch a := a.(type) {
		case Log:
			fmt.Fprintf(&s, "%s %s\n", a.Level, a.Text)
		case Run:
			fmt.Fprintf(&s, "run %s %s\n", a.Resource, a.Op)
		case Announce:
			fmt.Fprintf(&s, "announce %s\n", a.Resource)
		case Reboot:
			fmt.Fprintf(&s, "reboot %s\n", a.Reason)
		case Exit:
			s.WriteString("exit\n")
		case Send:
			s.WriteString("send")
			for _, f := range a.Msg.Fields {
				switch f.Name {
				case "src", "srcuuid", "seq", "hg", "ts", "ld", "ttl":
				default:
					fmt.Fprintf(&s, " %s=%s", f.Name, f.Value)
				}
			}
			s.WriteByte('\n')
		}
	}
	return s.String()
}

func (b *bench) wants(parts ...string) {
	b.t.Helper()
	text := b.text()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			b.t.Errorf("%q is missing in\n%s", p, text)
		}
	}
}

func (b *bench) wantsNot(parts ...string) {
	b.t.Helper()
	text := b.text()
	for _, p := range parts {
		if strings.Contains(text, p) {
			b.t.Errorf("%q is in\n%s", p, text)
		}
	}
}

// sent are the messages of a type since clear.
func (b *bench) sent(t string) []*wire.Message {
	var list []*wire.Message
	for _, a := range b.all {
		if s, ok := a.(Send); ok && s.Msg.Str("t") == t {
			list = append(list, s.Msg)
		}
	}
	return list
}

// lastClaim is the newest claim since clear.
func (b *bench) lastClaim() *wire.Message {
	b.t.Helper()
	list := b.sent("resource")
	if len(list) == 0 {
		b.t.Fatalf("no claim was sent:\n%s", b.text())
	}
	return list[len(list)-1]
}

func (b *bench) group(key string) *group {
	for _, g := range b.c.groups {
		if g.key == key {
			return g
		}
	}
	b.t.Fatalf("no group %s", key)
	return nil
}
