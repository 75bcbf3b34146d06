package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// Beats ahead of time.
//
// Whoever decides is held up now and then: by the scheduler, by a page that must be read, by the
// collector. A beat must not be. So the caller may have something punctual that sends beats for us: it gets
// each of them before it is due ([Core.BeatAhead]), numbered, with its moment. What goes out by it is
// only what this core has said, and it never has more than [Core.horizon]: if we hang, our beats end, too.
//
// Beats and other messages share one sequence of numbers. So before any other message gets a number, the
// beats that are still waiting are taken back (Stamp.TakeBack), and those that had gone out are counted.

// lent is a beat that was handed over and is not known to be out. The first has the number after Core.seq.
type lent struct {
	at   time.Duration
	wall int64
	load string
}

// mostLent is how many beats are handed over at most, whatever keepalive is.
const mostLent = 32

// horizon is how far ahead beats are handed over: two of them or a second, so that a decider that
// is late by half of it costs no beat; but never more than half a deadtime, for so much longer the other
// node believes one that hangs.
func (c *Core) horizon() time.Duration {
	return min(max(2*c.cfg.Keepalive, time.Second), c.cfg.Deadtime/2)
}

// BeatAhead fills m with the next beat to be handed over and gives its moment; false: there is
// none now. It is asked after every Step until it says false, while Stamp.Ahead is set. What was handed
// over must not go out after Stamp.TakeBack was called, nor much later than at its moment.
func (c *Core) BeatAhead(m *wire.Message) (at time.Duration, ok bool) {
	at = c.nextBeat + time.Duration(len(c.lent))*c.pace()
	if !c.now.Ahead || c.phase == phaseStopped || len(c.lent) >= mostLent || at <= c.now.At || at > c.now.At+c.horizon() {
		return 0, false
	}
	b := lent{at: at, wall: c.now.Wall + int64((at-c.now.At)/time.Second), load: c.now.Load}
	if len(c.lent) == 0 {
		c.lentAs, c.lentKey = c.body(), c.PeerKey()
	}
	c.lent = append(c.lent, b)
	c.putStatus(m.Clear(), c.lentAs, c.seq+uint64(len(c.lent)), b.wall, b.load)
	c.promised = c.NextTick()
	return at, true
}

// wentOut counts beats that were handed over and have been sent.
func (c *Core) wentOut(n int) {
	n = min(n, len(c.lent))
	for _, b := range c.lent[:n] {
		c.seq++
		s := sent{seq: c.seq, beat: c.lentAs, wall: b.wall, load: b.load}
		c.history.add(s)
		if c.audience&NoChange != 0 {
			c.hear(c.message(&s), NoChange)
		}
		c.nextBeat = b.at + c.pace()
	}
	c.lent = append(c.lent[:0], c.lent[n:]...)
}

// takeBack ends what was handed over. From then on numbers are ours to give.
func (c *Core) takeBack() {
	if len(c.lent) == 0 {
		return
	}
	c.wentOut(c.now.TakeBack())
	c.lent = c.lent[:0]
}

// number is what the next message will have.
func (c *Core) number() uint64 {
	c.takeBack()
	return c.seq + 1
}

// lentInVain says that what was handed over does not go out: we do it ourselves.
func (c *Core) lentInVain() bool {
	return len(c.lent) > 0 && c.now.At >= c.beatTick()
}

// checkLent takes back what is no longer true, or what nobody will send.
func (c *Core) checkLent() {
	if len(c.lent) > 0 && (!c.now.Ahead || c.body() != c.lentAs || c.PeerKey() != c.lentKey) {
		c.takeBack()
	}
}

// beatTick is when the beats need a tick: to send one; or, soon after one that was handed over, to see
// whether it went out and to hand the next one over. A tick for each beat also shows that we were held up.
func (c *Core) beatTick() time.Duration {
	if len(c.lent) > 0 {
		return c.lent[0].at + c.cfg.Keepalive/4
	}
	return c.nextBeat
}
