package core

import (
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// body is what a status says besides its number and its time.
type body struct {
	status string
	report ownReport
}

func (c *Core) body() body { return body{c.status, c.report()} }

// beat sends the periodic status. A late timer does not shift the rhythm, and beats that were
// missed while we were stalled are not made up for.
func (c *Core) beat() {
	c.watch.beatSent(c.now.At, c.nextBeat)
	c.sendStatus()
	c.nextBeat += c.pace()
	if c.nextBeat <= c.now.At {
		c.nextBeat = c.now.At + c.pace()
	}
}

// pace is the time between two beats. A keepalive that has just become longer does not count before a deadtime of before
// is over: the other node judges us by that one until a beat tells it the new, and a beat may be lost.
func (c *Core) pace() time.Duration {
	if c.now.At < c.quickTill {
		return c.quickPace
	}
	return c.cfg.Keepalive
}

// sayAgain repeats our claim every second keepalive to a heartbeatd that we hold for dead. It may hear us all the
// same, and can ask for nothing that was lost on the way, or that it forgot because it held us for dead: then
// it would never learn what runs here, and never give way.
func (c *Core) sayAgain() {
	if c.now.At >= c.nextSaying() {
		c.againAt = c.now.At + 2*c.cfg.Keepalive
		audience := c.audience
		c.audience = 0 // no news to programs: one of 3.0.6 that waits for an answer waits anew with each message
		c.sendClaim(false)
		c.audience = audience
	}
}

func (c *Core) nextSaying() time.Duration {
	if n := c.peer; n == nil || !n.dead() || !n.capable || c.phase == phaseStopped {
		return NoTick
	}
	return c.againAt
}

func (c *Core) sendStatus() {
	c.seq = c.number()
	s := sent{seq: c.seq, beat: c.body(), wall: c.now.Wall, load: c.now.Load}
	c.history.add(s)
	m := c.message(&s)
	c.do(Send{m})
	c.hear(m, NoChange)
}

// message is what was sent: beats are made anew, the others are kept.
func (c *Core) message(s *sent) *wire.Message {
	if s.msg != nil {
		return s.msg
	}
	m := &wire.Message{Fields: make([]wire.Field, 0, 18)}
	c.putStatus(m, s.beat, s.seq, s.wall, s.load)
	return m
}

// putStatus makes a status. It needs no memory if m has been one before.
func (c *Core) putStatus(m *wire.Message, b body, seq uint64, wall int64, load string) {
	m.PutStr("t", "status").PutStr("st", b.status)
	m.PutHex("dt", uint64(c.cfg.Deadtime/time.Millisecond)).PutStr("protocol", "1")
	b.report.put(m)
	c.putTail(m, seq, wall, load)
}

// putTail completes a sequenced message. 3.0.6: the caller's fields first, then src srcuuid seq hg ts ld ttl.
func (c *Core) putTail(m *wire.Message, seq uint64, wall int64, load string) {
	m.PutStr("src", c.cfg.Self).PutBin("srcuuid", c.cfg.UUID)
	m.PutHex("seq", seq).PutHex("hg", c.cfg.Generation).PutHex("ts", uint64(wall))
	m.PutStr("ld", load).PutStr("ttl", strconv.Itoa(c.cfg.TTL))
}
