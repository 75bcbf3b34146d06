package scenario

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"heartbeatd/internal/core"
)

var (
	seeds = flag.Int64("seeds", defaultSeeds, "how many simulated lives of a pair")
	first = flag.Int64("first", 0, "the first of them")
	seed  = flag.Int64("seed", -1, "play one seed only, with a trace")
)

// A life is so many rounds of so many faults and commands.
const (
	rounds = 3
	steps  = 10
)

// TestSimulation plays seeded lives of a pair. A failure prints the command that plays it again.
func TestSimulation(t *testing.T) {
	if *seed >= 0 {
		s := NewSimulation(*seed)
		trace(t, s)
		if err := s.Run(rounds, steps); err != nil {
			t.Fatal(err)
		}
		return
	}
	failed, lived := 0, time.Duration(0)
	var sent, ticks float64
	tally := map[string]int{}
	for n := *first; n < *first+*seeds; n++ {
		s, err := run(n)
		lived += s.World.Now
		for c, times := range s.Tally {
			tally[c] += times
		}
		sent, ticks = max(sent, s.maxSent), max(ticks, s.maxTicks)
		if err != nil {
			t.Errorf("seed %d: %v\n\tgo test ./internal/scenario -run TestSimulation -seed %d -v", n, err, n)
			if failed++; failed == 10 {
				t.Fatal("enough")
			}
		}
	}
	for _, c := range Cases {
		t.Logf("%8d times %q", tally[c], c)
		if tally[c] == 0 && *seeds >= 1000 {
			t.Errorf("no seed came to %q", c)
		}
	}
	t.Logf("%d seeds, %.0f simulated hours, %d failed; at most %.1f datagrams and %.1f ticks for each beat in a minute",
		*seeds, lived.Hours(), failed, sent, ticks)
}

func run(n int64) (s *Simulation, err error) {
	s = NewSimulation(n)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return s, s.Run(rounds, steps)
}

// trace prints what happens.
func trace(t *testing.T, s *Simulation) {
	s.Trace = t.Logf
	w := s.World
	t.Logf("%+v %+v failing %v lying %v", w.Options, w.Groups, s.failing, s.lying)
	watch := w.Emit
	w.Emit = func(node string, a core.Action) {
		watch(node, a)
		switch a := a.(type) {
		case core.Log:
			t.Logf("%s %s %s %s", stamp(w.Now), node, a.Level, a.Text)
		case core.Run:
			t.Logf("%s %s run %s %s", stamp(w.Now), node, a.Resource, a.Op)
		case core.Send:
			if k := a.Msg.Str("t"); k == "resource" || k == "ask_resources" {
				t.Logf("%s %s send %s %s stable=%s %s %s [%s]", stamp(w.Now), node, k, a.Msg.Str("rsc_hold"), a.Msg.Str("isstable"),
					a.Msg.Str("info"), a.Msg.Str("hbd_groups"), a.Msg.Str("hbd_standby"))
			}
		}
	}
}
