package scenario

import (
	"container/heap"
	"fmt"
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
	// Files, if set for a machine, is its own haresources instead of Groups.
	Files map[string][]core.GroupConfig
	// Path, if set, says how much longer each copy of a datagram travels; no copy: it is lost.
	Path func(from, to, link string, msg *wire.Message) []time.Duration
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

// NewWorld returns a world with the named machines, switched off. The first two are a pair.
func NewWorld(o Options, groups []core.GroupConfig, names ...string) *World {
	w := &World{Options: o, Groups: groups, cut: map[string]bool{}, deaf: map[string]bool{}, Files: map[string][]core.GroupConfig{}}
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

// Step gives a core an event and carries out what it answers.
func (w *World) Step(m *Machine, ev core.Event) {
	if m.Core == nil {
		return
	}
	if m.stalled {
		m.waiting = append(m.waiting, ev)
		return
	}
	s := core.Stamp{At: w.Now + time.Nanosecond, Wall: epoch + int64((w.Now+m.Clock)/time.Second), Load: "0.00 0.00 0.00 1/1 1"}
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
	if next == core.NoTick || next == m.tickAt {
		return
	}
	m.tickAt = next
	life := m.life
	w.At(next, func() {
		if m.life == life && m.tickAt == next && !m.stalled && m.Core != nil {
			m.tickAt = core.NoTick
			m.Ticks++
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
	m.Sent++
	for _, link := range w.Options.Links {
		for _, to := range w.nodes {
			if to == m || w.cut[m.Name+" "+link] || w.deaf[m.Name+" "+to.Name] {
				continue
			}
			copies := once
			if w.Path != nil {
				copies = w.Path(m.Name, to.Name, link, msg)
			}
			for _, extra := range copies {
				w.At(w.Now+Latency+extra, func() { w.deliver(to, link, msg) })
			}
		}
	}
}

// once is a path that neither loses, doubles nor delays.
var once = []time.Duration{0}

func (w *World) deliver(to *Machine, link string, msg *wire.Message) {
	switch {
	case w.cut[to.Name+" "+link]:
	case to.peer != nil:
		w.hears(to, msg)
	default:
		w.Step(to, core.Received{Link: link, Heard: w.Now + time.Nanosecond, Msg: msg})
	}
}

func stamp(d time.Duration) string {
	return fmt.Sprintf("%d:%06.3f", d/time.Minute, (d % time.Minute).Seconds())
}
