package explore

import (
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/core"
)

// settled: alpha runs web, beta runs db, and no script is at work.
func (b *bench) settled() {
	b.quick, b.beating = true, true
	b.beat("active")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ")
	b.claims("1:1000:db", "")
	b.clear()
	b.quick = false
}

func (b *bench) asks() {
	b.settled()
	b.step(core.StandbyCommand{Which: core.All})
}

func (b *bench) releases() {
	b.asks()
	b.dialogue = b.ourNumber() + " offered"
	b.says("other")
}

func (b *bench) offers() {
	b.settled()
	b.says("me")
}

// states bring the bench into a state of the group web, or of the dialogue; some for one event only.
var states = map[string]func(b *bench){
	"group probing": func(b *bench) { b.beat("active") },
	"group found": func(b *bench) { // db is still asked for, so nothing is decided
		b.runs["web"] = true
		b.beat("active")
		b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ")
		b.end(0)
	},
	"group starting": func(b *bench) {
		b.settled()
		b.quick = true
		b.step(core.StandbyCommand{Which: core.All})
		b.dialogue = b.ourNumber() + " offered"
		b.says("other")
		b.quick, b.dialogue = false, ""
		b.claims("1:1000:db", "") // it has given up
	},
	"group stopping": (*bench).releases,
	"group stop-failed": func(b *bench) { // it yields to an older claim, and web cannot be stopped
		b.settled()
		b.claims("1:1000:db 0:1000:web", "")
		b.end(1)
		b.advance(1100 * time.Millisecond)
		b.end(1)
		b.end(0)
		if !b.has("reboot") {
			b.t.Error("no reboot is asked for")
		}
	},
	"standby asked":     (*bench).asks,
	"standby releasing": (*bench).releases,
	"standby waiting": func(b *bench) {
		b.releases()
		b.end(0)
	},
	"standby offered": (*bench).offers,
	"standby taking": func(b *bench) {
		b.offers()
		b.dialogue = strings.Replace(b.dialogue, "asked", "waiting", 1)
		b.claims("", "standby")
	},
	// Beta, a C node that has released db for us, was silent for too long, and is heard again with its `done`.
	"standby taking | peer returns": func(b *bench) {
		b.ofC = true
		b.settled()
		b.beating = false
		b.advance(initdead + deadtime)
		b.says("done")
	},
}

// events are what beta or an operator does then.
var events = map[string]func(b *bench){
	"peer dies": func(b *bench) {
		b.beating = false
		b.advance(initdead + deadtime)
	},
	"peer returns": func(b *bench) {
		b.beating = false
		b.advance(initdead + deadtime)
		b.clear()
		b.beat("active")
	},
	"standby taking | peer returns": func(b *bench) { b.beat("active") },
	"peer restarts": func(b *bench) {
		b.gen, b.seq, b.claim, b.dialogue = b.gen+1, 0, 0, ""
		b.beat("up")
	},
	"peer says goodbye":      func(b *bench) { b.from("shutdone", "st", "dead") },
	"peer is stopping":       func(b *bench) { b.dialogue = ""; b.claims("1:2000:db", "shutdown") },
	"peer is starting":       func(b *bench) { b.from("starting") },
	"peer says me":           func(b *bench) { b.says("me") },
	"peer says other":        func(b *bench) { b.says("other") },
	"peer says done":         func(b *bench) { b.says("done") },
	"peer asks to take over": func(b *bench) { b.from("hb_takeover", "rsc_hold", "all") },
	"peer claims it":         func(b *bench) { b.claims("1:2000:db 0:2000:web", "") },
	"peer could not start it": func(b *bench) {
		b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "hbd_groups", "1:2000:db", "hbd_failed", "web")
	},
	"its script is killed": func(b *bench) {
		r := b.jobs[0]
		b.jobs = nil
		b.step(core.ScriptDone{ID: r.ID, Path: r.Resource, Unsure: true, RC: 137})
	},
	"a script of another group ends": func(b *bench) { // beta gives db up, alpha takes it
		b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1", "hbd_groups", "", "hbd_failed", "db")
		b.end(0)
	},
	"standby command":  func(b *bench) { b.step(core.StandbyCommand{Which: core.All}) },
	"takeover command": func(b *bench) { b.step(core.TakeoverCommand{Which: core.All}) },
	"stop command":     func(b *bench) { b.step(core.StopCommand{}) },
}

// meeting is a pair that neither a scope nor a scenario comes to, and what must follow: each of
// want is said, or is not where it begins with "!".
type meeting struct {
	state, event string
	want         string
	then         func(b *bench)
	later        string // the same after then
}

// TestMeetings: each event meets its state, and what follows is right.
func TestMeetings(t *testing.T) { meetings(t) }

func meetings(t *testing.T) *Coverage {
	all := NewCoverage()
	for _, m := range unmet {
		t.Run(m.state+" | "+m.event, func(t *testing.T) {
			b := newBench(t, nil)
			pair := m.state + " | " + m.event
			prepare, own := states[pair]
			if !own {
				prepare = states[m.state]
			}
			prepare(b)
			b.clear()
			b.met = NewCoverage()
			event, own := events[pair]
			if !own {
				event = events[m.event]
			}
			event(b)
			if b.met.Pairs()[pair] == 0 {
				t.Errorf("it does not come to this pair; now %+v", b.c.Standing())
			}
			all.add(b.met)
			b.wants(m.want)
			if m.then != nil {
				b.clear()
				m.then(b)
				b.wants(m.later)
			}
		})
	}
	return all
}

func (b *bench) wants(list string) {
	b.t.Helper()
	for _, want := range strings.Split(list, " | ") {
		text, not := strings.CutPrefix(want, "!")
		if b.has(text) == not {
			b.t.Errorf("want %q:\n%s\n%+v", want, strings.Join(b.said, "\n"), b.c.Standing())
		}
	}
}

func endAll(b *bench) {
	for len(b.jobs) > 0 {
		b.end(0)
	}
}
