package explore

import (
	"time"

	"heartbeatd/internal/core"
)

// window is how many messages of a sender are in flight: the oldest. The others wait behind them.
const window = 3

// Budget is what may happen in one run, and how often.
type Budget struct {
	Crash   int // a power cut, or the daemon is killed
	Cut     int // the cable is cut, both ways or one
	Stall   int // a daemon is stopped by SIGSTOP, for as long as maxStall
	Command int // an operator's command
	Lose    int // a message
	Double  int // a message
	Order   int // messages that overtake older ones of the same sender
	Delay   int // steps in time by which messages are late, in all
	Slow    int // steps in time that scripts take, in all
	Fail    int // a script fails
	Hang    int // a script does not end by itself
	Replace int // a daemon replaces itself, with the same haresources or the next one
}

// pack gives each kind five bits, the highest of which is never set: see covers.
func (b *Budget) pack() (packed uint64) {
	for _, n := range [...]int{b.Crash, b.Cut, b.Stall, b.Command, b.Lose, b.Double, b.Order, b.Delay, b.Slow, b.Fail, b.Hang, b.Replace} {
		packed = packed<<5 | uint64(n)
	}
	return packed
}

const guards = 0x842108421084210

// covers says that a packed budget allows everything that another one does.
func covers(a, b uint64) bool { return ((a|guards)-b)&guards == guards }

type kind uint8

const (
	deliver kind = iota
	finish
	tick
	boot
	resume
	mend
	command
	lose
	double
	hang
	stall
	cut
	kill
	crash
	replace
	reload
)

var kindNames = [...]string{"deliver", "script", "tick", "boot", "resume", "mend", "command", "lose", "double", "hang", "stall", "cut", "kill", "crash", "replace", "reload"}

// choice is one thing that can happen next.
type choice struct {
	kind kind
	node int // whose; deliver, lose, double: who sent it
	n    int // which message, script, command or side
	how  outcome
}

// choices are all that can happen next, what happens every day first.
func (p *pair) choices(out []choice) []choice {
	out = p.arrivals(out)
	for i := range p.nodes {
		for n, j := range p.nodes[i].jobs {
			out = p.endings(out, i, n, j)
		}
	}
	next := p.nextTick()
	for i := range p.nodes {
		m := &p.nodes[i]
		if m.core != nil && !m.stalled && m.core.NextTick() <= max(next, p.now) && p.mayPass(next) {
			out = append(out, choice{kind: tick, node: i})
		}
		if m.core == nil && (p.scope.Cold || m.life >= firstLife) {
			out = append(out, choice{kind: boot, node: i})
		}
		if m.stalled {
			out = append(out, choice{kind: resume, node: i})
		}
	}
	if p.cut != [2]bool{} {
		out = append(out, choice{kind: mend})
	}
	return p.troubles(out)
}

// arrivals are the messages that may arrive next.
func (p *pair) arrivals(out []choice) []choice {
	var older [2]int
	for n := range p.ways {
		from := p.ways[n].from
		if older[from] == 0 || older[from] < window && p.left.Order > 0 {
			out = append(out, choice{kind: deliver, node: from, n: n})
		}
		older[from]++
	}
	return out
}

// overtakes says whether an older message of the same sender is still on the way.
func (p *pair) overtakes(n int) bool {
	for k := range n {
		if p.ways[k].from == p.ways[n].from {
			return true
		}
	}
	return false
}

// troubles are the choices that cost something.
func (p *pair) troubles(out []choice) []choice {
	b := &p.left
	for n := range p.ways {
		if b.Lose > 0 {
			out = append(out, choice{kind: lose, node: p.ways[n].from, n: n})
		}
		if b.Double > 0 {
			out = append(out, choice{kind: double, node: p.ways[n].from, n: n})
		}
	}
	if b.Cut > 0 && p.cut == [2]bool{} {
		for n := range 3 {
			out = append(out, choice{kind: cut, n: n})
		}
	}
	for i := range p.nodes {
		m := &p.nodes[i]
		if b.Hang > 0 {
			for n, j := range m.jobs {
				if !j.hangs {
					out = append(out, choice{kind: hang, node: i, n: n})
				}
			}
		}
		if m.core == nil {
			continue
		}
		if b.Command > 0 {
			for n := range p.scope.Commands {
				out = append(out, choice{kind: command, node: i, n: n})
			}
		}
		if b.Replace > 0 && p.mayReplace(i) {
			out = append(out, choice{kind: replace, node: i})
			if p.scope.Next != nil && m.file == 0 {
				out = append(out, choice{kind: reload, node: i})
			}
		}
		if b.Stall > 0 && !m.stalled {
			out = append(out, choice{kind: stall, node: i})
		}
		if b.Crash > 0 {
			out = append(out, choice{kind: kill, node: i}, choice{kind: crash, node: i})
		}
	}
	return out
}

// endings are the ways a script can end. A status of an earlier daemon's tells nobody anything.
func (p *pair) endings(out []choice, i, n int, j job) []choice {
	end := func(how outcome) { out = append(out, choice{finish, i, n, how}) }
	end(well)
	if p.left.Fail == 0 {
		return out
	}
	switch j.run.Op {
	case core.Start:
		end(badly)
		end(halfway)
	case core.Stop:
		end(badly)
		end(forGood)
	case core.Status:
		end(killed)
	}
	return out
}

// nextTick is the next moment at which anything is due.
func (p *pair) nextTick() time.Duration {
	next := core.NoTick
	for i := range p.nodes {
		if m := &p.nodes[i]; m.core != nil && !m.stalled {
			next = min(next, m.core.NextTick())
		}
	}
	return next
}

// mayPass says whether time may go on to a moment while messages and scripts are at work.
func (p *pair) mayPass(to time.Duration) bool {
	if to <= p.now {
		return true
	}
	late, slow := p.waiting()
	if late > p.left.Delay || slow > p.left.Slow {
		return false
	}
	for k := range p.ways {
		if to-p.ways[k].sent > maxDelay {
			return false
		}
	}
	for i := range p.nodes {
		if m := &p.nodes[i]; m.stalled && to-m.since > maxStall {
			return false
		}
	}
	return true
}

// waiting is what a step in time costs.
func (p *pair) waiting() (messages, scripts int) {
	for i := range p.nodes {
		for _, j := range p.nodes[i].jobs {
			if !j.hangs {
				scripts++
			}
		}
	}
	return len(p.ways), scripts
}

// take makes a choice.
func (p *pair) take(c choice) *pair {
	q := p.clone()
	m := &q.nodes[c.node]
	if p.disturbs(c) {
		q.still = q.now
		q.expect(c)
	}
	switch c.kind {
	case deliver:
		if p.overtakes(c.n) {
			q.left.Order--
		}
		q.deliver(c.n)
	case finish:
		if c.how != well {
			q.left.Fail--
		}
		q.finish(c.node, c.n, c.how)
	case tick:
		q.tick(c.node)
	case boot:
		q.boot(c.node)
	case resume:
		q.resume(c.node)
	case mend:
		q.cut = [2]bool{}
	case command:
		q.left.Command--
		q.hand(c.node, q.scope.Commands[c.n])
	default:
		q.hurt(m, c)
	}
	q.judge()
	return q
}

func (p *pair) hurt(m *machine, c choice) {
	switch c.kind {
	case lose:
		p.left.Lose--
		p.ways = append(p.ways[:c.n:c.n], p.ways[c.n+1:]...)
	case double:
		p.left.Double--
		p.ways = append(p.ways, p.ways[c.n])
	case hang:
		p.left.Hang--
		m.jobs[c.n].hangs = true
	case stall:
		p.left.Stall--
		m.stalled, m.since, m.blamed = true, p.now, true
	case kill:
		p.left.Crash--
		m.blamed = true
		p.end(c.node)
	case crash:
		p.left.Crash--
		p.crash(c.node)
	case replace:
		p.left.Replace--
		p.replace(c.node, m.file)
	case reload:
		p.left.Replace--
		p.replace(c.node, 1)
	case cut:
		p.left.Cut--
		p.cutOff(c.n)
	}
}

// cutOff cuts one way (0, 1: what that node sends) or both (2). What is on the way is lost: that it
// arrives before the cut is another choice.
func (p *pair) cutOff(side int) {
	p.cut = [2]bool{side != 1, side != 0}
	p.nodes[0].blamed, p.nodes[1].blamed = true, true
	kept := p.ways[:0]
	for _, f := range p.ways {
		if !p.cut[f.from] {
			kept = append(kept, f)
		}
	}
	p.ways = kept
}

func (p *pair) tick(i int) {
	if next := p.nextTick(); next > p.now {
		late, slow := p.waiting()
		p.left.Delay -= late
		p.left.Slow -= slow
		if p.now = next; late+slow > 0 {
			p.still = p.now
		}
	}
	p.hand(i, core.Tick{})
}
