package scenario

import (
	"fmt"
	"slices"
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
	Net     Net
	// Emit is called for every action of every core, in order.
	Emit func(m *Machine, a core.Action)
	// Arrived, if set, is called for every datagram that reaches a machine, even one that is held up.
	// Again says that somebody played a recording.
	Arrived func(to *Machine, msg *wire.Message, again bool)
	// Stepped, if set, is called for every event that a core has handled; before is where it stood.
	Stepped func(m *Machine, ev core.Event, before core.Standing)
	// Changed, if set, is called when a resource has started or stopped somewhere.
	Changed func(m *Machine, word string)
	// Files, if set for a machine, is its own haresources instead of Groups.
	Files map[string][]core.GroupConfig
	// Own, if set for a machine, are its own directives instead of Options.
	Own  map[string]Options
	Both []string // words that ever ran on two machines at once, with the time

	nodes  []*Machine
	queue  queue
	edited bool // a haresources is not what it was at the start
	number uint64
	rand   uint64 // of the events' random numbers; 0: they are all 0
}

// Options are the directives of ha.cf that a scenario sets.
type Options struct {
	Keepalive, Deadtime, Warntime, Initdead time.Duration
	Failback                                core.AutoFailback
	Links                                   []string
	Pings                                   []core.PingConfig
	Deadping                                time.Duration
	HangReport                              time.Duration
	Ahead                                   bool   // beats go out by something that is never late
	Stonith                                 bool   // there is a device, see [Machine.Device]
	Peer                                    string // the other node, if it is not the other of the first two machines
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
	w := &World{Options: o, Groups: groups, Files: map[string][]core.GroupConfig{}, Own: map[string]Options{}, Net: NewNet()}
	for i, n := range names {
		w.nodes = append(w.nodes, &Machine{
			Name: n, Running: map[string]bool{}, Scripts: map[string]Script{}, index: i,
			Takes: [3]time.Duration{core.Start: 50 * time.Millisecond, core.Stop: 50 * time.Millisecond, core.Status: 2 * time.Millisecond},
			cut:   make([]bool, len(o.Links)), deaf: make([]bool, len(names)), Device: Device{Take: DefaultTake},
		})
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

// At schedules something.
func (w *World) At(at time.Duration, do func()) { w.push(happening{at: at, do: do}) }

func (w *World) push(h happening) {
	w.number++
	h.at, h.n = max(h.at, w.Now), w.number
	w.queue.push(h)
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
			panic(fmt.Sprintf("time stands still at %s: a core asks for ticks that change nothing", Stamp(w.Now)))
		}
		h := w.queue.pop()
		w.Now = h.at
		w.happen(h)
	}
	w.Now = end
}

func (w *World) happen(h happening) {
	switch {
	case h.do != nil:
		h.do()
	case h.msg != nil:
		w.deliver(h.m, int(h.life), h.msg)
	default:
		w.due(h.m, h.at, h.life)
	}
}

// Step gives a core an event and carries out what it answers.
func (w *World) Step(m *Machine, ev core.Event) {
	if m.Core == nil {
		m.missed(ev)
		return
	}
	if m.stalled {
		m.waiting = append(m.waiting, ev)
		return
	}
	life := m.life
	w.step(m, ev)
	if m.life == life && m.Core != nil {
		w.afterStep(m)
		w.tryReplace(m)
	}
}

func (w *World) step(m *Machine, ev core.Event) {
	s := core.Stamp{At: w.Now + time.Nanosecond, Wall: epoch + int64((w.Now+m.Clock)/time.Second), Load: "0.00 0.00 0.00 1/1 1"}
	if w.rand != 0 {
		s.Rand = splitmix(&w.rand)
	}
	w.stamp(m, &s)
	var before core.Standing
	if w.Stepped != nil {
		before = m.Core.Standing()
	}
	actions := m.Core.Step(s, ev)
	if w.Stepped != nil {
		w.Stepped(m, ev, before)
	}
	for _, a := range actions {
		w.act(m, a)
		if w.Emit != nil {
			w.Emit(m, a)
		}
	}
}

// afterStep asks the core for what it wants next.
func (w *World) afterStep(m *Machine) {
	w.lend(m)
	w.schedule(m)
}

func (w *World) schedule(m *Machine) {
	next := m.Core.NextTick()
	if next == core.NoTick {
		return
	}
	if next = max(next, w.Now); next == m.tickAt {
		return
	}
	m.tickAt = next
	w.push(happening{at: next, m: m, life: m.life})
}

// due is a timer that ends. It counts only if it is the newest of this life.
func (w *World) due(m *Machine, at time.Duration, life uint64) {
	if m.life == life && m.tickAt == at && !m.stalled && m.Core != nil {
		m.tickAt = core.NoTick
		m.Ticks++
		w.Step(m, core.Tick{})
	}
}

func (w *World) act(m *Machine, a core.Action) {
	switch a := a.(type) {
	case core.Send:
		w.send(m, a.Msg)
	case core.Run:
		w.Run(m, a)
	case core.Ping:
		w.ping(m)
	case core.Fence:
		w.fence(m, a)
	case core.Reboot:
		if !m.Stuck {
			w.At(w.Now, func() { w.Crash(m) })
		}
	case core.Exit:
		m.Core = nil
		m.life++
	}
}

// Cut pulls or mends one machine's cable on a link.
func (w *World) Cut(m *Machine, link string, cut bool) {
	if i := slices.Index(w.Options.Links, link); i >= 0 {
		m.cut[i] = cut
	}
}

// IsCut says whether one machine's cable on a link is pulled.
func (w *World) IsCut(m *Machine, link string) bool {
	i := slices.Index(w.Options.Links, link)
	return i >= 0 && m.cut[i]
}

// Deafen drops, or no longer drops, what travels from one machine to another.
func (w *World) Deafen(from, to *Machine, deaf bool) { from.deaf[to.index] = deaf }

// Reaches says whether anything sent by one machine can be read by another.
func (w *World) Reaches(from, to *Machine) bool {
	if from.deaf[to.index] || from.Key != to.Key {
		return false
	}
	for l := range w.Options.Links {
		if !from.cut[l] && !to.cut[l] {
			return true
		}
	}
	return false
}

func (w *World) send(m *Machine, msg *wire.Message) {
	m.Sent++
	m.record(msg)
	for l := range w.Options.Links {
		if m.cut[l] {
			continue
		}
		for _, to := range w.nodes {
			if to == m || m.deaf[to.index] || m.Key != to.Key {
				continue // what another key has signed ends before the core
			}
			extra, n := w.Net.copies(m.Name, msg)
			for _, d := range extra[:n] {
				w.push(happening{at: w.Now + Latency + d, m: to, msg: msg, life: uint64(l)})
			}
		}
	}
}

func (w *World) deliver(to *Machine, link int, msg *wire.Message) {
	switch {
	case to.cut[link], to.handing:
	case to.peer != nil:
		w.hears(to, msg)
	default:
		if w.Arrived != nil {
			w.Arrived(to, msg, false)
		}
		w.Step(to, core.Received{Link: w.Options.Links[link], Heard: w.Now + time.Nanosecond, Msg: msg})
	}
}

// Stamp is a moment as scenarios write it.
func Stamp(d time.Duration) string {
	return fmt.Sprintf("%d:%06.3f", d/time.Minute, (d % time.Minute).Seconds())
}
