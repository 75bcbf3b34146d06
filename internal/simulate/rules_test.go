package simulate

import (
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// bites has, for each rule, a life in which it is broken by something that no step of the plan did.
var bites = []struct {
	rule  string
	lines string // after the head: commands, a pause each
	at    time.Duration
	harm  func(r *Run)
}{
	{"one-owner", "calm", 20 * time.Second, func(r *Run) { r.do("run beta ip1") }},
	{"false-death", "calm", 20 * time.Second, func(r *Run) { r.says("alpha", "node beta: is dead") }},
	{"sleeper-waits", "calm;stall alpha 20s", 50001 * time.Millisecond, func(r *Run) { r.says("alpha", "node beta: is dead") }},
	{"claim-truth", "calm;clock alpha 1s", 15 * time.Second, func(r *Run) { r.pair[0].Running["ip2"] = true }},
	{"one-script", "calm", 20 * time.Second, twoScripts},
	{"order", "calm;crash alpha", 40 * time.Second, func(r *Run) {
		r.run(r.pair[0], core.Run{Group: "ip1", Resource: "fs1", Op: core.Start})
	}},
	{"nothing-moves", "calm", 20 * time.Second, func(r *Run) {
		r.w.Step(r.pair[0], core.StandbyCommand{Which: core.All})
	}},
	{"traffic", "calm;clock alpha 1s;clock alpha 1s;clock alpha 1s;clock alpha 1s", 20 * time.Second, func(r *Run) { r.pair[0].Sent += 100000 }},
	{"converges", "stop alpha;calm", time.Second, always},
	{"no-panic", "calm", 20 * time.Second, func(*Run) { panic("planted") }},
	{"takeover-in-time", "calm;crash alpha", 33 * time.Second, func(r *Run) { r.w.Crash(r.pair[1]) }},
	{"trouble-stays-local", "calm;script beta ip2 start rc=1;clock beta 1s;crash alpha", 96 * time.Second, func(r *Run) { delete(r.pair[1].Running, "ip1") }},
	{"stop-in-time", "calm;stop alpha", 30100 * time.Millisecond, func(r *Run) { r.w.Stall(r.pair[1]) }},
	{"exit-in-time", "calm;stop alpha", 30100500 * time.Microsecond, func(r *Run) { r.w.Stall(r.pair[0]) }},
	{"restart-keeps", "calm;restart alpha", 30001 * time.Millisecond, func(r *Run) { r.w.Stall(r.pair[0]) }},
	{"return-in-time", "calm;stop alpha;boot alpha", 60001 * time.Millisecond, func(r *Run) { r.w.Stall(r.pair[0]) }},
	{"start-alone", "boot alpha", 4 * time.Second, func(r *Run) { r.w.Stall(r.pair[0]) }},
	{"start-together", "clock alpha 1s;boot alpha now;boot beta", 25001 * time.Millisecond, func(r *Run) { r.w.Stall(r.pair[0]) }},
	{"move-in-time", "calm;standby alpha all", 30002 * time.Millisecond, func(r *Run) { r.w.Stall(r.pair[1]) }},
	{"short-stall", "calm;stall alpha 1s", 30500 * time.Millisecond, func(r *Run) { r.w.Step(r.pair[1], core.StopCommand{}) }},
	{"long-stall", "calm;stall alpha 20s", 34 * time.Second, func(r *Run) { r.w.Crash(r.pair[1]) }},
	{"split-serves", "calm;cut alpha", 31 * time.Second, func(r *Run) { r.w.Crash(r.pair[1]) }},
	{"split-ends", "calm;deafen alpha beta;hear alpha beta", 63200 * time.Millisecond, func(r *Run) { r.do("run alpha ip1") }},
	{"split-heals", "calm;cut alpha;mend alpha", 60001 * time.Millisecond, func(r *Run) { r.w.Stall(r.pair[1]) }},
	{"fenced-one-owner", "fenced;calm;cut alpha", 50 * time.Second, func(r *Run) {
		for _, m := range r.pair {
			m.Running["ip1"] = true
		}
		r.changed(r.pair[0], "ip1")
	}},
	{"split-fences", "fenced;calm;cut alpha", 31 * time.Second, func(r *Run) {
		for _, m := range r.pair {
			m.Device.Hang = true
		}
	}},
	{"replace-unnoticed", "calm;replace alpha", 31 * time.Second, func(r *Run) {
		r.w.Step(r.pair[1], core.StandbyCommand{Which: core.All})
	}},
	{"reload-difference", "calm;edit alpha alpha ip1 fs1 new now;replace alpha", 31 * time.Second, func(r *Run) {
		r.run(r.pair[0], core.Run{Group: "ip1", Resource: "fs1", Op: core.Start})
	}},
	{"reload-in-time", "calm;edit alpha alpha ip1 fs1 new now;edit beta alpha ip1 fs1 new now;replace alpha now;replace beta", 30001 * time.Millisecond, func(r *Run) {
		r.w.Stall(r.pair[0])
	}},
	{"one-direction", "calm;deafen alpha beta", 31 * time.Second, func(r *Run) { r.w.Stall(r.pair[0]) }},
}

const bittenHead = "options auto_failback=off;group alpha ip1 fs1;group beta ip2;nodes alpha beta;dice 1"

// TestRulesBite breaks each guarantee once and expects its rule, and no other, to say so; without
// the harm the same life must pass.
func TestRulesBite(t *testing.T) {
	for _, b := range bites {
		t.Run(b.rule, func(t *testing.T) {
			if f := bite(t, b.lines, 0, nil); f != nil {
				t.Fatalf("without harm: %v", f)
			}
			switch f := bite(t, b.lines, b.at, b.harm); {
			case f == nil:
				t.Error("the harm is not seen")
			case f.Rule != b.rule:
				t.Errorf("another rule is broken: %v", f)
			}
		})
	}
}

// TestEveryRuleIsBitten says which rule no life above breaks.
func TestEveryRuleIsBitten(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range bites {
		seen[b.rule] = true
	}
	for _, name := range RuleNames() {
		if !seen[name] {
			t.Errorf("no life breaks %s", name)
		}
	}
}

// bite plays a life with 30 s after each step that does not say now, and does harm at a moment of it.
func bite(t *testing.T, lines string, at time.Duration, harm func(r *Run)) *Failure {
	t.Helper()
	head := bittenHead
	if rest, fenced := strings.CutPrefix(lines, "fenced;"); fenced {
		head, lines = strings.Replace(head, "options ", "options stonith=on ", 1), rest
	}
	plan := Plan{Head: strings.Split(head, ";")}
	for _, l := range strings.Split(lines, ";") {
		line, now := strings.CutSuffix(l, " now")
		pause := 30 * time.Second
		if now {
			pause = 0
		}
		plan.Steps = append(plan.Steps, Step{line, pause})
	}
	plan.Steps[0].Pause = 25 * time.Second // a calm takes 5 s itself
	r, err := playWith(plan, nil, func(r *Run) {
		if harm != nil {
			r.w.At(at, func() { harm(r) })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Failure
}

func (r *Run) do(line string) {
	if err := r.play.Do(line); err != nil {
		panic(err)
	}
}

func (r *Run) says(node, text string) {
	r.action(r.w.Machine(node), core.Log{From: "heartbeat", Text: text})
}

// always lets a node crash, again and again.
func always(r *Run) {
	r.w.Crash(r.pair[1])
	r.w.At(r.w.Now+time.Second, func() { always(r) })
}

// twoScripts sees two scripts of a group begin, as a core would that has forgotten the first.
func twoScripts(r *Run) {
	r.w.Machine("alpha").Scripts["ip1"] = scenario.Script{Take: 5 * time.Second}
	for range 2 {
		r.w.Run(r.pair[0], core.Run{Group: "ip1", Resource: "ip1", Op: core.Status})
	}
	r.run(r.pair[0], core.Run{Group: "ip1", Resource: "ip1", Op: core.Status})
}
