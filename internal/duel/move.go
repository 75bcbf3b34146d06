package duel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// afterwards is how long is looked on when a move is over.
	afterwards = 150 * time.Millisecond
	// calm is how long nothing is done before a move, so that the one before is quite over.
	calm = 300 * time.Millisecond
)

// move is everything seen of one move of the service from its owner to the other node.
type move struct {
	p       *pair
	owner   int // before the move
	begin   int64
	command span  // the operator's command, if there was one
	started int64 // when the service's start script began on the other node
	frames  []frame
	calls   []call
	log     processLog
	of      [2]map[int]bool // the processes of each node before the move
	through int             // the process that brought the command to the owner
}

// move makes one and watches, until the service runs on the other node.
func (p *pair) move(owner int, act func(owner int) (through int, err error)) (*move, error) {
	if owner < 0 {
		return nil, errors.New("no node alone has the service")
	}
	p.procs.alone.Lock()
	defer p.procs.alone.Unlock()
	time.Sleep(calm)
	m := &move{p: p, owner: owner}
	for i, h := range p.nodes {
		m.of[i] = residents(h.PID())
	}
	client, err := ping(p.client, serviceAddress)
	if err != nil {
		return nil, err
	}
	defer client.close()
	m.begin = p.mark()
	time.Sleep(20 * time.Millisecond) // some answers of before
	through, err := act(owner)
	if err != nil {
		return nil, err
	}
	said, err := p.calls.await(patience, m.begin, p.nodes[1-owner].Name, "service", "start")
	if err != nil {
		return nil, err
	}
	time.Sleep(afterwards)
	m.calls, m.frames = p.calls.since(m.begin), p.wire.since(m.begin)
	if m.log, err = p.procs.events(m.begin); err != nil {
		return nil, err
	}
	if m.through = through; through != 0 {
		if m.command, err = m.log.program(through); err != nil {
			return nil, err
		}
	}
	m.started, err = m.log.begun("service", said.at, m.of[1-owner])
	return m, err
}

// take notes how long a part of a move took, without the scripts' own time in it: that of the node with these
// processes, nil for both.
func (m *move) take(b *book, row rowKey, from, to int64, of map[int]bool) {
	if of == nil {
		of = both(m.of)
	}
	own := int64(within(m.log.scripts(scriptNames, of), from, to))
	b.add(row, m.p.name, to-from-own, map[string]float64{"whole": milliseconds(to - from), "scripts": milliseconds(own)})
}

func both(of [2]map[int]bool) map[int]bool {
	all := map[int]bool{}
	for _, m := range of {
		for pid := range m {
			all[pid] = true
		}
	}
	return all
}

// trace writes what happened when, relative to a moment, for those who look for the time.
func (m *move) trace(b *book, what string, zero int64) {
	if b.story == nil {
		return
	}
	type line struct {
		at   int64
		text string
	}
	var all []line
	for _, c := range m.calls {
		all = append(all, line{c.at, fmt.Sprintf("%-6s says  %s %s", c.host, c.who, c.what)})
	}
	answers := map[byte]bool{}
	for _, f := range m.frames {
		text := ""
		switch f.kind {
		case beatFrame:
			text = "beat"
		case otherFrame:
			text = "message"
		case claimFrame:
			text = "announces the address"
		case answerFrame:
			if answers[f.node] {
				continue
			}
			answers[f.node] = true
			text = "first answer of the address"
		}
		all = append(all, line{f.at, fmt.Sprintf("node%d  wire  %s", f.node, text)})
	}
	silence := longestSilence(m.frames)
	all = append(all, line{silence.from, "       last answer before the silence"}, line{silence.to, "       first answer after the silence"})
	parent, names := map[int]int{}, map[int]string{}
	for _, e := range m.log {
		switch e.kind {
		case unix.PERF_RECORD_FORK:
			parent[e.pid] = e.parent
			names[e.pid] = "(fork of " + names[e.parent] + ")"
		case unix.PERF_RECORD_COMM:
			names[e.pid] = e.name
		}
		for who, of := range map[string]map[int]bool{"node1": m.of[0], "node2": m.of[1], "by hand": {m.through: true}} {
			if descends(e.pid, parent, of) {
				all = append(all, line{e.at, fmt.Sprintf("%-7s %s  %d %s", who, kindName[e.kind], e.pid, names[e.pid])})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return int(min(max(a.at-b.at, -1), 1)) })
	text := fmt.Sprintf("%s, %s\n", m.p.name, what)
	for _, l := range all {
		text += fmt.Sprintf("  %9.3f  %s\n", milliseconds(l.at-zero), strings.TrimRight(l.text, " "))
	}
	fmt.Fprint(b.story, text)
}

var kindName = map[uint32]string{unix.PERF_RECORD_FORK: "fork", unix.PERF_RECORD_COMM: "exec", unix.PERF_RECORD_EXIT: "exit"}

func milliseconds(ns int64) float64 { return float64(ns) / 1e6 }

// longestSilence is the longest time between two answers of the address.
func longestSilence(frames []frame) (longest span) {
	last := int64(0)
	for _, f := range byTime(frames) {
		if f.kind != answerFrame {
			continue
		}
		if last != 0 && f.at-last > longest.to-longest.from {
			longest = span{last, f.at}
		}
		last = f.at
	}
	return longest
}

func byTime(frames []frame) []frame {
	frames = slices.Clone(frames)
	slices.SortStableFunc(frames, func(a, b frame) int { return int(min(max(a.at-b.at, -1), 1)) })
	return frames
}

// lastOf is when a node sent the last frame of a kind; 0 if there is none.
func lastOf(frames []frame, kind frameKind, node byte) (at int64) {
	for _, f := range frames {
		if f.kind == kind && f.node == node {
			at = max(at, f.at)
		}
	}
	return at
}

func firstOf(frames []frame, kind frameKind, node byte) (int64, error) {
	for _, f := range byTime(frames) {
		if f.kind == kind && f.node == node {
			return f.at, nil
		}
	}
	return 0, fmt.Errorf("node%d never answered for the address", node)
}

// last is when a node sent its last frame of a kind.
func (t *wiretap) last(kind frameKind, node byte) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.frames) - 1; i >= 0; i-- {
		f := t.frames[i]
		if f.kind == kind && (f.node == node || f.node == 0 && t.nodes[f.mac] == node) {
			return f.at
		}
	}
	return 0
}
