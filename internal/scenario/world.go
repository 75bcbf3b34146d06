package scenario

import (
	"container/heap"
	"fmt"
	"sort"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// Latency is how long a datagram travels, unless the scenario says otherwise.
const Latency = time.Millisecond

// epoch is the wall clock at the start of every world.
const epoch = 1_700_000_000

// World is a set of machines and cables, and the time.
type World struct {
	Options Options
	Groups  []core.GroupConfig
	Now     time.Duration
	// Emit is called for every action of every core, in order.
	Emit func(node string, a core.Action)
	// Lose, if set, says whether a datagram gets lost and how much longer it travels.
	Lose func(from, to, link string) (lost bool, extra time.Duration)
	// Rand, if set, gives the random number of each event.
	Rand func() uint64

	nodes  []*Machine
	cut    map[string]bool // "from link"
	deaf   map[string]bool // "from to"
	queue  queue
	number uint64
	Both   []string // words that ever ran on two machines at once, with the time
}

// Options are the directives of ha.cf that a scenario sets.
type Options struct {
	Keepalive, Deadtime, Warntime, Initdead time.Duration
	Failback                                core.AutoFailback
	Links                                   []string
	HangReport                              time.Duration
}

// DefaultOptions are those of a scenario that sets none.
func DefaultOptions() Options {
	return Options{
		Keepalive: time.Second, Deadtime: 5 * time.Second, Warntime: 2 * time.Second, Initdead: 10 * time.Second,
		Failback: core.FailbackOff, Links: []string{"eth0"}, HangReport: 30 * time.Second,
	}
}

// Machine is one computer: what runs on it outlives the daemon, not a power cut.
type Machine struct {
	Name    string
	Core    *core.Core // nil while no daemon runs
	Running map[string]bool
	Scripts map[string]Script // by "word op", "word" or "op"
	gen     uint64
	life    uint64 // scripts and timers of an earlier life are void
	tickAt  time.Duration
	stalled bool
	waiting []core.Event
	hung    map[uint64]core.Run
}

// Script is how a script behaves.
type Script struct {
	RC   int
	Take time.Duration
	Hang bool // never ends by itself
	Lie  bool // status answers the opposite
}

// NewWorld returns a world with the named machines, switched off. The first two are a pair.
func NewWorld(o Options, groups []core.GroupConfig, names ...string) *World {
	w := &World{Options: o, Groups: groups, cut: map[string]bool{}, deaf: map[string]bool{}}
	for _, n := range names {
		w.nodes = append(w.nodes, &Machine{Name: n, Running: map[string]bool{}, Scripts: map[string]Script{}, gen: 100})
	}
	return w
}

// Machine returns the machine of that name, nil if there is none.
func (w *World) Machine(name string) *Machine {
	for _, m := range w.nodes {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Machines returns all machines.
func (w *World) Machines() []*Machine { return w.nodes }

type happening struct {
	at time.Duration
	n  uint64
	do func()
}

type queue []happening

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(happening)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// At schedules something.
func (w *World) At(at time.Duration, do func()) {
	w.number++
	heap.Push(&w.queue, happening{max(at, w.Now), w.number, do})
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) {
	end := w.Now + d
	still := 0
	for len(w.queue) > 0 && w.queue[0].at <= end {
		if still++; w.queue[0].at > w.Now {
			still = 0
		}
		if still > 10000 {
			panic(fmt.Sprintf("time stands still at %s: a core asks for ticks that change nothing", stamp(w.Now)))
		}
		h := heap.Pop(&w.queue).(happening)
		w.Now = h.at
		h.do()
	}
	w.Now = end
}

// Boot starts the daemon on a machine, with a higher generation each time.
func (w *World) Boot(m *Machine) {
	if m.Core != nil {
		return
	}
	m.gen++
	m.life++
	peer, order := "", []string{}
	for _, o := range w.nodes {
		order = append(order, o.Name)
		if o != m {
			peer = o.Name
		}
	}
	m.Core = core.New(core.Config{
		Self: m.Name, Peer: peer, Order: order, UUID: []byte(fmt.Sprintf("%-16.16s", m.Name)), Generation: m.gen, PID: 1,
		Keepalive: w.Options.Keepalive, Deadtime: w.Options.Deadtime, Warntime: w.Options.Warntime, Initdead: w.Options.Initdead,
		Failback: w.Options.Failback, Groups: w.Groups, HangReport: w.Options.HangReport, TTL: 3, Fingerprint: "same",
	})
	m.tickAt, m.stalled, m.waiting, m.hung = core.NoTick, false, nil, map[uint64]core.Run{}
	w.Step(m, core.Started{})
}

// Kill ends the daemon without a word; resources go on running.
func (w *World) Kill(m *Machine) {
	m.Core = nil
	m.life++
}

// Crash is a power cut.
func (w *World) Crash(m *Machine) {
	w.Kill(m)
	m.Running = map[string]bool{}
}

// Stall stops the daemon as SIGSTOP does; Resume lets it go on.
func (w *World) Stall(m *Machine) { m.stalled = true }

// Resume ends a stall: what arrived meanwhile is delivered, then the overdue timer.
func (w *World) Resume(m *Machine) {
	if !m.stalled {
		return
	}
	m.stalled = false
	events := m.waiting // the daemon reads what waits in its sockets before it judges
	m.waiting = nil
	for _, ev := range events {
		w.Step(m, ev)
	}
	if m.Core != nil {
		w.schedule(m)
	}
}

// Step gives a core an event and carries out what it answers.
func (w *World) Step(m *Machine, ev core.Event) {
	if m.Core == nil {
		return
	}
	if m.stalled {
		m.waiting = append(m.waiting, ev)
		return
	}
	s := core.Stamp{At: w.Now + time.Nanosecond, Wall: epoch + int64(w.Now/time.Second), Load: "0.00 0.00 0.00 1/1 1"}
	if w.Rand != nil {
		s.Rand = w.Rand()
	}
	life := m.life
	for _, a := range m.Core.Step(s, ev) {
		w.act(m, a)
		if w.Emit != nil {
			w.Emit(m.Name, a)
		}
	}
	if m.life == life && m.Core != nil {
		w.schedule(m)
	}
}

func (w *World) schedule(m *Machine) {
	next := m.Core.NextTick()
	if next == core.NoTick {
		return
	}
	m.tickAt = next
	life := m.life
	w.At(next, func() {
		if m.life == life && m.tickAt == next && !m.stalled && m.Core != nil {
			m.tickAt = core.NoTick
			w.Step(m, core.Tick{})
		}
	})
}

func (w *World) act(m *Machine, a core.Action) {
	switch a := a.(type) {
	case core.Send:
		w.send(m, a.Msg)
	case core.Run:
		w.run(m, a)
	case core.Reboot:
		w.At(w.Now, func() { w.Crash(m) })
	case core.Exit:
		m.Core = nil
		m.life++
	}
}

// Cut pulls or mends one machine's cable on a link.
func (w *World) Cut(m *Machine, link string, cut bool) { w.cut[m.Name+" "+link] = cut }

// Deafen drops, or no longer drops, what travels from one machine to another.
func (w *World) Deafen(from, to *Machine, deaf bool) { w.deaf[from.Name+" "+to.Name] = deaf }

func (w *World) send(m *Machine, msg *wire.Message) {
	for _, link := range w.Options.Links {
		for _, to := range w.nodes {
			if to == m || w.cut[m.Name+" "+link] || w.deaf[m.Name+" "+to.Name] {
				continue
			}
			var extra time.Duration
			if w.Lose != nil {
				lost, more := w.Lose(m.Name, to.Name, link)
				if lost {
					continue
				}
				extra = more
			}
			w.At(w.Now+Latency+extra, func() {
				if !w.cut[to.Name+" "+link] {
					w.Step(to, core.Received{Link: link, Heard: w.Now + time.Nanosecond, Msg: msg})
				}
			})
		}
	}
}

// script is how the machine's script for this word and action behaves.
func (m *Machine) script(word string, op core.Op) Script {
	for _, k := range []string{word + " " + op.String(), word, op.String()} {
		if s, ok := m.Scripts[k]; ok {
			return s
		}
	}
	if op == core.Status {
		return Script{Take: 2 * time.Millisecond}
	}
	return Script{Take: 50 * time.Millisecond}
}

func (w *World) run(m *Machine, r core.Run) {
	s := m.script(r.Resource, r.Op)
	if s.Hang {
		m.hung[r.ID] = r
		return
	}
	life := m.life
	w.At(w.Now+s.Take, func() {
		if m.life == life {
			w.Finish(m, r, s)
		} else if m.Core != nil || s.RC == 0 && len(m.Running) > 0 {
			w.effect(m, r, s) // the script of a killed daemon ends all the same
		}
	})
}

// Unhang ends every hanging script of a machine with code 0.
func (w *World) Unhang(m *Machine) {
	ids := []uint64{}
	for id := range m.hung {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	for _, id := range ids {
		r := m.hung[id]
		delete(m.hung, id)
		w.Finish(m, r, Script{})
	}
}

// Finish lets a script have its effect and end.
func (w *World) Finish(m *Machine, r core.Run, s Script) {
	w.effect(m, r, s)
	out := ""
	if r.Op == core.Status {
		out = "stopped"
		if m.Running[r.Resource] != s.Lie {
			out = "running"
		}
	}
	w.Step(m, core.ScriptDone{ID: r.ID, RC: s.RC, Output: out, Path: r.Resource})
}

func (w *World) effect(m *Machine, r core.Run, s Script) {
	if s.RC != 0 {
		return
	}
	switch r.Op {
	case core.Start:
		m.Running[r.Resource] = true
		w.checkBoth(r.Resource)
	case core.Stop:
		delete(m.Running, r.Resource)
	}
}

func (w *World) checkBoth(word string) {
	on := 0
	for _, m := range w.nodes {
		if m.Running[word] {
			on++
		}
	}
	if on > 1 {
		w.Both = append(w.Both, fmt.Sprintf("%s at %s", word, stamp(w.Now)))
	}
}

// Owners says on which machines a word runs.
func (w *World) Owners(word string) []string {
	var on []string
	for _, m := range w.nodes {
		if m.Running[word] {
			on = append(on, m.Name)
		}
	}
	return on
}

func stamp(d time.Duration) string {
	return fmt.Sprintf("%d:%06.3f", d/time.Minute, (d % time.Minute).Seconds())
}
