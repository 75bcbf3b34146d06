package explore

import (
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// firstLife is the generation of a machine's first daemon.
const firstLife = 100

// dawn is when it all begins. In the core a time of 0 means never.
const dawn = time.Hour

// pair is the whole world. It is copied, never changed, when a choice is made.
type pair struct {
	scope *Scope
	now   time.Duration
	nodes [2]machine
	ways  []flight // messages on the way, oldest first
	cut   [2]bool  // what node i sends is lost
	left  Budget
	moved uint8         // words in another group for a daemon that has begun with another file than the other's: not promised
	split bool          // somebody was rightly declared dead and still ran: two owners are not excluded
	owner int8          // who is to have everything after an operator's command: 1 alpha, 2 beta; 0: no command is at work
	still time.Duration // when the last trouble came or went; whatever lasts by itself goes on
	wrong string        // the first broken guarantee
	met   *Coverage
	mine  bool // the cores are nobody else's: they need no copy to be stepped
}

// machine is one computer. What runs on it outlives the daemon, not a power cut.
type machine struct {
	core    *core.Core // nil while no daemon runs
	life    uint64     // generation of the daemon, or of the last one
	tops    []uint64   // newest number of each earlier life
	running uint8      // a bit a resource
	broken  uint8      // its stop script fails, again and again
	jobs    []job
	held    []core.Run // scripts that wait for those of an earlier daemon
	booted  time.Duration
	heard   time.Duration // the newest beat of the other
	beat    uint64        // number of the newest beat that reached it
	beatOf  uint64        // the life that sent it
	stalled bool
	since   time.Duration // of the stall
	inbox   []core.Event
	blamed  bool // something was done to it that can make it look dead
	file    int  // which of the scope's haresources it goes by
}

// job is a script at work.
type job struct {
	run   core.Run
	life  uint64
	hangs bool
}

// flight is a message on the way, and what the search must know of it.
type flight struct {
	from  int
	life  uint64
	msg   *wire.Message
	sent  time.Duration
	print *messagePrint
}

// newPair is two machines that are switched off.
func newPair(s *Scope, met *Coverage) *pair {
	p := &pair{scope: s, now: dawn, still: dawn, left: s.Budget, met: met}
	for i := range p.nodes {
		p.nodes[i].life = firstLife - 1
	}
	return p
}

// clone shares the cores: who steps one clones it.
func (p *pair) clone() *pair {
	q := *p
	q.ways = append(make([]flight, 0, len(p.ways)+4), p.ways...)
	for i := range q.nodes {
		m := &q.nodes[i]
		m.jobs = append([]job(nil), m.jobs...)
		m.held = m.held[:len(m.held):len(m.held)]
		m.inbox = m.inbox[:len(m.inbox):len(m.inbox)]
		m.tops = m.tops[:len(m.tops):len(m.tops)]
	}
	return &q
}

var names = [2]string{"alpha", "beta"}

func (s *Scope) config(i int, life uint64, file int) core.Config {
	failback := core.FailbackOff
	if s.Failback {
		failback = core.FailbackOn
	}
	return core.Config{
		Self: names[i], Peer: names[1-i], Order: names[:], UUID: []byte(names[i] + "-----------")[:16], Generation: life, PID: 1,
		Keepalive: keepalive, Deadtime: deadtime - s.early, Warntime: 2 * keepalive, Initdead: initdead, TTL: 3, Links: []string{"eth0"},
		Failback: failback, Groups: s.files()[file], StopRetries: 1, HangReport: 2 * time.Second, Fingerprint: []string{"1", "2"}[file],
	}
}

// The times of every pair: small, so that few beats lie between a fault and its end, and such that
// one lost beat and one late one do not look like death.
const (
	keepalive = time.Second
	deadtime  = 3500 * time.Millisecond
	initdead  = 4 * time.Second
	maxDelay  = keepalive
	maxStall  = deadtime + 2*keepalive
)

// boot starts the daemon.
func (p *pair) boot(i int) {
	m := &p.nodes[i]
	m.life++
	p.beginsAlone(i)
	m.core = core.New(p.scope.config(i, m.life, m.file))
	m.booted, m.heard, m.beat, m.beatOf = p.now, p.now, 0, 0
	m.stalled, m.inbox, m.held = false, nil, nil
	p.step(i, core.Started{})
}

// end is the end of a daemon, by itself or by force.
func (p *pair) end(i int) {
	m := &p.nodes[i]
	m.tops = append(m.tops, m.core.Seq())
	m.core, m.held, m.inbox, m.stalled = nil, nil, nil, false
}

// crash is a power cut.
func (p *pair) crash(i int) {
	m := &p.nodes[i]
	if m.core != nil {
		p.end(i)
	}
	m.jobs, m.running, m.broken = nil, 0, 0
	m.blamed = true
}

// hand gives an event to a node, or lays it into the inbox of one that is stalled.
func (p *pair) hand(i int, ev core.Event) {
	m := &p.nodes[i]
	switch {
	case m.core == nil:
	case m.stalled:
		m.inbox = append(m.inbox, ev)
	default:
		p.own(m)
		p.step(i, ev)
	}
}

// own makes the core the pair's own.
func (p *pair) own(m *machine) {
	if !p.mine {
		m.core = m.core.Clone(p.scope.spare())
	}
}

// step gives a core, which nobody else has, an event and carries out what it answers.
func (p *pair) step(i int, ev core.Event) {
	m := &p.nodes[i]
	before, seq := m.core.Standing(), m.core.Seq()
	life := m.life
	actions := m.core.Step(core.Stamp{At: p.now, Wall: 1, Load: "0"}, ev)
	after := m.core.Standing()
	p.met.note(p.scope.Groups, ev, &before, &after)
	if before.Peer != "dead" && after.Peer == "dead" {
		p.judgeDeath(i, before.Phase)
	}
	for _, a := range actions {
		if m.life != life || m.core == nil {
			return
		}
		p.act(i, a, seq)
	}
}

func (p *pair) act(i int, a core.Action, seq uint64) {
	if p.scope.tell != nil {
		p.scope.tell(p, i, a)
	}
	m := &p.nodes[i]
	switch a := a.(type) {
	case core.Send:
		p.judgeWord(i, a.Msg, seq)
		if !p.cut[i] {
			p.send(flight{i, m.life, a.Msg, p.now, printMessage(a.Msg, m.core.Standing().Gen)})
		}
	case core.Run:
		if m.orphans() {
			m.held = append(m.held, a)
			return
		}
		p.judgeRun(i, a)
		m.jobs = append(m.jobs, job{run: a, life: m.life})
	case core.Reboot:
		if !p.scope.NoReboot {
			p.crash(i)
		}
	case core.Exit:
		p.end(i)
	}
}

// send puts a message on its way. An acknowledgement bears on nothing but a stop: at other times it is left out, so that
// it does not double the states.
func (p *pair) send(f flight) {
	if to := p.nodes[1-f.from].core; f.print.kind == "NS_ackmsg" && (to == nil || !stops(to)) {
		return
	}
	p.ways = append(p.ways, f)
}

// stops says that a daemon was told to stop.
func stops(c *core.Core) bool { return strings.HasPrefix(c.Standing().Phase, "stop") }

// orphans says whether scripts of an earlier daemon are at work.
func (m *machine) orphans() bool {
	for _, j := range m.jobs {
		if j.life != m.life {
			return true
		}
	}
	return false
}

// bit is a resource's.
func (s *Scope) bit(resource string) uint8 {
	b := uint8(1)
	for _, g := range s.Groups {
		for _, r := range g.Resources {
			if r == resource {
				return b
			}
			b <<= 1
		}
	}
	for _, g := range s.Next {
		for _, r := range g.Resources {
			if r == resource {
				return b
			}
			if !s.names(r) {
				b <<= 1
			}
		}
	}
	return 0
}

// all are the bits of all resources.
func (s *Scope) all() (bits uint8) {
	for _, g := range s.Groups {
		for range g.Resources {
			bits = bits<<1 | 1
		}
	}
	return bits
}

// outcome is how a script ends.
type outcome uint8

const (
	well    outcome = iota
	badly           // a code other than 0, and it did nothing
	halfway         // a code other than 0, and yet it started the resource
	forGood         // a stop that will not work until the machine is rebooted
	killed          // its end tells nothing
)

var outcomeNames = [...]string{"ends", "fails", "fails-but-runs", "fails-for-good", "is-killed"}

// finish ends a script.
func (p *pair) finish(i, n int, how outcome) {
	m := &p.nodes[i]
	j := m.jobs[n]
	m.jobs = append(m.jobs[:n:n], m.jobs[n+1:]...)
	bit := p.scope.bit(j.run.Resource)
	if how == forGood {
		m.broken |= bit
	}
	done := core.ScriptDone{ID: j.run.ID, Path: j.run.Resource}
	switch op := j.run.Op; {
	case how == killed:
		done.Unsure, done.RC = true, 137
	case op == core.Status:
		done.RC, done.Output = 3, "stopped"
		if m.running&bit != 0 {
			done.RC, done.Output = 0, "running"
		}
	case op == core.Stop && m.broken&bit != 0, how == badly:
		done.RC = 1
	case op == core.Start:
		m.running |= bit
		if how == halfway {
			done.RC = 1
		}
	case op == core.Stop:
		m.running &^= bit
	}
	p.judgeOwners()
	if j.life == m.life && m.core != nil {
		p.hand(i, done)
		return
	}
	if !m.orphans() {
		for _, r := range m.held {
			m.jobs = append(m.jobs, job{run: r, life: m.life})
		}
		m.held = nil
	}
}

// resume lets a stalled daemon go on: it reads what waits in its sockets before it judges.
func (p *pair) resume(i int) {
	m := &p.nodes[i]
	m.stalled = false
	waiting := m.inbox
	m.inbox = nil
	p.own(m)
	for _, ev := range waiting {
		if m.core == nil {
			return
		}
		p.step(i, ev)
	}
	if m.core != nil && m.core.NextTick() <= p.now {
		p.step(i, core.Tick{})
	}
}

// deliver brings a message to its end.
func (p *pair) deliver(n int) {
	f := p.ways[n]
	p.ways = append(p.ways[:n:n], p.ways[n+1:]...)
	i := 1 - f.from
	m := &p.nodes[i]
	if f.print.kind == "status" && (f.life > m.beatOf || f.life == m.beatOf && f.print.seq > m.beat) {
		m.heard, m.beat, m.beatOf = p.now, f.print.seq, f.life
	}
	p.hand(i, core.Received{Link: "eth0", Heard: p.now, Msg: f.msg})
}
