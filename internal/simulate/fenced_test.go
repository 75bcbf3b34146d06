package simulate

import (
	"testing"
	"time"
)

// TestFencedSimulation plays lives of pairs with STONITH devices: there are never two owners, whatever happens.
func TestFencedSimulation(t *testing.T) {
	seedsToPlay := *seeds / 8
	begin, used := time.Now(), cpuTime()
	r := Farm{
		First: *first, Seeds: seedsToPlay, Workers: 2, AtMost: 5, Fenced: true,
		Ended: func() bool { return cpuTime()-used > *longest/12 || time.Since(begin) > patience },
		Found: func(f Fault) { t.Errorf("%v\n\tmake simulate SEED=%d SIMULATE=--fenced", f, f.Seed) },
	}.Play()
	t.Logf("%d fenced lives of %s; judged: split-fences %d times, takeover-in-time %d", r.Seeds, r.Lived, r.Tally.Judged["split-fences"], r.Tally.Judged["takeover-in-time"])
	if r.Seeds < seedsToPlay/100 || r.Seeds >= 400 && (r.Tally.Judged["split-fences"] == 0 || r.Tally.Judged["takeover-in-time"] == 0) {
		t.Errorf("only %d of %d seeds: %v", r.Seeds, seedsToPlay, r.Tally.Judged)
	}
}
