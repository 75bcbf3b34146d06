package pacer

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options of a Pacer.
type Options struct {
	// Priority is the real-time priority, 1 to 99 (rtprio of ha.cf); 0: no real time (realtime off).
	Priority int
	// Clock is the decider's monotonic time: every moment below is on it. nil: CLOCK_MONOTONIC.
	Clock func() time.Duration
	// Log takes a line; level is a word of 3.0.6: info, WARN, ERROR. It must not block. nil: nothing is logged.
	Log func(level, text string)
	// Stuck is how long the pacer may be later than it promised until it is killed and replaced; 0: half a second.
	Stuck time.Duration
}

// Pacer is the decider's side of the pacer and looks after its process. Every method may be called from any
// goroutine, and none waits: what takes time happens in a goroutine. One goroutine, the decider's loop, is
// meant to call Offer, Revoke, Sent, Each and Tick.
type Pacer struct {
	opt    Options
	origin int64 // CLOCK_MONOTONIC at the decider's moment 0
	score  int32
	news   chan struct{}
	done   chan struct{}
	over   chan struct{} // the supervisor has ended
	close  sync.Once

	mu     sync.Mutex
	cur    *process // nil: there is none, or it is not ready
	born   *process // started, and not ready yet
	lines  [MaxLines]outlet
	lacks  bool // a medium that it cannot be given is open: the decider sends all beats itself
	lost   bool // beats were offered to a process that is no more, and Revoke has not said yet which went out
	past   ended
	doubt  int64 // since when the pacer is later than it promised; 0: it is not
	starts uint64
}

// ended is what pacers that are no more have left.
type ended struct {
	sent  int // beats that went out and were not reported
	last  int64
	late  histogram
	lates []missed
	lines [MaxLines]lineCount
}

// New starts the pacer. It is ready a little later, which News tells; until then Offer takes nothing. An
// error means that there can never be one here: the decider then sends all beats itself.
func New(opt Options) (*Pacer, error) {
	if !entered {
		return nil, fmt.Errorf("starting the pacer: this program does not call pacer.Entry")
	}
	if opt.Clock == nil {
		opt.Clock = func() time.Duration { return time.Duration(clock()) }
	}
	if opt.Log == nil {
		opt.Log = func(string, string) {}
	}
	if opt.Stuck <= 0 {
		opt.Stuck = 500 * time.Millisecond
	}
	p := &Pacer{
		opt: opt, origin: clock() - int64(opt.Clock()), score: ownScore(),
		news: make(chan struct{}, 1), done: make(chan struct{}), over: make(chan struct{}),
	}
	for i := range p.lines {
		p.lines[i].fd = -1
	}
	go p.supervise()
	return p, nil
}

func ownScore() int32 {
	n, _ := strconv.ParseInt(strings.TrimSpace(string(readFile("/proc/self/oom_score_adj"))), 10, 32)
	return int32(n)
}

func (p *Pacer) moment(at time.Duration) int64  { return int64(at) + p.origin }
func (p *Pacer) decider(at int64) time.Duration { return time.Duration(at - p.origin) }

// Offer puts a signed beat behind those that were offered before, to be sent at that moment; a moment
// that has passed means at once. It keeps no reference to data. It returns false if the pacer cannot take it: no process, no
// room, longer than MaxBeat, or earlier than the beat before it. The decider sends such a beat itself.
func (p *Pacer) Offer(at time.Duration, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cur == nil || p.lacks || p.lost || !p.cur.ring.offer(p.moment(at), data) {
		return false
	}
	if p.cur.ring.mustWake() && !p.cur.tell(message{kind: msgWake}, -1) {
		p.cur.kill() // it has not read for very long
	}
	return true
}

// Revoke calls back every beat that has not gone out. Afterwards none of them does. It returns how many went
// out since the last Revoke or Sent; they are the first of those offered. A beat that is just being sent
// counts as gone, and is given half a millisecond to be so.
func (p *Pacer) Revoke() (sent int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = false
	if p.cur != nil {
		p.cur.ring.revoke()
		p.cur.ring.finish()
	}
	return p.report()
}

// Sent returns how many beats went out since the last Revoke or Sent, and leaves the others.
func (p *Pacer) Sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.report()
}

func (p *Pacer) report() int {
	n := p.past.sent
	p.past.sent = 0
	if p.cur != nil {
		n += p.cur.ring.report()
	}
	return n
}

// Waiting is how many beats have been offered and have not gone out.
func (p *Pacer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cur == nil {
		return 0
	}
	p.cur.ring.settle()
	return int(p.cur.ring.end - p.cur.ring.begin)
}

// LastAt is the moment for which the last beat was planned that went out; false if none has. When it
// really went is that and its lateness.
func (p *Pacer) LastAt() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.past.last
	if p.cur != nil {
		p.cur.ring.settle()
		last = max(last, p.cur.ring.last)
	}
	return p.decider(last), last != 0
}

// Alive says whether there is a pacer that takes beats.
func (p *Pacer) Alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cur != nil && !p.lacks
}

// News yields something whenever a pacer has become ready or has gone. With one that has gone, beats that
// had been offered did not go out: Revoke tells how many did.
func (p *Pacer) News() <-chan struct{} { return p.news }

func (p *Pacer) tellNews() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// Tick looks whether the pacer does what it promised, and has it replaced if it does not. It is to be
// called at least as often as that should be noticed.
func (p *Pacer) Tick(now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.moment(now)
	if p.cur == nil || p.cur.mem.sleeps.Load() > t-int64(p.opt.Stuck) {
		p.doubt = 0
		return
	}
	// When the whole machine stood still the pacer needs a moment too. So it is asked twice.
	if p.doubt == 0 {
		p.doubt = t
		return
	}
	if t-p.doubt >= int64(p.opt.Stuck) {
		p.doubt = 0
		p.cur.kill()
	}
}

// Each gives, for every beat that went out since it was called last, its moment and when it really went.
func (p *Pacer) Each(f func(at, sent time.Duration)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each(&p.past.lates, f)
	if p.cur != nil {
		p.each(&p.cur.ring.lates, f)
	}
}

func (p *Pacer) each(lates *[]missed, f func(at, sent time.Duration)) {
	for _, m := range *lates {
		f(p.decider(m.at), p.decider(m.at+m.late))
	}
	*lates = (*lates)[:0]
}

// Lateness is that of all beats since New.
func (p *Pacer) Lateness() Lateness {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all histogram
	all.merge(&p.past.late)
	if p.cur != nil {
		all.merge(&p.cur.mem.late)
	}
	return all.lateness()
}

// Status is for an operator.
type Status struct {
	PID      int    // 0: no pacer now
	Starts   uint64 // pacers that became ready since New
	Sched    string // "SCHED_FIFO 1", "nice -20", "as started"; "" without a pacer
	Locked   bool   // its memory is
	Lateness Lateness
}

// Status of the pacer now.
func (p *Pacer) Status() Status {
	s := Status{Lateness: p.Lateness()}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Starts = p.starts
	if p.cur != nil {
		s.PID, s.Sched, s.Locked = p.cur.pid, p.cur.sched(), p.cur.mem.lockErrno.Load() == 0
	}
	return s
}

// longestEnd is how long Close waits for a process that was killed.
const longestEnd = 2 * time.Second

// Close ends the pacer's process and waits for that, but not for ever. Beats that were offered and have not gone out do not.
func (p *Pacer) Close() {
	p.close.Do(func() {
		close(p.done)
		p.mu.Lock()
		if p.cur != nil {
			p.cur.ring.revoke()
			p.cur.kill()
		}
		if p.born != nil {
			p.born.kill()
		}
		p.mu.Unlock()
		select {
		case <-p.over:
		case <-time.After(longestEnd): // it cannot be killed now; the end of its socket ends it
		}
		p.mu.Lock()
		for i := range p.lines {
			closeFD(p.lines[i].fd)
			p.lines[i].fd = -1
		}
		p.mu.Unlock()
	})
}
