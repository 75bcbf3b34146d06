package pacer

import (
	"fmt"
	"slices"
	"testing"
)

// pair is both ends of a ring in one process; beats are numbers, and their moments too.
type pair struct {
	*producer
	*consumer
	offered int   // beats that were taken into the ring since the start, revoked ones included
	waiting []int // offered, and neither sent nor revoked as far as the decider has been told
	sent    []int // by the consumer, in its order
	counted int   // of those, told to the decider
}

func newPair() *pair {
	mem := new(shared)
	return &pair{producer: newProducer(mem), consumer: &consumer{mem: mem}}
}

func text(n int) []byte { return fmt.Appendf(nil, "beat %d", n) }

func (p *pair) offerNext() bool {
	n := p.offered + 1
	if !p.offer(int64(n), text(n)) {
		return false
	}
	p.offered = n
	p.waiting = append(p.waiting, n)
	return true
}

// takeNext makes the consumer take the next beat and says its word.
func (p *pair) takeNext() (word uint64, ok bool) {
	w, at := p.next()
	if at == forever || !p.take(w) {
		return 0, false
	}
	s := p.consumer.slot()
	var n int
	fmt.Sscanf(string(s.data[:s.size]), "beat %d", &n)
	p.sent = append(p.sent, n)
	return w, true
}

// sendNext is what the pacer does when the moment has come.
func (p *pair) sendNext() bool {
	w, ok := p.takeNext()
	if ok {
		p.done(w)
	}
	return ok
}

// told checks a count the decider got: the beats that went out are the first of those it offered.
func (p *pair) told(n int) error {
	if n > len(p.waiting) {
		return fmt.Errorf("told that %d went out of %d", n, len(p.waiting))
	}
	got := p.sent[p.counted:]
	if !slices.Equal(got, p.waiting[:n]) {
		return fmt.Errorf("told that %v went out, but %v did", p.waiting[:n], got)
	}
	p.counted += n
	p.waiting = p.waiting[n:]
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRingInOrder(t *testing.T) {
	p := newPair()
	for lap := range 5 {
		for range Slots {
			if !p.offerNext() {
				t.Fatalf("lap %d: no room", lap)
			}
		}
		if p.offerNext() {
			t.Fatal("more beats than slots")
		}
		for range Slots {
			if !p.sendNext() {
				t.Fatal("nothing to send")
			}
		}
		if p.sendNext() {
			t.Fatal("a beat was sent twice")
		}
		must(t, p.told(p.report()))
		if len(p.waiting) != 0 {
			t.Fatalf("%d sent beats were not told", len(p.waiting))
		}
	}
}

func TestRevoke(t *testing.T) {
	p := newPair()
	for range 5 {
		p.offerNext()
	}
	p.sendNext()
	p.sendNext()
	p.revoke()
	must(t, p.told(p.report()))
	if p.sendNext() || p.report() != 0 {
		t.Fatal("a revoked beat was sent")
	}
	p.waiting = nil
	for range Slots { // revoked slots are free again, all of them, though the consumer never woke
		if !p.offerNext() {
			t.Fatal("revoked slots are not free")
		}
	}
	p.revoke()
	p.waiting = nil
	if !p.offerNext() || !p.sendNext() {
		t.Fatal("the ring does not go on")
	}
	must(t, p.told(p.report()))
}

// A beat that is being sent at the moment of Revoke counts as sent, and its slot is not used
// before that is over, not even a lap later.
func TestTakenWhileRevoked(t *testing.T) {
	p := newPair()
	p.offerNext()
	p.offerNext()
	word, _ := p.takeNext()
	p.revoke()
	must(t, p.told(p.report()))
	p.waiting = nil
	for range Slots - 1 {
		if !p.offerNext() {
			t.Fatal("no room beside the taken slot")
		}
	}
	if p.offerNext() {
		t.Fatal("the slot of a beat that is being sent was used")
	}
	p.done(word)
	if !p.offerNext() {
		t.Fatal("no room after the beat was sent")
	}
}

// The pacer looked at a beat; before it takes it, that one is revoked and another lies there.
func TestTakeWhatWasLookedAt(t *testing.T) {
	p := newPair()
	p.offerNext()
	word, _ := p.next()
	p.revoke()
	p.offerNext()
	if p.take(word) {
		t.Fatal("took another beat than it looked at")
	}
}

// A late change of the slot is never slept over: either the pacer sees it, or the decider wakes it.
func TestWaking(t *testing.T) {
	p := newPair()
	if p.mustWake() {
		t.Error("woken for nothing")
	}
	word, _ := p.next()
	p.offerNext()
	if p.sleep(word, forever) {
		t.Error("sleeps though a beat came")
	}
	if !p.mustWake() {
		t.Error("not woken from an endless sleep")
	}
	if p.mustWake() {
		t.Error("woken twice for one beat")
	}
	word, at := p.next()
	if !p.sleep(word, at) {
		t.Error("does not sleep though nothing changed")
	}
	p.offerNext()
	if p.mustWake() {
		t.Error("woken for a later beat")
	}
	p.revoke()
	if !p.offer(0, text(0)) || !p.mustWake() {
		t.Error("not woken for an earlier beat")
	}
}

func TestRefused(t *testing.T) {
	p := newPair()
	if p.offer(1, nil) || p.offer(1, make([]byte, MaxBeat+1)) {
		t.Error("a beat without bytes, or with too many, was taken")
	}
	if !p.offer(10, make([]byte, MaxBeat)) || !p.offer(10, []byte("x")) {
		t.Error("a beat of the greatest length, or of the same moment, was refused")
	}
	if p.offer(9, []byte("x")) {
		t.Error("a beat before the one before it was taken")
	}
	p.revoke()
	if !p.offer(9, []byte("x")) {
		t.Error("refused because of a beat that was revoked")
	}
}

// FuzzRing plays any order of what both ends do, the pacer's in its single steps, against a list.
func FuzzRing(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4, 0, 5})
	f.Add([]byte{0, 1, 4, 0, 2, 3, 0, 0, 1, 2, 4, 3})
	f.Fuzz(func(t *testing.T, steps []byte) {
		p := newPair()
		var looked, taken uint64 // words the pacer has in hand
		for _, b := range steps {
			switch b % 6 {
			case 0:
				full := len(p.waiting)-(len(p.sent)-p.counted) == Slots // what was sent and not yet told has made room
				if p.offerNext() && full {
					t.Fatal("more beats than slots")
				}
			case 1:
				if taken == 0 {
					if w, at := p.next(); at != forever {
						looked = w
					}
				}
			case 2: // take what was looked at, however long ago that was
				if taken == 0 && looked != 0 && p.take(looked) {
					s := p.consumer.slot()
					var n int
					fmt.Sscanf(string(s.data[:s.size]), "beat %d", &n)
					p.sent = append(p.sent, n)
					taken, looked = looked, 0
				}
			case 3:
				if taken != 0 {
					p.done(taken)
					taken = 0
				}
			case 4:
				p.revoke()
				must(t, p.told(p.report()))
				p.waiting = nil
			case 5:
				must(t, p.told(p.report()))
			}
		}
		must(t, p.told(p.report()))
		if len(p.sent) != p.counted {
			t.Fatalf("%d beats went out, %d were counted", len(p.sent), p.counted)
		}
		if !slices.IsSorted(p.sent) {
			t.Fatalf("sent out of order: %v", p.sent)
		}
	})
}
