package simulate

import (
	"testing"
	"time"
)

// TestReplacedSimulation plays lives in which daemons replace themselves at any moment, with the same files and with others.
func TestReplacedSimulation(t *testing.T) {
	seedsToPlay := *seeds / 16
	begin, used := time.Now(), cpuTime()
	r := Farm{
		First: *first, Seeds: seedsToPlay, Workers: 2, AtMost: 5, Replaced: true,
		Ended: func() bool { return cpuTime()-used > *longest/12 || time.Since(begin) > patience },
		Found: func(f Fault) { t.Errorf("%v\n\tmake simulate SEED=%d SIMULATE=--replaced", f, f.Seed) },
	}.Play()
	t.Logf("%d lives of %s with other files; judged: replace-unnoticed %d times, reload-in-time %d", r.Seeds, r.Lived, r.Tally.Judged["replace-unnoticed"], r.Tally.Judged["reload-in-time"])
	if r.Seeds < seedsToPlay/100 || r.Seeds >= 300 && (r.Tally.Judged["replace-unnoticed"] == 0 || r.Tally.Judged["reload-in-time"] == 0) {
		t.Errorf("only %d of %d seeds: %v", r.Seeds, seedsToPlay, r.Tally.Judged)
	}
}

// TestReplacedScriptReplaysExactly: what a step changes in ha.cf is no part of the head when the plan is read again.
func TestReplacedScriptReplaysExactly(t *testing.T) {
	for seed := range uint64(15) {
		plan := GenerateReplaced(seed)
		first, r := traced(t, plan)
		again, err := ReadPlan(plan.Script(r.Calms))
		if err != nil {
			t.Fatal(err)
		}
		if second, _ := traced(t, again); first != second {
			t.Fatalf("seed %d: the script plays another life", seed)
		}
	}
}
