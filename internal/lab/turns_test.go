//go:build integration

package lab

import (
	"runtime"
	"slices"
	"sync"
	"testing"
)

// urgency orders those who wait for their turn.
type urgency int

const (
	last  urgency = iota // when all others are done
	soon                 // in the order in which they came
	first                // before them
)

const (
	aShare     = 1  // of one pair
	everything = 14 // pairs at once: they mostly wait
)

// turns lets so many tests run beside each other that two processors do not hold them up.
type turns struct {
	guard   sync.Mutex
	taken   int
	waiting []*turn // the next first
}

type turn struct {
	share int
	when  urgency
	come  chan struct{}
}

var room turns

// take waits for a share.
func (r *turns) take(share int, when urgency) {
	machine.start()
	me := &turn{share: share, when: when, come: make(chan struct{})}
	r.guard.Lock()
	r.waiting = append(r.waiting, me)
	slices.SortStableFunc(r.waiting, func(a, b *turn) int { return int(b.when) - int(a.when) })
	r.next()
	r.guard.Unlock()
	<-me.come
}

// give gives a share back.
func (r *turns) give(share int) {
	r.guard.Lock()
	defer r.guard.Unlock()
	r.taken -= share
	r.next()
}

// next lets in whoever fits.
func (r *turns) next() {
	for len(r.waiting) > 0 && r.taken+r.waiting[0].share <= everything {
		r.taken += r.waiting[0].share
		close(r.waiting[0].come)
		r.waiting = r.waiting[1:]
	}
}

// TestTurns: the urgent go first, whoever needs everything waits for all and is waited for.
func TestTurns(t *testing.T) {
	var r turns
	r.take(aShare, soon)
	var guard sync.Mutex
	var order []string
	var all sync.WaitGroup
	for i, w := range []struct {
		name  string
		share int
		when  urgency
	}{{"replay", everything, last}, {"big", everything, soon}, {"small", everything - 1, soon}, {"long", everything, first}} {
		all.Go(func() {
			r.take(w.share, w.when)
			guard.Lock()
			order = append(order, w.name)
			guard.Unlock()
			r.give(w.share)
		})
		for waiting := 0; waiting <= i; { // one after the other
			r.guard.Lock()
			waiting = len(r.waiting)
			r.guard.Unlock()
			runtime.Gosched()
		}
	}
	r.give(aShare)
	all.Wait()
	if want := []string{"long", "big", "small", "replay"}; !slices.Equal(order, want) {
		t.Errorf("their turn came in the order %q, want %q", order, want)
	}
	if r.taken != 0 {
		t.Errorf("%d shares are still taken", r.taken)
	}
}
