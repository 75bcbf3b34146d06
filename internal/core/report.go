package core

import (
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/wire"
)

// report is what a heartbeatd says about itself in every beat, claim and word of a standby
// dialogue. Events get lost or come late; the newest report tells where the other node stands
// now, so that whatever was missed is made up for by its next beat.
type report struct {
	seq     uint64 // of the message that carried it; 0: none yet
	standby uint64 // the dialogue it is in, see [standby.id]
	phase   standbyPhase
	claim   uint64 // number of its newest claim; 0: it made none
}

// ownReport is ours.
type ownReport struct {
	sees    string // the other node's status; "" if there is none
	standby uint64
	phase   standbyPhase
	claim   uint64
}

func (c *Core) report() ownReport {
	r := ownReport{claim: c.lastClaim}
	if c.peer != nil {
		r.sees = c.peer.status
	}
	if s := &c.standby; s.phase != standbyNone {
		r.standby, r.phase = s.id, s.phase
	}
	return r
}

// put adds it to a message.
func (r ownReport) put(m *wire.Message) {
	m.PutStr(fieldCapable, "1")
	if r.sees != "" {
		m.PutStr(fieldSees, r.sees)
	}
	if r.phase != standbyNone {
		m.PutStr(fieldStandby, hex(r.standby)+" "+r.phase.String())
	}
	if r.claim != 0 {
		m.PutHex(fieldClaim, r.claim)
	}
}

// readReport keeps the newest report. A C node makes none.
func (c *Core) readReport(n *node, m *wire.Message, seq uint64) {
	if !m.Has(fieldCapable) || seq < n.report.seq {
		return
	}
	r := report{seq: seq}
	if m.Has(fieldStandby) { // mostly not, and an error costs memory
		id, word, _ := strings.Cut(m.Str(fieldStandby), " ")
		if v, err := strconv.ParseUint(id, 16, 64); err == nil {
			r.standby, r.phase = v, standbyPhaseOf(word)
		}
	}
	if m.Has(fieldClaim) {
		r.claim, _ = strconv.ParseUint(m.Str(fieldClaim), 16, 64)
	}
	n.report = r
	c.noteDeaf(n, m.Str(fieldSees))
}

// noteDeaf notices that the other node, whose beats we hear, holds us for dead: our beats do
// not reach it. One such report means nothing (it may have been sent just before ours arrived).
func (c *Core) noteDeaf(n *node, sees string) {
	switch {
	case sees != "dead":
		n.deafSince = 0
	case n.deafSince == 0:
		n.deafSince = c.now.At
	}
}

// deafPatience is time for two more beats of the other node to say otherwise.
func (c *Core) deafPatience() time.Duration { return 2*c.cfg.Keepalive + c.cfg.Keepalive/2 }

// outdated says that the node has made a claim which has not come yet.
func (n *node) outdated() bool { return n.report.claim > n.claim.seq }
