package explore

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// bench is one core, alpha, that is brought into a state by events; the other node, its messages and the scripts
// are played by hand. The groups are web, whose home is alpha, and db, whose home is beta.
type bench struct {
	t    *testing.T
	met  *Coverage
	c    *core.Core
	now  time.Duration
	said []string // what the core did since clear
	jobs []core.Run
	runs map[string]bool

	quick    bool // scripts end at once, and well
	beating  bool // beta beats
	ofC      bool // beta is a C node
	gen, seq uint64
	claim    uint64 // number of beta's newest claim
	dialogue string // what beta's reports say of a standby
}

func newBench(t *testing.T, met *Coverage) *bench {
	s := Scope{Groups: two}
	conf := s.config(0, 9, 0)
	conf.HangReport = 30 * time.Second
	b := &bench{t: t, met: met, c: core.New(conf), now: dawn, runs: map[string]bool{}, gen: 5}
	b.step(core.Started{})
	return b
}

func (b *bench) step(ev core.Event) {
	before := b.c.Standing()
	actions := b.c.Step(core.Stamp{At: b.now, Wall: 1, Load: "0"}, ev)
	after := b.c.Standing()
	b.met.note(two, ev, &before, &after)
	for _, a := range actions {
		switch a := a.(type) {
		case core.Log:
			b.said = append(b.said, a.Text)
		case core.Send:
			b.said = append(b.said, b.words(a.Msg))
		case core.Run:
			b.said = append(b.said, "run "+a.Resource+" "+a.Op.String())
			b.jobs = append(b.jobs, a)
		case core.Reboot:
			b.said = append(b.said, "reboot")
		case core.Exit:
			b.said = append(b.said, "exit")
		}
	}
	for b.quick && len(b.jobs) > 0 {
		b.end(0)
	}
}

// words is a message of the core's. None may deny what runs.
func (b *bench) words(m *wire.Message) string {
	kind, listed := m.Str("t"), m.Str("hbd_groups")
	if kind == "resource" || kind == "shutdone" {
		for r, on := range b.runs { // order does not matter: each is judged by itself
			if on && !lists(listed, r) {
				b.t.Errorf("it says %s [%s], and %s runs", kind, listed, r)
			}
		}
	}
	return strings.TrimRight(fmt.Sprintf("send %s %s %s", kind, m.Str("info"), m.Str("rsc_hold")), " ")
}

// end ends the oldest script at work with that code. One that fails does nothing.
func (b *bench) end(rc int) {
	b.t.Helper()
	if len(b.jobs) == 0 {
		b.t.Fatalf("no script is at work:\n%s", strings.Join(b.said, "\n"))
	}
	r := b.jobs[0]
	b.jobs = b.jobs[1:]
	done := core.ScriptDone{ID: r.ID, RC: rc, Path: r.Resource}
	switch {
	case r.Op == core.Status && b.runs[r.Resource]:
		done.Output = "running"
	case r.Op == core.Status:
		done.RC, done.Output = 3, "stopped"
	case rc == 0:
		b.runs[r.Resource] = r.Op == core.Start
	}
	b.step(done)
}

// from delivers a message of beta's; fields are a name and a value each.
func (b *bench) from(kind string, fields ...string) {
	b.seq++
	m := wire.New(kind)
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	if kind == "resource" {
		b.claim = b.seq
	}
	if !b.ofC {
		m.AddStr("hbd", "1")
		m.AddStr("hbd_sees", "active")
		m.AddStr("hbd_claim", strconv.FormatUint(b.claim, 16))
		if b.dialogue != "" {
			m.AddStr("hbd_standby", b.dialogue)
		}
	}
	m.AddStr("src", "beta")
	m.AddStr("ts", "1")
	m.AddStr("hg", strconv.FormatUint(b.gen, 16))
	m.AddStr("seq", strconv.FormatUint(b.seq, 16))
	b.step(core.Received{Link: "eth0", Heard: b.now, Msg: m})
}

func (b *bench) beat(st string) {
	b.from("status", "st", st, "dt", strconv.FormatInt(deadtime.Milliseconds(), 16))
}

// claims is beta's claim; groups as they stand on the wire.
func (b *bench) claims(groups, info string) {
	fields := []string{"rsc_hold", "local", "rtype", "full", "isstable", "1", "info", info}
	if !b.ofC {
		fields = append(fields, "hbd_groups", groups, "hbd_haresources", "1")
	}
	b.from("resource", fields...)
}

// says is a word of the dialogue. `me` begins one of its own.
func (b *bench) says(info string) {
	if info == "me" {
		b.dialogue = strconv.FormatUint(b.seq+1, 16) + " asked"
	}
	b.from("ask_resources", "rsc_hold", "all", "info", info)
}

// advance lets time pass, with ticks when they are due.
func (b *bench) advance(d time.Duration) {
	beats := b.now + keepalive
	for end := b.now + d; b.now < end; {
		b.now = min(end, max(b.now, min(b.c.NextTick(), beats)))
		if b.now >= beats {
			beats += keepalive
			if b.beating {
				b.beat("active")
			}
		}
		if b.c.NextTick() <= b.now {
			b.step(core.Tick{})
		}
	}
}

func (b *bench) clear() { b.said = nil }

func (b *bench) has(text string) bool {
	for _, line := range b.said {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// ourNumber is the number of alpha's newest message as reports write it.
func (b *bench) ourNumber() string { return strconv.FormatUint(b.c.Seq(), 16) }
