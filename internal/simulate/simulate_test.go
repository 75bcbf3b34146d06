package simulate

import (
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

var (
	seeds   = flag.Uint64("seeds", defaultSeeds, "how many simulated lives")
	first   = flag.Uint64("first", 0, "the first of them")
	longest = flag.Duration("longest", defaultLongest, "begin no more when this much of a processor was used, on a slow machine")
)

// patience is for a machine that is busy with something else.
const patience = 2 * time.Minute

// TestSimulation plays seeded lives. A failure prints the command that plays it again.
func TestSimulation(t *testing.T) {
	begin, used := time.Now(), cpuTime()
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	r := Farm{
		First: *first, Seeds: *seeds, Workers: runtime.NumCPU(), AtMost: 10,
		Ended: func() bool { return cpuTime()-used > *longest || time.Since(begin) > patience },
		Found: func(f Fault) { t.Errorf("%v\n\tmake simulate SEED=%d", f, f.Seed) },
	}.Play()
	var b strings.Builder
	WriteTally(&b, r.Tally)
	t.Logf("\n%s%s", b.String(), Closing(r, time.Since(begin), cpuTime()-used))
	if r.Seeds < *seeds/100 {
		t.Errorf("only %d of %d seeds were played in %s", r.Seeds, *seeds, time.Since(begin))
	}
	for _, c := range Cases {
		if r.Tally.Cases[c] == 0 && r.Seeds >= 20000 {
			t.Errorf("no seed came to %q", c)
		}
	}
	elsewhere := map[string]bool{"split-fences": true, "replace-unnoticed": true, "reload-in-time": true} // TestFencedSimulation, TestReplacedSimulation
	for _, rule := range Rules {
		if rule.arm != nil && !elsewhere[rule.Name] && r.Tally.Judged[rule.Name] == 0 && r.Seeds >= 2000 {
			t.Errorf("rule %s was never judged", rule.Name)
		}
	}
}

// TestSameSeedSameLife plays seeds again, on another number of processors.
func TestSameSeedSameLife(t *testing.T) {
	play := func(workers int) Result { return Farm{First: 100, Seeds: 40, Workers: workers}.Play() }
	one, many := play(1), play(7)
	if !reflect.DeepEqual(one, many) {
		t.Errorf("one worker:\n%+v\nseven:\n%+v", one, many)
	}
	for seed := range uint64(200) {
		if a, b := Generate(seed), Generate(seed); !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d makes different plans", seed)
		}
	}
}

// TestScriptReplaysExactly writes a life as a scenario, reads it again and compares every line of
// its trace.
func TestScriptReplaysExactly(t *testing.T) {
	for seed := range uint64(30) {
		plan := Generate(seed)
		first, r := traced(t, plan)
		again, err := ReadPlan(plan.Script(r.Calms))
		if err != nil {
			t.Fatal(err)
		}
		second, _ := traced(t, again)
		if first != second {
			t.Fatalf("seed %d: the script plays another life", seed)
		}
		if len(first) < 500 {
			t.Fatalf("seed %d: a life of nothing:\n%s", seed, first)
		}
	}
}

func traced(t *testing.T, plan Plan) (string, *Run) {
	t.Helper()
	var b strings.Builder
	r, err := Play(plan, func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) })
	if err != nil || r.Failure != nil {
		t.Fatalf("seed %d: %v %v", plan.Seed, err, r.Failure)
	}
	return b.String(), r
}

// TestShrink makes a plan small whose failure needs two of its steps, in order, and one of its groups.
func TestShrink(t *testing.T) {
	for seed := range uint64(400) {
		plan := Generate(seed)
		if !brokenByKillAndClock(plan) {
			continue
		}
		play := func(p Plan) (*Failure, error) {
			if brokenByKillAndClock(p) {
				return &Failure{Rule: "planted"}, nil
			}
			return nil, nil
		}
		small := shrink(plan, play)
		if len(small.Steps) != 2 || !brokenByKillAndClock(small) || len(small.Head) != 2 {
			t.Errorf("seed %d: not small:\n%s", seed, small.Script(nil))
		}
		for _, s := range small.Steps {
			if s.Pause != 0 {
				t.Errorf("seed %d: a pause of %s was not needed", seed, s.Pause)
			}
		}
		return
	}
	t.Fatal("no seed has a kill and then a clock step")
}

func brokenByKillAndClock(p Plan) bool {
	group, nodes, kill := false, false, false
	for _, h := range p.Head {
		group = group || strings.HasPrefix(h, "group ") && strings.Contains(h, "ip2")
		nodes = nodes || strings.HasPrefix(h, "nodes")
	}
	for _, s := range p.Steps {
		if strings.HasPrefix(s.Line, "kill") {
			kill = true
		}
		if kill && strings.HasPrefix(s.Line, "clock") {
			return group && nodes
		}
	}
	return false
}
