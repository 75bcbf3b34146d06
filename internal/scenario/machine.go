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
	Takes   [3]time.Duration  // by core.Op, what a script takes of which nothing else is said
	Clock   time.Duration     // how far its wall clock is ahead
	Key     string            // that it signs with and accepts
	Disk    Disk
	Stuck   bool // a reboot does not happen
	Device  Device
	Foreign bool // it belongs to another cluster, with a partner that is not there

	Replaced time.Duration // when its daemon was last replaced
	Refused  error         // why its daemon was not replaced by the last try

	Sent  uint64 // datagrams, a link counted once
	Ticks uint64

	Generation uint64        // of the newest daemon
	Since      time.Duration // when it began

	Asleep, Woke, Before time.Duration // its newest stall began and ended, and the one before ended

	index     int
	cut       []bool          // by link
	deaf      []bool          // by machine: what it sends does not arrive there
	silent    map[string]bool // ping nodes that do not answer it
	tape      tape
	life      uint64 // of the daemon: what was meant for an earlier one is void
	power     uint64 // scripts of an earlier one ended with it
	tickAt    time.Duration
	booting   bool
	draining  bool // it reads what waited
	handing   bool // it is just replacing itself
	replacing bool // its daemon is to replace itself as soon as it may
	stalled   bool
	paced     bool // stalled, but its beats go on as long as they were handed over
	stalls    uint64
	pacer     pacer
	waiting   []core.Event
	jobs      []*job
	attempts  []*attempt
	held      []waiting // scripts that wait for those of an earlier daemon
	peer      *handPlayed
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
	began  time.Duration // when the core asked for it
}

// waiting is a script that the core has asked for.
type waiting struct {
	run   core.Run
	asked time.Duration
}

// Script is how the machine's script for this word and action behaves.
func (m *Machine) Script(word string, op core.Op) Script {
	if len(m.Scripts) > 0 {
		for _, k := range []string{word + " " + op.String(), word, op.String()} {
			if s, ok := m.Scripts[k]; ok {
				return s
			}
		}
	}
	return Script{Take: m.Takes[op]}
}

// Run starts a script. As core.Run demands of the daemon, it waits for the scripts that a
// killed daemon left behind: they change what the new one is about to find out.
func (w *World) Run(m *Machine, r core.Run) {
	w.runSince(m, r, w.Now)
}

func (w *World) runSince(m *Machine, r core.Run, asked time.Duration) {
	if m.orphans() {
		m.held = append(m.held, waiting{r, asked})
		return
	}
	j := &job{r, m.Script(r.Resource, r.Op), m.life, asked}
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
		for _, h := range held {
			w.runSince(m, h.run, h.asked)
		}
	}
}

func (w *World) effect(m *Machine, r core.Run, s Script) {
	if s.RC != 0 {
		return
	}
	switch r.Op {
	case core.Start:
		w.start(m, r.Resource)
	case core.Stop:
		delete(m.Running, r.Resource)
		if w.Changed != nil {
			w.Changed(m, r.Resource)
		}
	}
}

func (w *World) start(m *Machine, word string) {
	m.Running[word] = true
	if len(w.Owners(word)) > 1 {
		w.Both = append(w.Both, fmt.Sprintf("%s at %s", word, Stamp(w.Now)))
	}
	if w.Changed != nil {
		w.Changed(m, word)
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

// Boot starts the daemon on a machine, with a higher generation each time if its disk and its
// clock allow it.
func (w *World) Boot(m *Machine) {
	if m.Core != nil || m.peer != nil || m.booting {
		return
	}
	gen, wait := m.Disk.generation(w.wall(m), w.Now-m.Disk.since)
	m.life++
	if wait == 0 {
		w.begin(m, gen)
		return
	}
	m.booting = true
	life := m.life
	w.At(w.Now+wait, func() {
		if m.life == life {
			w.begin(m, gen)
		}
	})
}

func (w *World) begin(m *Machine, gen uint64) {
	m.booting, m.replacing = false, false
	m.Generation, m.Since = gen, w.Now
	m.Core = core.New(w.config(m))
	m.tickAt, m.stalled, m.waiting, m.held = core.NoTick, false, nil, nil
	m.pacer.went, m.pacer.late = 0, nil
	w.Step(m, core.Started{})
}

// config is what a daemon reads from the files of a machine.
func (w *World) config(m *Machine) core.Config {
	peer, order := "", []string{}
	for i, o := range w.nodes {
		if i < 2 {
			order = append(order, o.Name)
		}
		if o != m && i < 2 {
			peer = o.Name
		}
	}
	if m.Foreign {
		peer = "of-" + m.Name
		order = []string{m.Name, peer}
	}
	groups, o := w.GroupsOf(m), w.OptionsOf(m)
	if o.Peer != "" {
		peer, order = o.Peer, []string{m.Name, o.Peer}
	}
	return core.Config{
		Self: m.Name, Peer: peer, Order: order, UUID: []byte(fmt.Sprintf("%-16.16s", m.Name)), Generation: m.Generation, PID: 1,
		Keepalive: o.Keepalive, Deadtime: o.Deadtime, Warntime: o.Warntime, Initdead: o.Initdead,
		Failback: o.Failback, Groups: groups, HangReport: o.HangReport, TTL: 3, Fingerprint: fmt.Sprint(groups),
		Pings: o.Pings, Deadping: o.Deadping,
		Stonith: o.device(),
	}
}

// OptionsOf is what ha.cf says on a machine.
func (w *World) OptionsOf(m *Machine) Options {
	if own, ok := w.Own[m.Name]; ok {
		return own
	}
	return w.Options
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
	m.Core, m.held, m.booting, m.replacing, m.handing = nil, nil, false, false, false
	m.life++
}

// Crash is a power cut.
func (w *World) Crash(m *Machine) {
	w.Kill(m)
	m.power++
	m.jobs, m.Running = nil, map[string]bool{}
	m.Disk.powerCut(w.Now)
}

// Jobs is how many scripts are at work on a machine.
func (m *Machine) Jobs() int { return len(m.jobs) + len(m.held) }

// Working counts the scripts at work that began after a moment, and those of a group whenever they did.
func (m *Machine) Working(group string, after time.Duration) (all, same int) {
	for _, j := range m.jobs {
		if j.life == m.life && j.began > after {
			all++
		}
		if j.life == m.life && j.run.Group == group {
			same++
		}
	}
	return all, same
}

// Life is a number that every daemon of the machine has another one of.
func (m *Machine) Life() uint64 { return m.life }

// Index is the machine's place among all.
func (m *Machine) Index() int { return m.index }

// Stalled says that the machine's daemon is held up.
func (m *Machine) Stalled() bool { return m.stalled }

// Stall stops the daemon as SIGSTOP does, or as a machine does that stands still; Resume lets it go on.
func (w *World) Stall(m *Machine) { w.stall(m, false) }

// StallDecider stops only what decides: beats that were handed over before still go out.
func (w *World) StallDecider(m *Machine) { w.stall(m, true) }

func (w *World) stall(m *Machine, paced bool) {
	if !m.stalled {
		m.Asleep, m.Before = w.Now, m.Woke
	}
	m.stalled, m.paced = true, paced
	m.stalls++
}

// Resume ends a stall: what arrived meanwhile is delivered, then the overdue timer.
func (w *World) Resume(m *Machine) {
	if !m.stalled {
		return
	}
	m.stalled, m.paced, m.tickAt, m.Woke = false, false, core.NoTick, w.Now
	w.catchUp(m)
	events := m.waiting // the daemon reads what waits in its sockets before it judges, and before it replaces itself
	m.waiting, m.draining = nil, true
	for _, ev := range events {
		w.Step(m, ev)
	}
	m.draining = false
	if m.Core != nil {
		w.schedule(m)
		w.tryReplace(m)
	}
}
