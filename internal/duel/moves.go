package duel

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"heartbeatd/internal/lab"
)

// moved is how the nodes are configured for the moves.
var moved = cluster{keepalive: 200 * time.Millisecond, deadtime: 2 * time.Second, links: 1}

// restWhile is how long a restarted C node is busy before it waits for some ten seconds and does nothing.
const restWhile = 2 * time.Second

// lanes is how many pairs of each software make their moves side by side. One move at a time is made and measured; what
// goes on beside it is waiting, of which 3.0.6 does much.
const lanes = 3

// moves plays every move, the softwares in turn. A turn that fails is told of, and played again.
func (d *duel) moves(b *book) error {
	books, errs := make([]*book, d.times(lanes, 1)), make([]error, lanes)
	var wait sync.WaitGroup
	left := int64(d.times(d.repeat, 1))
	for i := range books {
		books[i] = &book{out: b.out, story: b.story}
		wait.Go(func() {
			errs[i] = d.lane(books[i], func() bool { return atomic.AddInt64(&left, -1) >= 0 })
		})
	}
	wait.Wait()
	for _, lane := range books {
		b.samples = append(b.samples, lane.samples...)
	}
	return errors.Join(errs...)
}

// lane plays on a pair of each software as long as there are turns left. 3.0.6 spends a quarter of its turn in waiting
// for ten seconds after a restart: that is our turn.
func (d *duel) lane(b *book, more func() bool) error {
	pairs, err := d.pairs(moved, d.software()...)
	if err != nil {
		return err
	}
	defer closeAll(pairs)
	c, ours := pairs[0], pairs[1]
	c.rests = func() error {
		time.Sleep(restWhile)
		return d.again(b, ours, func() error { return ours.cycle(b) })
	}
	for more() {
		if err := d.again(b, c, func() error { return c.cycle(b) }); err != nil {
			return err
		}
	}
	return nil
}

// cycle plays each move once, from two nodes that are down to two nodes that are down.
func (p *pair) cycle(b *book) error {
	for _, act := range []func(*book) error{p.startBoth, p.standby, p.plannedStop, p.powerCut} {
		if err := act(b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// startBoth: both daemons are started together, until the service runs.
func (p *pair) startBoth(b *book) error {
	p.wire.forget()
	begin := time.Now().UnixNano()
	if err := p.startDaemons(0, 1); err != nil {
		return err
	}
	runs, err := p.calls.await(patience, begin, "", "service", "start-done")
	if err != nil {
		return err
	}
	b.add(rowStart, p.name, runs.at-begin, nil)
	_, err = p.settled()
	return err
}

// standby: the owner is told to give everything to the other node.
func (p *pair) standby(b *book) error {
	m, err := p.move(p.runs(), func(owner int) (int, error) {
		return p.command(owner, "/usr/share/heartbeat/hb_standby", "all")
	})
	if err != nil {
		return err
	}
	m.take(b, rowStandby, m.command.from, m.started, nil)
	m.trace(b, "standby", m.command.from)
	_, err = p.settled()
	return err
}

// plannedStop: the owner's daemon is stopped, and started again.
func (p *pair) plannedStop(b *book) error {
	m, err := p.move(p.runs(), func(owner int) (int, error) {
		return p.command(owner, "/usr/libexec/heartbeat/heartbeat", "-k")
	})
	if err != nil {
		return err
	}
	m.take(b, rowStop, m.command.from, m.started, nil)
	silence := longestSilence(m.frames)
	m.take(b, rowOutage, silence.from, silence.to, nil)
	m.take(b, rowReturns, m.command.from, m.command.to, m.of[m.owner])
	m.trace(b, "planned stop", m.command.from)
	if err := p.startDaemons(m.owner); err != nil {
		return err
	}
	if p.rests != nil {
		if err := p.rests(); err != nil {
			return err
		}
	}
	_, err = p.settled()
	return err
}

// powerCut: the owner's cord is pulled, 50 ms after a beat: a beat must not leave while it is pulled, for one
// would not know whether the other node had it.
func (p *pair) powerCut(b *book) error {
	m, err := p.move(p.runs(), func(owner int) (int, error) {
		begin := time.Now().UnixNano()
		err := lab.Eventually(patience, "a beat", func() bool { return p.wire.last(beatFrame, number(owner)) > begin })
		if err != nil {
			return 0, err
		}
		time.Sleep(50 * time.Millisecond)
		return 0, p.nodes[owner].PowerCut()
	})
	if err != nil {
		return err
	}
	dead := lastOf(m.frames, beatFrame, number(m.owner)) + int64(moved.deadtime)
	answer, err := firstOf(m.frames, answerFrame, number(1-m.owner))
	if err != nil {
		return err
	}
	first := m.started
	for _, s := range m.log.scripts(scriptNames, m.of[1-m.owner]) {
		if s.from > m.begin {
			first = min(first, s.from)
		}
	}
	b.add(rowCutCall, p.name, min(first, answer)-dead, nil)
	b.add(rowCutAnswer, p.name, answer-dead, nil)
	b.add(rowCutService, p.name, m.started-dead, nil)
	m.trace(b, "power cut", dead)
	if err := p.nodes[1-m.owner].StopDaemon(); err != nil {
		return err
	}
	return p.nodes[m.owner].Boot()
}
