package interop

import (
	"fmt"
	"slices"
	"time"
)

const (
	// outageSlack is how much longer a pairing may be without service than C+C was. 3.0.6 reads
	// each message at its next tick, 0 to 0.5 s later: a planned move has three such hops, a death
	// two, and a busy machine's scripts take a few tenths more or less.
	outageSlack = 2 * time.Second
	// overlapSlack is the same for two owners, where C+C has them too.
	overlapSlack = 2 * time.Second
)

// times compares outages and times with two owners. To be better than C+C is no difference.
func (c *comparison) times(i int) {
	want, got := c.judge.Segments[i], c.other.Segments[i]
	for _, word := range c.script.Resources() {
		if w, g := total(want.Gaps[word]), total(got.Gaps[word]); g > w+outageSlack {
			c.add(i, "gap:"+word, unexplained, fmt.Sprintf("%s was without service for %v, in %s for %v", word, round(g), c.judge.Pairing, round(w)))
		}
		w, g := want.Overlaps[word], got.Overlaps[word]
		if len(g) > 0 && (len(w) == 0 || slices.Max(g) > slices.Max(w)+overlapSlack) {
			c.add(i, "overlap:"+word, unexplained, fmt.Sprintf("%s had two owners for %v, in %s for %v", word, round(total(g)), c.judge.Pairing, round(total(w))))
		}
	}
}

func total(all []time.Duration) time.Duration {
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return sum
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
