package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"heartbeatd/internal/scenario"
)

// GenerateFenced makes the plan of a seed for a pair in which each node can reset the other. Its devices are slow,
// fail and hang, but they do not lie: against that nothing helps.
func GenerateFenced(seed uint64) Plan {
	p := Generate(seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for i, l := range p.Head {
		if strings.HasPrefix(l, "options ") {
			p.Head[i] = l + " stonith=on"
		}
	}
	node := func() string { return []string{"alpha", "beta"}[r.IntN(2)] }
	var steps []Step
	for _, m := range []string{"alpha", "beta"} {
		steps = append(steps, Step{Line: fmt.Sprintf("device %s works %s", m, time.Duration(1+r.IntN(8000))*time.Millisecond)})
	}
	trouble := r.IntN(3) == 0
	for _, s := range p.Steps {
		if trouble && r.IntN(6) == 0 {
			what := []string{"fails", fmt.Sprintf("fails %d", 1+r.IntN(4)), "hangs", "ends", "works", "alien"}[r.IntN(6)]
			steps = append(steps, Step{Line: "device " + node() + " " + what})
		}
		steps = append(steps, s)
	}
	p.Steps = steps
	return p
}

// fenced says that each node of the pair can reset the other.
func (r *Run) fenced() bool {
	return r.w.OptionsOf(r.pair[0]).Stonith && r.w.OptionsOf(r.pair[1]).Stonith
}

// unfenced are the rules about what two owners come to: with fencing there are none.
var unfenced = map[string]bool{
	"split-serves": true, "split-heals": true, "split-ends": true, "long-stall": true, "one-direction": true,
}

// fencedOneOwner is the rule of that name: it knows of no excuse by a split.
func (r *Run) fencedOneOwner(word string) {
	if on := r.w.Owners(word); r.fenced() && len(on) > 1 && !r.spoiled[word] && !r.twoHomes(word) {
		r.fail("fenced-one-owner", "%s runs on %s in spite of fencing", word, strings.Join(on, " and "))
	}
}

// fenceTime is how long a device that works takes; unworkable: it does not, so nothing is promised.
func (r *Run) fenceTime(by int) (take time.Duration, works bool) {
	m := r.pair[by]
	if !r.w.OptionsOf(m).Stonith {
		return 0, true
	}
	d := m.Device
	return d.Take, d.Fails == 0 && !d.Hang && !d.Lie && !d.Alien
}

// resetting says that a device is at work: it resets its machine whatever has become of it.
func (r *Run) resetting() bool { return r.pair[0].Fencing() || r.pair[1].Fencing() }

// splitFences is the rule split-fences: in a split one node is reset and the other has everything, or each has reset
// the other at the same moment.
func splitFences(r *Run, a *act) {
	x, y := r.pair[0], r.pair[1]
	if !r.fenced() || !a.before.settled || !r.parted(a) || !r.healthy(x) || !r.healthy(y) {
		return
	}
	takeX, okX := r.fenceTime(0)
	takeY, okY := r.fenceTime(1)
	if !okX || !okY {
		return
	}
	after := max(r.takeoverTime(x, y)+takeY, r.takeoverTime(y, x)+takeX)
	r.owe("split-fences", after, func() error {
		switch {
		case x.Core == nil && y.Core == nil:
			return nil
		case x.Core == nil:
			return r.runsAll(y, nil)
		case y.Core == nil:
			return r.runsAll(x, nil)
		}
		return fmt.Errorf("nobody was reset")
	})
}

// deviceOf says that a node's device works, or that it needs none.
func (r *Run) deviceOf(m *scenario.Machine) bool {
	_, works := r.fenceTime(m.Index())
	return works
}
