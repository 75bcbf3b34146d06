package pacer

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
)

// TestBothEnds lets both ends run at once, as two processes would: what the decider is told must be what went
// out, and after Revoke nothing does. The race detector looks at who touches a slot when.
func TestBothEnds(t *testing.T) {
	const rounds = 20000
	mem := new(shared)
	prod, cons := newProducer(mem), &consumer{mem: mem}
	var over atomic.Bool
	var sent []int
	var lastSent atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			w, at := cons.next()
			if at == forever || !cons.take(w) {
				if over.Load() {
					return
				}
				runtime.Gosched()
				continue
			}
			s := cons.slot()
			var n int
			fmt.Sscanf(string(s.data[:s.size]), "beat %d", &n)
			lastSent.Store(int64(n))
			sent = append(sent, n)
			cons.done(w)
		}
	}()
	r := rand.New(rand.NewPCG(1, 2))
	var waiting, told []int
	next := 0
	for range rounds {
		for range r.IntN(4) {
			if prod.offer(int64(next+1), text(next+1)) {
				next++
				waiting = append(waiting, next)
			}
		}
		if r.IntN(4) == 0 {
			runtime.Gosched()
		}
		if r.IntN(3) > 0 {
			n := prod.report()
			told, waiting = append(told, waiting[:n]...), waiting[n:]
			continue
		}
		prod.revoke()
		for prod.end > 0 && prod.slot(prod.end-1).word.Load()&stateMask == stateTaken {
			prod.finish()
		}
		n := prod.report()
		told, waiting = append(told, waiting[:n]...), nil
		if len(told) > 0 && lastSent.Load() != int64(told[len(told)-1]) {
			t.Fatalf("after Revoke the last beat that went out is %d, the decider was told %d", lastSent.Load(), told[len(told)-1])
		}
	}
	prod.revoke()
	over.Store(true)
	<-ended
	n := prod.report()
	told = append(told, waiting[:n]...)
	if !slices.Equal(sent, told) {
		t.Fatalf("%d beats went out, the decider was told of %d", len(sent), len(told))
	}
	t.Logf("%d beats offered, %d went out", next, len(sent))
}
