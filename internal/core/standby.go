package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// standbyPhase is where the me/other/done dialogue stands. 3.0.6: behaviour.md 3.4.
//
//	giver:  me ---------> other: releasing ---> done --------> done: finished
//	taker:  me: other --> waiting ------------> done: taking -> done
type standbyPhase uint8

const (
	standbyNone      standbyPhase = iota
	standbyAsked                  // giver: `me` is sent
	standbyReleasing              // giver: the other agreed; our scripts run
	standbyWaiting                // giver: `done` is sent; the other's scripts run
	standbyOffered                // taker: `other` is sent; the other's scripts run
	standbyTaking                 // taker: `done` came; our scripts run
)

// 3.0.6: how long a request waits for an answer, and each later step.
const (
	standbyAnswer = 10 * time.Second
	standbyStep   = 60 * time.Minute
)

type standby struct {
	phase      standbyPhase
	which      Which // as the giver sees it
	giver      string
	deadline   time.Duration
	failbackAt time.Duration // no automatic failback before this
}

func (s *standby) giving() bool {
	return s.phase == standbyReleasing || s.phase == standbyWaiting
}

// moves says whether the dialogue is about this group; then both nodes may name it for a while.
func (s *standby) moves(g *group, self string) bool {
	return s.phase != standbyNone && s.which.includes(g.home == s.giver)
}

func (s *standby) next() time.Duration {
	if s.phase == standbyNone {
		return NoTick
	}
	return s.deadline
}

func (c *Core) setStandby(p standbyPhase, d time.Duration) {
	c.standby.phase, c.standby.deadline = p, c.now.At+d
}

// standbyCommand is hb_standby on this node.
func (c *Core) standbyCommand(w Which) {
	if !w.valid() {
		c.logf(Error, "standby: unknown word [%s]", w)
		return
	}
	if w == Failback {
		w = Foreign
	}
	if c.cfg.Failback == FailbackLegacy {
		c.logf(Info, "Standby mode only implemented when nice_failback on")
		return
	}
	for _, g := range c.groups {
		g.failback = g.failback && !w.includes(g.home == c.cfg.Self)
	}
	c.askStandby(w)
}

// refusal is 3.0.6's reason for passing a request over, "" if there is none.
func (c *Core) refusal(from string) string {
	n := c.peer
	switch {
	case c.standby.phase != standbyNone:
		left := (c.standby.deadline - c.now.At) / time.Second
		return "Standby in progress- new request from " + from + " ignored [" + itoa(int64(left)) + " seconds left]"
	case c.phase != phaseStable:
		return "standby message [me] from " + from + " ignored.  local resources in flux."
	case !n.active() || !n.claim.known || !n.claim.stable:
		return "standby message [me] from " + from + " ignored.  Other side is in flux."
	}
	return ""
}

// Refusal is why a standby would be refused now, in 3.0.6's words; "" if it would not.
func (c *Core) Refusal() string {
	if c.cfg.Failback == FailbackLegacy {
		return "Standby mode only implemented when nice_failback on"
	}
	return c.refusal(c.cfg.Self)
}

// askStandby opens the dialogue as the giver.
func (c *Core) askStandby(w Which) {
	if r := c.refusal(c.cfg.Self); r != "" {
		c.logf(Warn, "%s", r)
		return
	}
	c.logf(Info, "%s wants to go standby [%s]", c.cfg.Self, w)
	c.standby.which, c.standby.giver = w, c.cfg.Self
	c.setStandby(standbyAsked, standbyAnswer)
	c.sendStandby("me")
}

func (c *Core) sendStandby(info string) {
	m := wire.New("ask_resources")
	m.AddStr("rsc_hold", string(c.standby.which))
	m.AddStr("info", info)
	c.send(m)
}

// askResourcesFrom is the other node's part of the dialogue.
func (c *Core) askResourcesFrom(n *node, m *wire.Message) {
	info, which := m.Str("info"), Which(m.Str("rsc_hold"))
	s := &c.standby
	switch {
	case c.phase >= phaseStopping:
	case info == "me":
		c.offer(n, which)
	case info == "other" && s.phase == standbyAsked:
		c.logf(Info, "standby: %s can take our %s resources", n.name, s.which)
		c.setStandby(standbyReleasing, standbyStep)
		c.logf(Info, "give up %s HA resources (standby).", s.which)
		for _, g := range c.groups {
			if s.which.includes(g.home == c.cfg.Self) {
				g.release()
			}
		}
	case info == "done" && s.phase == standbyOffered:
		c.logf(Info, "standby: acquire [%s] resources from %s", s.which, n.name)
		c.setStandby(standbyTaking, standbyStep)
		c.takeFromGiver()
	case info == "done" && s.phase == standbyWaiting:
		c.logf(Info, "Other node completed standby takeover of %s resources.", s.which)
		c.noteTransition("standby", "%s taken by %s", s.which, n.name)
		c.endStandby()
		c.sendClaim(false)
	default:
		c.logf(Error, "Ignored standby message '%s' from %s in state %d", info, n.name, s.phase)
	}
}

// offer answers `me`.
func (c *Core) offer(n *node, which Which) {
	c.logf(Info, "%s wants to go standby [%s]", n.name, which)
	if !which.valid() {
		c.dropf("bad-standby", "standby message [me] from %s ignored: unknown word [%s]", n.name, which)
		return
	}
	if c.standby.phase == standbyAsked && n.name < c.cfg.Self {
		// Both asked at once: the node that comes first in the alphabet gives.
		c.endStandby()
	}
	if r := c.refusal(n.name); r != "" {
		c.logf(Warn, "%s", r)
		return
	}
	c.standby.which, c.standby.giver = which, n.name
	c.setStandby(standbyOffered, standbyStep)
	c.sendStandby("other")
}

// takeFromGiver wants what the giver says is released. A group the giver still claims failed
// to stop there and stays there.
func (c *Core) takeFromGiver() {
	w := c.standby.which.mirror()
	c.logf(Info, "acquire %s HA resources (standby).", w)
	for _, g := range c.groups {
		if w.includes(g.home == c.cfg.Self) && !(c.peer.capable && c.peerHolds(g)) {
			c.acquire(g)
		}
	}
}

// standbyProgress goes on when our scripts have done their part.
func (c *Core) standbyProgress() {
	s := &c.standby
	switch s.phase {
	case standbyReleasing:
		if c.moving(s.which) {
			return
		}
		c.logf(Info, "%s HA resource release completed (standby).", s.which)
		c.logf(Info, "Local standby process completed [%s].", s.which)
		c.sendClaim(false) // the truth first: it is released
		c.sendStandby("done")
		c.setStandby(standbyWaiting, standbyStep)
	case standbyTaking:
		w := s.which.mirror()
		if c.moving(w) {
			return
		}
		c.logf(Info, "%s HA resource acquisition completed (standby).", w)
		c.logf(Info, "Standby resource acquisition done [%s].", s.which)
		c.noteTransition("standby", "%s taken from %s", s.which, s.giver)
		c.sendStandby("done")
		c.endStandby()
		c.sendClaim(false)
	}
}

// moving says whether a group of the set is still on its way.
func (c *Core) moving(w Which) bool {
	for _, g := range c.groups {
		if w.includes(g.home == c.cfg.Self) && g.state != groupRunning && g.state != groupStopped {
			return true
		}
		if w.includes(g.home == c.cfg.Self) && g.want != (g.state == groupRunning) {
			return true
		}
	}
	return false
}

func (c *Core) endStandby() {
	c.standby.phase, c.standby.which = standbyNone, None
}

// cancelStandby ends the dialogue because the other node is gone or has forgotten it. What we
// were releasing is wanted again by reconcile if nobody else has it; 3.0.6 goes on releasing
// and then claims what runs nowhere (behaviour.md 12.5).
func (c *Core) cancelStandby() {
	if c.standby.phase == standbyNone {
		return
	}
	c.logf(Info, "Cancelling pending standby operation")
	c.endStandby()
}

func (c *Core) standbyTimeout() {
	if c.standby.phase != standbyNone && c.now.At >= c.standby.deadline {
		c.logf(Warn, "No reply to standby request.  Standby request cancelled.")
		c.endStandby()
	}
}

// takeoverCommand is hb_takeover on this node: it asks the other to give. 3.0.6 passes
// `failback` on, and it acts as all (behaviour.md 12.10); what is meant is what is ours.
func (c *Core) takeoverCommand(w Which) {
	if !w.valid() {
		c.logf(Error, "takeover: unknown word [%s]", w)
		return
	}
	if w == Failback {
		w = Local
	}
	m := wire.New("hb_takeover")
	m.AddStr("rsc_hold", string(w))
	c.send(m)
}

// takeoverFrom gives what the other node asks for.
func (c *Core) takeoverFrom(n *node, m *wire.Message) {
	w := Which(m.Str("rsc_hold"))
	c.logf(Info, "%s asks to take over [%s]", n.name, w)
	if w == Failback {
		w = Local
	}
	if w.valid() {
		c.standbyCommand(w.mirror())
	}
}
