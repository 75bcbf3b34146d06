package core

import (
	"fmt"
	"strconv"
	"time"

	"heartbeatd/internal/seqtrack"
	"heartbeatd/internal/wire"
)

// 3.0.6: what it keeps, and how much of it one request may have.
const (
	historySize  = 500
	rexmitAtMost = 50
)

// history keeps the newest messages for retransmission.
type history struct {
	ring [historySize]sent
}

// sent is a numbered message. A status is kept in short, because nearly all are that.
type sent struct {
	seq   uint64        // 0: nothing
	msg   *wire.Message // nil: a status
	beat  body
	wall  int64 // of a status
	load  string
	again time.Duration // not to be resent before this
}

func (h *history) add(s sent) { h.ring[s.seq%historySize] = s }

func (h *history) find(seq uint64) *sent {
	if s := &h.ring[seq%historySize]; seq != 0 && s.seq == seq {
		return s
	}
	return nil
}

// askFirst is when to ask for a number found missing now. 3.0.6: after a random 50 ms to
// max_rexmit_delay, because nodes put their own messages on the wire out of order.
func (c *Core) askFirst() time.Duration {
	const least = 50 * time.Millisecond
	span := c.cfg.MaxRexmit - least
	if c.cfg.MaxRexmit < 2*least {
		return c.now.At + time.Duration(c.now.Rand%uint64(c.cfg.MaxRexmit+1))
	}
	return c.now.At + least + time.Duration(c.now.Rand%uint64(span+1))
}

// accepted logs losses and acknowledges. 3.0.6: every tenth number, never across a hole.
func (c *Core) accepted(n *node, seq uint64, r seqtrack.Result) {
	if r.Lost > 0 {
		c.logf(Warn, "%d lost packet(s) for [%s] [%d:%d]", r.Lost, n.name, r.Last, seq)
		if r.GaveUp {
			c.logf(Error, "lost a lot of packets!")
		}
	}
	if r.Whole {
		c.logf(Info, "No pkts missing from %s!", n.name)
	}
	covered := n.window.Covered()
	due := covered - (covered+10-n.residue)%10 // the highest covered number that wants an ack
	switch {
	case r.Verdict == seqtrack.Late:
		if due >= seq && due <= covered {
			c.ack(n, due)
		}
	case due == seq:
		c.ack(n, seq)
	}
}

func (c *Core) ack(n *node, seq uint64) {
	m := c.acking
	if m == nil {
		m = &wire.Message{}
	}
	if c.cfg.Thrifty {
		c.acking = m.Clear()
	}
	m.PutStr("t", "NS_ackmsg").PutStr("dest", n.name).PutHex("ackseq", seq)
	c.sendNS(m)
}

// unnumbered handles the NS_ messages.
func (c *Core) unnumbered(n *node, t string, m *wire.Message) {
	switch t {
	case "NS_ackmsg":
		if seq, err := strconv.ParseUint(m.Str("ackseq"), 16, 64); err == nil && m.Str("dest") == c.cfg.Self && seq <= c.seq {
			n.acked = max(n.acked, seq)
		}
	case "NS_rexmit":
		if m.Str("dest") == c.cfg.Self {
			c.rexmit(n, m)
		}
	case "NS_nak_rexmit":
		// 3.0.6: the number is struck off whoever asked; the hole is for good.
		if seq, err := strconv.ParseUint(m.Str("firstseq"), 16, 64); err == nil && n.window.Forget(seq) {
			c.logf(Error, "Irretrievably lost packet: node %s seq %d", n.name, seq)
		}
	}
}

// rexmit answers a request; its numbers are decimal (3.0.6).
func (c *Core) rexmit(n *node, m *wire.Message) {
	if !n.alive() {
		return // a recording: the dead ask for nothing
	}
	first, err1 := strconv.ParseUint(m.Str("firstseq"), 10, 64)
	last, err2 := strconv.ParseUint(m.Str("lastseq"), 10, 64)
	if err1 != nil || err2 != nil || first == 0 || last < first {
		c.dropf("bad-rexmit", "Invalid rexmit seqnos from %s", n.name)
		return
	}
	if last > c.seq {
		c.do(Log{From: "heartbeat", Level: Warn, Text: fmt.Sprintf("Rexmit of seq %d requested. %d is max.", last, c.seq), Limit: "rexmit-max"})
		last = c.seq
	}
	last = min(last, first+rexmitAtMost-1)
	for seq := max(first, n.acked+1); seq <= last; seq++ { // 3.0.6: what it acknowledged it has
		c.resend(n, seq)
	}
}

func (c *Core) resend(n *node, seq uint64) {
	s := c.history.find(seq)
	switch {
	case s == nil:
		m := wire.New("NS_nak_rexmit")
		m.AddStr("dest", n.name)
		m.AddStr("firstseq", hex(seq))
		m.AddStr("info", "seqno too low")
		c.sendNS(m)
	case c.now.At >= s.again:
		s.again = c.now.At + c.cfg.MaxRexmit - 10*time.Millisecond
		c.do(Send{c.current(s)})
	}
}

// current is what goes out for a number that was asked for. 3.0.6 believes the claim that arrives
// last (behaviour.md 12.12): an old one that comes after the newest would stay with it for good. So a C
// node gets the newest claim under the old number, too.
func (c *Core) current(s *sent) *wire.Message {
	newest := c.history.find(c.lastClaim)
	if c.peer.capable || newest == nil || s.seq >= c.lastClaim {
		return c.message(s)
	}
	// A `starting` that comes when it was answered long ago unsettles it for good.
	if s.msg == nil {
		return c.message(s)
	}
	if t := s.msg.Str("t"); t != "resource" && !(t == "starting" && c.peer.claim.known) {
		return s.msg
	}
	m := &wire.Message{Fields: append([]wire.Field{}, newest.msg.Fields...)}
	m.Lookup("seq").Value = []byte(hex(s.seq))
	return m
}

// retransmitRequests asks for what is missing, again and again, one request a number.
func (c *Core) retransmitRequests() {
	n := c.peer
	if !n.alive() {
		return
	}
	for _, seq := range n.window.Due(c.now.At, c.cfg.MaxRexmit) {
		m := wire.New("NS_rexmit")
		m.AddStr("dest", n.name)
		m.AddStr("firstseq", strconv.FormatUint(seq, 10))
		m.AddStr("lastseq", strconv.FormatUint(seq, 10))
		c.sendNS(m)
	}
}

func (c *Core) nextRexmit() time.Duration {
	if c.peer.alive() {
		if at, ok := c.peer.window.NextAsk(); ok {
			return at
		}
	}
	return NoTick
}
