package explore

import (
	"maps"
	"slices"
	"testing"
)

// TestFewerOrders: the search that leaves orders out comes to every state in which no message is on its way that the
// search of all orders comes to, and to no other.
func TestFewerOrders(t *testing.T) {
	names := []string{"crash", "stall", "failback-cut"}
	if raced {
		names = names[:1]
	}
	for _, name := range names {
		few, all := *scopeOf(name), *scopeOf(name)
		all.full = true
		want, got := quietStates(t, &all), quietStates(t, &few)
		t.Logf("%s: %d of %d states", name, got.states, want.states)
		if !slices.Equal(slices.Sorted(maps.Keys(got.seen)), slices.Sorted(maps.Keys(want.seen))) {
			t.Errorf("%s: %d states without a message instead of %d", name, len(got.seen), len(want.seen))
		}
		if got.states >= want.states {
			t.Errorf("%s: nothing was left out", name)
		}
	}
}

type quietSeen struct {
	seen   map[uint64]bool
	states int
}

func quietStates(t *testing.T, s *Scope) quietSeen {
	x := newSearch(s, Limits{})
	q := quietSeen{seen: map[uint64]bool{}}
	x.look = func(p *pair, h uint64) {
		if len(p.ways) == 0 {
			q.seen[mix(h, p.left.pack())] = true
		}
	}
	if !x.visit(s.first(nil)) {
		t.Fatal(x.result)
	}
	q.states = x.result.States
	return q
}
