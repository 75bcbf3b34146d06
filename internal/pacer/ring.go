package pacer

import (
	"runtime"
	"time"
)

// producer is the decider's end of the ring. Beats lie in the order of their moments. The pacer takes from
// the front, Revoke from the back, so that what is left in between is always one run: [begin, end).
type producer struct {
	mem    *shared
	serial uint64
	begin  uint64 // the first beat whose fate is not known yet
	end    uint64 // where the next beat goes
	out    int    // beats that went out and were not reported yet
	last   int64  // the moment of the last of them; 0: none yet
	lates  []missed
}

// missed is by how much a beat missed its moment.
type missed struct{ at, late int64 }

func newProducer(mem *shared) *producer {
	mem.sleeps.Store(forever)
	return &producer{mem: mem}
}

func (p *producer) slot(i uint64) *slot { return &p.mem.slots[i%Slots] }

// offer puts a beat behind the others. It must not be earlier than they are.
func (p *producer) offer(at int64, data []byte) bool {
	if len(data) == 0 || len(data) > MaxBeat {
		return false
	}
	p.settle()
	if p.end-p.begin >= Slots || p.begin < p.end && at < p.slot(p.end-1).at.Load() {
		return false
	}
	s := p.slot(p.end)
	if s.word.Load()&stateMask == stateTaken { // a beat of the lap before: whoever sends it hangs
		return false
	}
	s.at.Store(at)
	s.size = uint32(len(data))
	copy(s.data[:], data)
	p.serial++
	p.end++
	s.word.Store(p.serial<<2 | stateReady)
	return true
}

// mustWake says whether the pacer sleeps beyond the first beat. It stores when the pacer is expected
// instead, so that one call asks for one wake-up and a pacer that does not come can be told.
func (p *producer) mustWake() bool {
	if p.begin == p.end {
		return false
	}
	at, sleeps := p.slot(p.begin).at.Load(), p.mem.sleeps.Load()
	return at < sleeps && p.mem.sleeps.CompareAndSwap(sleeps, at)
}

// settle learns which beats have gone out.
func (p *producer) settle() {
	for ; p.begin < p.end; p.begin++ {
		s := p.slot(p.begin)
		if st := s.word.Load() & stateMask; st != stateTaken && st != stateSent {
			return
		}
		p.out++
		p.last = s.at.Load()
		if len(p.lates) < Slots { // nobody may be asking
			p.lates = append(p.lates, missed{p.last, s.late.Load()})
		}
	}
}

// revoke calls back what has not gone out.
func (p *producer) revoke() {
	for p.begin < p.end {
		s := p.slot(p.end - 1)
		w := s.word.Load()
		if w&stateMask != stateReady {
			break // and so are all before it
		}
		if s.word.CompareAndSwap(w, w&^stateMask|stateEmpty) {
			p.end--
		}
	}
	p.settle()
}

// longestSend is how long the decider lets the pacer finish a beat it is just sending, so that the
// decider's next message does not overtake it. 3.0.6 logs a lost packet when messages change places.
const longestSend = 500 * time.Microsecond

// finish waits a moment for the beat that is being sent.
func (p *producer) finish() {
	if p.end == 0 {
		return
	}
	s := p.slot(p.end - 1)
	if s.word.Load()&stateMask != stateTaken {
		return
	}
	for begin := clock(); s.word.Load()&stateMask == stateTaken && clock()-begin < int64(longestSend); {
		runtime.Gosched()
	}
}

// report gives the number of beats that went out since the last report.
func (p *producer) report() int {
	p.settle()
	n := p.out
	p.out = 0
	return n
}

// consumer is the pacer's end of the ring. All of it is nosplit: see sender.go.
type consumer struct {
	mem *shared
	pos uint64
}

//go:nosplit
func (c *consumer) slot() *slot { return &c.mem.slots[c.pos%Slots] }

// next is the word of the next slot and the moment of the beat in it.
//
//go:nosplit
func (c *consumer) next() (word uint64, at int64) {
	s := c.slot()
	word = s.word.Load()
	if word&stateMask != stateReady {
		return word, forever
	}
	return word, s.at.Load()
}

// sleep tells the decider until when the pacer looks at nothing. It is false if the slot changed
// meanwhile: then the decider may have looked before, and will not wake.
//
//go:nosplit
func (c *consumer) sleep(word uint64, until int64) bool {
	c.mem.sleeps.Store(until)
	return c.slot().word.Load() == word
}

// take makes the beat the pacer's. It fails if that beat was revoked.
//
//go:nosplit
func (c *consumer) take(word uint64) bool {
	return c.slot().word.CompareAndSwap(word, word&^stateMask|stateTaken)
}

// done leaves the slot to the decider.
//
//go:nosplit
func (c *consumer) done(word uint64) {
	c.slot().word.Store(word&^stateMask | stateSent)
	c.pos++
}
