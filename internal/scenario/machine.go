package scenario

import (
	"fmt"
	"time"

	"heartbeatd/internal/core"
)

// Machine is one computer: what runs on it outlives the daemon, not a power cut.
type Machine struct {
	Name    string
	Core    *core.Core // nil while no daemon runs
	Running map[string]bool
	Scripts map[string]Script // by "word op", "word" or "op"
	Clock   time.Duration     // how far its wall clock is ahead

	Sent  uint64 // datagrams, a link counted once
	Ticks uint64

	gen     uint64
	life    uint64 // of the daemon: what was meant for an earlier one is void
	power   uint64 // scripts of an earlier one ended with it
	tickAt  time.Duration
	stalled bool
	waiting []core.Event
	jobs    []*job
	held    []core.Run // scripts that wait for those of an earlier daemon
	peer    *handPlayed
}

// Script is how a script behaves.
type Script struct {
	RC      int
	Take    time.Duration
	Hang    bool // does not end by itself
	Lie     bool // status answers the opposite
	Missing bool // there is none: nothing happens, the code is 127
	Unsure  bool // it is killed before it answers
}

// job is a script at work.
type job struct {
	run    core.Run
	script Script
	life   uint64
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

// run starts a script. As core.Run demands of the daemon, it waits for the scripts that a
// killed daemon left behind: they change what the new one is about to find out.
func (w *World) run(m *Machine, r core.Run) {
	if m.orphans() {
		m.held = append(m.held, r)
		return
	}
	j := &job{r, m.script(r.Resource, r.Op), m.life}
	m.jobs = append(m.jobs, j)
	if !j.script.Hang {
		power := m.power
		w.At(w.Now+j.script.Take, func() {
			if m.power == power {
				w.finish(m, j)
			}
		})
	}
}

func (m *Machine) orphans() bool {
	for _, j := range m.jobs {
		if j.life != m.life {
			return true
		}
	}
	return false
}

// Unhang ends every hanging script of a machine with code 0.
func (w *World) Unhang(m *Machine) {
	for _, j := range append([]*job(nil), m.jobs...) {
		if j.script.Hang {
			j.script = Script{}
			w.finish(m, j)
		}
	}
}

// finish lets a script have its effect and end.
func (w *World) finish(m *Machine, j *job) {
	for i := range m.jobs {
		if m.jobs[i] == j {
			m.jobs = append(m.jobs[:i:i], m.jobs[i+1:]...)
			break
		}
	}
	w.effect(m, j.run, j.script)
	out := ""
	if j.run.Op == core.Status && !j.script.Missing && !j.script.Unsure {
		out = "stopped"
		if m.Running[j.run.Resource] != j.script.Lie {
			out = "running"
		}
	}
	if j.life == m.life {
		w.Step(m, core.ScriptDone{ID: j.run.ID, Missing: j.script.Missing, Unsure: j.script.Unsure, RC: j.script.RC, Output: out, Path: j.run.Resource})
		return
	}
	if held := m.held; !m.orphans() {
		m.held = nil
		for _, r := range held {
			w.run(m, r)
		}
	}
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
	if len(w.Owners(word)) > 1 {
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

// Boot starts the daemon on a machine, with a higher generation each time.
func (w *World) Boot(m *Machine) {
	if m.Core != nil || m.peer != nil {
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
	groups := w.GroupsOf(m)
	m.Core = core.New(core.Config{
		Self: m.Name, Peer: peer, Order: order, UUID: []byte(fmt.Sprintf("%-16.16s", m.Name)), Generation: m.gen, PID: 1,
		Keepalive: w.Options.Keepalive, Deadtime: w.Options.Deadtime, Warntime: w.Options.Warntime, Initdead: w.Options.Initdead,
		Failback: w.Options.Failback, Groups: groups, HangReport: w.Options.HangReport, TTL: 3, Fingerprint: fmt.Sprint(groups),
	})
	m.tickAt, m.stalled, m.waiting, m.held = core.NoTick, false, nil, nil
	w.Step(m, core.Started{})
}

// GroupsOf is what haresources says on a machine.
func (w *World) GroupsOf(m *Machine) []core.GroupConfig {
	if own, ok := w.Files[m.Name]; ok {
		return own
	}
	return w.Groups
}

// Kill ends the daemon without a word; resources and scripts go on running.
func (w *World) Kill(m *Machine) {
	m.Core, m.held = nil, nil
	m.life++
}

// Crash is a power cut.
func (w *World) Crash(m *Machine) {
	w.Kill(m)
	m.power++
	m.jobs, m.Running = nil, map[string]bool{}
}

// Stall stops the daemon as SIGSTOP does; Resume lets it go on.
func (w *World) Stall(m *Machine) { m.stalled = true }

// Resume ends a stall: what arrived meanwhile is delivered, then the overdue timer.
func (w *World) Resume(m *Machine) {
	if !m.stalled {
		return
	}
	m.stalled, m.tickAt = false, core.NoTick
	events := m.waiting // the daemon reads what waits in its sockets before it judges
	m.waiting = nil
	for _, ev := range events {
		w.Step(m, ev)
	}
	if m.Core != nil {
		w.schedule(m)
	}
}
