package pacer

import (
	"testing"
	"time"
)

// TestNothingIsOfferedOverLostBeats: after beats were lost with their process, another one takes none until it was
// asked what went out. Else the first that it sends would be counted as the first that was lost.
func TestNothingIsOfferedOverLostBeats(t *testing.T) {
	p := &Pacer{opt: Options{Log: func(string, string) {}}, news: make(chan struct{}, 1)}
	first, second := &process{mem: &shared{}}, &process{mem: &shared{}}
	for _, c := range []*process{first, second} {
		c.ring = newProducer(c.mem)
		c.mem.sleeps.Store(0) // nobody must be woken
	}
	p.cur = first
	if !p.Offer(time.Hour, []byte("a")) {
		t.Fatal("not taken")
	}
	p.lose(first)
	p.cur = second
	if p.Offer(time.Hour, []byte("b")) {
		t.Error("taken before anybody asked what became of the other")
	}
	if n := p.Revoke(); n != 0 {
		t.Errorf("%d beats went out", n)
	}
	if !p.Offer(time.Hour, []byte("b")) {
		t.Error("not taken though all is known")
	}
}
