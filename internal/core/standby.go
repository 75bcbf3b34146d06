package core

import (
	"fmt"
	"time"

	"heartbeatd/internal/wire"
)

// standbyPhase is where the me/other/done dialogue stands. 3.0.6: behaviour.md 3.4.
//
//	giver:  me ---------> other: releasing ---> done --------> done: finished
//	taker:  me: other --> offered ------------> done: taking -> done
type standbyPhase uint8

const (
	standbyNone      standbyPhase = iota
	standbyAsked                  // giver: `me` is sent
	standbyReleasing              // giver: the other agreed; our scripts run
	standbyWaiting                // giver: `done` is sent; the other's scripts run
	standbyOffered                // taker: `other` is sent; the other's scripts run
	standbyTaking                 // taker: `done` came; our scripts run
)

var standbyPhaseNames = [...]string{"none", "asked", "releasing", "waiting", "offered", "taking"}

func (p standbyPhase) String() string {
	if int(p) < len(standbyPhaseNames) {
		return standbyPhaseNames[p]
	}
	return "unknown"
}

// standbyPhaseOf reads a phase from a report; what it does not know is none.
func standbyPhaseOf(word string) standbyPhase {
	for i, name := range standbyPhaseNames {
		if name == word {
			return standbyPhase(i)
		}
	}
	return standbyNone
}

// gives says that the phase is one of the giver's.
func (p standbyPhase) gives() bool {
	return p == standbyAsked || p == standbyReleasing || p == standbyWaiting
}

// 3.0.6: how long a request waits for an answer, and each later step.
const (
	standbyAnswer = 10 * time.Second
	standbyStep   = 60 * time.Minute
)

// cLook is how often a C node looks at its network, unless its keepalive is less. 3.0.6: it says
// `other` in one look, and sees our `done` in the next or a later one.
const cLook = 500 * time.Millisecond

// cGive is how long to wait after a C taker's `other` before the groups are stopped. The service runs on
// meanwhile, and a stop that takes the rest of the time, or less, leaves it down until that next look and no
// longer. 0 if there is no service that could run on.
func (c *Core) cGive() time.Duration {
	for _, g := range c.groups {
		if g.state == groupRunning && c.standby.moves(g) {
			return min(cLook, c.cfg.Keepalive) * 3 / 5
		}
	}
	return 0
}

type standby struct {
	phase        standbyPhase
	which        Which // as the giver sees it
	giver        string
	id           uint64 // number of the giver's `me`
	sure         bool   // taker: the giver was seen releasing
	refused      uint64 // number of a `me` that came while something was in flux; 0: none
	refusedWhich Which
	tookOver     bool          // giver: the C taker has taken over, and says no more
	giveAt       time.Duration // giver that has a C node's `other`: when the groups are stopped; 0: it has not
	began        time.Duration
	deadline     time.Duration
	failbackAt   time.Duration // no automatic failback before this
}

func (s *standby) giving() bool {
	return s.phase == standbyReleasing || s.phase == standbyWaiting
}

// moves says whether the dialogue is about this group; then both nodes may name it for a while.
func (s *standby) moves(g *group) bool {
	return s.which.includes(g.home == s.giver)
}

func (s *standby) next() time.Duration {
	switch {
	case s.phase == standbyNone:
		return NoTick
	case s.agreed():
		return min(s.giveAt, s.deadline)
	}
	return s.deadline
}

// agreed says that a C taker waits for us to begin.
func (s *standby) agreed() bool { return s.phase == standbyAsked && s.giveAt != 0 }

// begin opens a dialogue in which the giver's `me` has the number id.
func (s *standby) begin(w Which, giver string, id uint64) {
	s.which, s.giver, s.id, s.sure, s.tookOver, s.giveAt = w, giver, id, false, false, 0
}

func (c *Core) setStandby(p standbyPhase, d time.Duration) {
	if c.standby.phase == standbyNone {
		c.standby.began = c.now.At
	}
	c.standby.phase, c.standby.deadline = p, c.now.At+d
	c.moved = true
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
	c.askStandby(w)
}

// refusal is 3.0.6's reason for passing a request over, "" if there is none.
func (c *Core) refusal(from string) string {
	n := c.peer
	switch {
	case c.standby.phase != standbyNone:
		left := (c.standby.deadline - c.now.At) / time.Second
		return fmt.Sprintf("Standby in progress- new request from %s ignored [%d seconds left]", from, left)
	case c.phase != phaseStable || !c.probed():
		return "standby message [me] from " + from + " ignored.  local resources in flux."
	case n.absent() || !n.active() || !n.claim.stable:
		return "standby message [me] from " + from + " ignored.  Other side is in flux."
	}
	return ""
}

// Refusal is why a standby would be refused now, in 3.0.6's words; "" if it would not.
func (c *Core) Refusal() string {
	if c.cfg.Failback == FailbackLegacy {
		return "Standby mode only implemented when nice_failback on"
	}
	if c.peer.absent() || !c.peer.active() {
		return NoOther
	}
	return c.refusal(c.cfg.Self)
}

// NoOther is the answer to an operator who wants to move something while there is nobody else.
const NoOther = "there is no other active node"

// Alone says whether nobody is there to take from.
func (c *Core) Alone() bool { return c.peer.absent() || !c.peer.active() }

// askStandby opens the dialogue as the giver.
func (c *Core) askStandby(w Which) {
	if r := c.refusal(c.cfg.Self); r != "" {
		c.logf(Warn, "%s", r)
		return
	}
	c.logf(Info, "%s wants to go standby [%s]", c.cfg.Self, w)
	c.standby.begin(w, c.cfg.Self, c.number())
	c.setStandby(standbyAsked, standbyAnswer)
	c.sendStandby("me", w)
}

func (c *Core) endStandby() {
	c.standby.phase, c.standby.which = standbyNone, None
	c.moved = true
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
	c.notice(m)
	if c.peer.absent() {
		c.logf(Warn, "takeover [%s]: no other node is there to give its resources", w)
	}
}

// takeoverFrom gives what the other node asks for.
func (c *Core) takeoverFrom(n *node, m *wire.Message) {
	w := Which(m.Str("rsc_hold"))
	c.notice(m)
	c.logf(Info, "%s asks to take over [%s]", n.name, w)
	if w == Failback {
		w = Local
	}
	if w.valid() {
		c.standbyCommand(w.mirror())
	}
}
