package core

import (
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/seqtrack"
	"heartbeatd/internal/wire"
)

// received is the way of every datagram. 3.0.6: protocol.md 6.1 gives the order of the steps.
func (c *Core) received(e Received) {
	m := e.Msg
	heard := e.Heard
	if heard <= 0 || heard > c.now.At {
		heard = c.now.At
	}
	t := m.Str("t")
	switch {
	case t == "" || m.StrIs("src", "") || m.StrIs("ts", ""):
		c.dropf("incomplete", "process_clustermsg: missing from/ts/type: iface %s, from %s", e.Link, m.Str("src"))
		return
	case m.StrIs("src", c.cfg.Self):
		c.ownReturned(e, heard)
		return
	case c.peer == nil || !m.StrIs("src", c.peer.name):
		c.dropf("bad-node", "process_status_message: bad node [%s] in message", m.Str("src"))
		return
	}
	if strings.HasPrefix(t, "NS_") {
		if !c.peer.dead() { // such messages carry no number: one may be a recording
			c.linkHeard(c.peer, e.Link, heard)
		}
		c.unnumbered(c.peer, t, m)
		c.hearEarly(c.peer)
		c.hear(m, unnumberedClass(t))
		return
	}
	c.numbered(e, heard)
}

// numbered judges a message of the peer by its generation and number, and acts on it once.
func (c *Core) numbered(e Received, heard time.Duration) {
	n, m := c.peer, e.Msg
	seq, err := strconv.ParseUint(m.Str("seq"), 16, 64)
	if err != nil {
		c.dropf("incomplete", "process_clustermsg: missing seqno: iface %s, from %s", e.Link, n.name)
		return
	}
	gen, _ := strconv.ParseUint(m.Str("hg"), 16, 64) // 3.0.6: a missing hg counts as 0
	old := n.window.Generation()
	was := n.status
	r := n.window.Judge(gen, seq, m.Str("t") == "status", c.askFirst())
	switch r.Verdict {
	case seqtrack.Replay:
		c.hear(m, Dropped)
		c.dropf("replay", "should_drop_message: attempted replay attack [%s]? [gen = %d, curgen = %d]", n.name, gen, old)
		return
	case seqtrack.Duplicate:
		c.linkHeard(n, e.Link, heard)
		c.hear(m, Duplicate)
		return
	case seqtrack.Old, seqtrack.Early:
		c.hear(m, Dropped)
		c.drops[r.Verdict.String()]++
		return
	case seqtrack.Restart:
		c.restarted(n, old, m.Str("st"))
	}
	if r.Verdict != seqtrack.Late {
		n.key = e.Key
	}
	c.linkHeard(n, e.Link, heard)
	c.accepted(n, seq, r)
	c.handle(n, m, seq, heard)
	class := Keep
	if r.Verdict != seqtrack.Restart && n.status == was && m.StrIs("t", "status") {
		class = NoChange
	}
	c.hearFrom(n, m, seq, class)
	c.hearEarly(n)
}

// ownReturned sees our own broadcasts come back, which shows a link to work.
func (c *Core) ownReturned(e Received, heard time.Duration) {
	if gen, err := strconv.ParseUint(e.Msg.Str("hg"), 16, 64); err == nil && gen != c.cfg.Generation {
		c.dropf("own-name", "another machine, or an earlier life of this one, sends beats in our name [%s] on %s: node names must be unique", c.cfg.Self, e.Link)
		return
	}
	c.linkHeard(c.self, e.Link, heard)
}

// handle acts on an accepted, numbered message.
func (c *Core) handle(n *node, m *wire.Message, seq uint64, heard time.Duration) {
	c.readReport(n, m, seq)
	switch m.Str("t") {
	case "status":
		c.statusFrom(n, m, seq, heard)
	case "reqnodes":
		c.reqnodesFrom(n, m)
	case "repnodes":
		c.repnodesFrom(m)
	case "starting":
		c.startingFrom(n, seq)
	case "resource":
		c.resourceFrom(n, m, seq)
	case "ask_resources":
		c.askResourcesFrom(n, m, seq)
	case "hb_takeover":
		c.takeoverFrom(n, m)
	case "shutdone":
		c.shutdoneFrom(n, seq)
	case "ip-request":
		c.groupAsked(n, m)
	case "ip-request-resp":
		c.groupAnswered(m)
	case "setweight", "setsite":
		c.setNode(m)
	case "addnode", "delnode":
		c.changeNodes(m)
	default:
		c.notice(m)
	}
}

// restarted handles the first status of a node's new life. What it held before says nothing
// about now: 3.0.6 kept the old claim, and groups were lost by that (behaviour.md 12.4).
func (c *Core) restarted(n *node, before uint64, status string) {
	if before != 0 {
		c.logf(Info, "Heartbeat restart on node %s", n.name)
		c.noteTransition("a higher generation in its status", "%s restarted", n.name)
	}
	if status == "init" && n.status != "init" {
		c.logf(Info, "Status update for node %s: status %s", n.name, status)
	}
	c.watch.restarted()
	c.takerRestarted(n)
	n.forget()
	c.legacyForgets()
	for _, g := range c.groups {
		g.stays = false
	}
	n.lastStatus, n.acked, n.capable = 0, 0, false
	if c.cfg.Failback == FailbackLegacy {
		c.said = "" // a C node was told nothing; it may be a heartbeatd now
	}
	c.join.heardAt = 0
	n.status, n.changed = "init", c.now
	n.lastBeat = c.now.At
	c.cancelStandby()
	c.sendStatus() // it may not have heard us yet, and only a status introduces a node
}

// statusFrom renews a node's life.
func (c *Core) statusFrom(n *node, m *wire.Message, seq uint64, heard time.Duration) {
	if n.lastStatus != 0 && seq < n.lastStatus {
		return // a retransmitted beat of the past renews nothing
	}
	if m.StrIs("st", "") {
		c.logf(Error, "HBDoMsg_T_STATUS: status update without st field")
		return
	}
	returning := n.dead() && n.lastStatus != 0
	if n.lastStatus != 0 && !returning {
		c.noteGap(n, heard-n.lastBeat)
	}
	if returning {
		c.watch.returned(c.now.At, heard-n.lastBeat)
	}
	known := m.StrIs("st", "init") || m.StrIs("st", "up") || m.StrIs("st", "active")
	if known {
		n.left = false
		c.fenceHeard(n)
	}
	n.lastStatus, n.lastBeat = seq, heard
	if dt, err := strconv.ParseUint(m.Str("dt"), 16, 32); err == nil && dt > 0 {
		n.deadtime = time.Duration(dt) * time.Millisecond
	}
	n.capable = m.Has(fieldCapable)
	c.remindDiffers()
	if m.StrIs("st", n.status) {
		return
	}
	if !known {
		return
	}
	st := m.Str("st")
	seenStarting := n.status == "up" && !returning
	n.status, n.changed = st, c.now
	if returning {
		c.partitionHealed(n)
	}
	c.logf(Info, "Status update for node %s: status %s", n.name, st)
	c.notice(m)
	if st == "active" {
		n.started = seenStarting
		c.legacyAppears(n)
	}
}
