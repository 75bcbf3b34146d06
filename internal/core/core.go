package core

import (
	"fmt"
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// phase is how far this node has come.
type phase uint8

const (
	phaseInit     phase = iota // communication is not up yet
	phaseJoining               // `starting` is sent: who holds what?
	phaseStable                // settled, or moving groups
	phaseStopping              // releasing
	phaseStopped               // everything is released and said
)

// Core is the state of one node. It is not safe for concurrent use.
type Core struct {
	cfg    Config
	now    Stamp
	out    []Action
	phase  phase
	ended  bool
	moved  bool   // a group or a dialogue moved: look again at what follows
	status string // own status on the wire: init, up, active
	self   *node
	peer   *node // nil in a cluster of one

	pings pings

	seq        uint64
	history    history
	nextBeat   time.Duration
	quickPace  time.Duration // beats come by this pace until quickTill, see pace
	quickTill  time.Duration
	lent       []lent        // beats that somebody punctual sends for us
	lentAs     body          // what they say
	lentKey    int           // what they are signed with
	promised   time.Duration // the tick that was asked for
	firstDoubt time.Duration // of our own evidence, since the peer was last heard
	lastDoubt  time.Duration // the newest of them
	grace      time.Duration // nobody is declared dead before this: we were stalled ourselves

	reqAt     time.Duration // next reqnodes; NoTick: none
	join      join
	groups    []*group
	before    string // the fingerprint of the file before this one, if all of it was in force
	base      string // that of the file in which the groups that wait for a change have their names
	changing  bool   // not all of the file is in force yet, see change.go
	scripts   []*script
	lastRun   uint64
	said      string        // the last claim sent, to send it again only when it changed
	lastClaim uint64        // its number
	againAt   time.Duration // it is not repeated before this, see sayAgain
	standby   standby
	taking    takeover
	stop      shutdown
	fence     fence
	last      Transition
	drops     map[string]uint64 // messages not acted on, by reason
	watch     *watch            // lateness, for the operator; nil in a clone
	acking    *wire.Message     // the acknowledgement sent last, if thrifty
	audience  Class             // what programs want to hear
}

// New returns a core that has not started. The configuration must be complete.
func New(cfg Config) *Core {
	cfg = cfg.withDefaults()
	c := &Core{cfg: cfg, status: "init", reqAt: NoTick, promised: NoTick, drops: map[string]uint64{}}
	c.self = &node{name: cfg.Self, self: true, status: "init", deadtime: cfg.Deadtime}
	if cfg.Peer != "" {
		c.peer = &node{name: cfg.Peer, status: "init", deadtime: cfg.Deadtime}
	}
	for _, l := range cfg.Links {
		c.self.link(l)
		if c.peer != nil {
			c.peer.link(l)
		}
	}
	c.groups = newGroups(cfg)
	c.pings = newPings(cfg)
	c.watch = newWatch(cfg.Links)
	return c
}

// Step handles one event and returns what to do about it. Stamps must not run backwards.
func (c *Core) Step(s Stamp, ev Event) []Action {
	c.now, c.out = s, c.out[:0]
	if !c.cfg.Thrifty {
		c.out = nil
	}
	if c.ended {
		return nil
	}
	c.wentOut(s.Went)
	c.noticeStall()
	switch e := ev.(type) {
	case Started:
		c.started()
	case Resumed:
		c.resumed()
	case Handover:
		c.handover()
	case Received:
		c.received(e)
	case Tick:
		c.tick(e.Partial)
	case ScriptDone:
		c.scriptDone(e)
	case FenceDone:
		c.fenceDone(e)
	case StandbyCommand:
		c.standbyCommand(e.Which)
	case TakeoverCommand:
		c.takeoverCommand(e.Which)
	case Relay:
		c.relay(e.Msg.Copy()) // a copy, or every event would have to be on the heap
	case Answered:
		c.answered(e)
	case StopCommand:
		c.stopCommand()
	case Audience:
		c.audience = e.Classes
	case ClientMessage:
		c.clientMessage(e.Msg.Copy())
	}
	c.settle()
	c.checkLent()
	c.promised = c.NextTick()
	return c.out
}

// settle follows up every event: what has become possible or necessary through it, until
// nothing more does. Each round needs a group or a dialogue to have moved, and those soon wait
// for a script or for the other node; the bound only keeps a mistake from costing the beats.
func (c *Core) settle() {
	c.moved = true
	for round := 0; c.moved && round < 16; round++ {
		c.moved = false
		c.follow()
	}
	c.announce()
}

func (c *Core) follow() {
	c.learnTerms()
	c.liftBars()
	c.checkCommUp()
	c.checkJoined()
	c.changeGroups()
	c.takeFresh()
	c.expectWord()
	c.yieldFound()
	c.standbyAgree()
	c.reconcile()
	c.runGroups()
	c.legacyAnswers()
	c.standbyProgress()
	c.takeoverProgress()
	c.delayedStop()
	c.shutdownProgress()
}

func (c *Core) started() {
	if c.peer != nil {
		c.peer.residue = c.now.Rand / 10 % 10
		c.peer.lastBeat = c.now.At
		c.peer.changed = c.now
	}
	c.self.changed = c.now
	c.sendStatus() // 3.0.6: the first own packet says st=init
	c.setStatus("up")
	c.nextBeat = c.now.At + c.cfg.Keepalive
	c.beginPings()
}

// setStatus moves our own status and tells the world.
func (c *Core) setStatus(st string) {
	c.status, c.self.status, c.self.changed = st, st, c.now
	c.logf(Info, "Local status now set to: '%s'", st)
	c.sendStatus()
}

// tick does everything that is due.
func (c *Core) tick(partial bool) {
	if c.lentInVain() {
		c.takeBack()
	}
	if c.now.At >= c.nextBeat && len(c.lent) == 0 {
		c.beat()
	}
	c.sayAgain()
	if partial {
		c.doubt(c.cfg.Keepalive / 4)
	}
	c.ping()
	c.checkDead()
	c.checkPings()
	c.fenceAgain()
	c.askAgain()
	c.retransmitRequests()
	c.giveInTime()
	c.standbyTimeout()
	c.scriptTimes()
}

// NextTick is the time of the next [Tick] the core wants, [NoTick] if none.
func (c *Core) NextTick() time.Duration {
	if c.ended {
		return NoTick
	}
	next := c.beatTick()
	for _, t := range []time.Duration{
		c.deadline(), c.reqAt, c.nextRexmit(), c.joinDeadline(), c.standby.next(),
		c.scriptDeadline(), c.retryDeadline(), c.stop.next(), c.conflictDeadline(), c.requestDeadline(), c.nextSaying(), c.pingTick(), c.fence.next(),
	} {
		next = min(next, t)
	}
	return max(next, c.now.At)
}

// NextVerdict is when the other node will be declared dead if nothing is heard from it; NoTick if it will not. It is one
// of the deadlines of NextTick: the one that should not be missed by a millisecond.
func (c *Core) NextVerdict() time.Duration {
	if n := c.peer; n != nil && !n.dead() && !c.ended {
		return c.verdictAt(c.deathOf(n))
	}
	return NoTick
}

// Sending.

// newMessage has room for the fields of any message of ours.
func newMessage(t string) *wire.Message {
	return (&wire.Message{Fields: make([]wire.Field, 0, 18)}).AddStr("t", t)
}

// send completes a sequenced message, keeps it for retransmission and puts it on the wire.
func (c *Core) send(m *wire.Message) {
	c.seq = c.number()
	c.putTail(m, c.seq, c.now.Wall, c.now.Load)
	c.history.add(sent{seq: c.seq, msg: m})
	c.do(Send{m})
	if dest := m.Lookup("dest"); dest == nil { // 3.0.6: what is for all nodes is for this one, too
		c.hear(m, Keep)
	}
}

// sendNS sends an NS_ message: no number, never retransmitted.
func (c *Core) sendNS(m *wire.Message) {
	m.PutStr("src", c.cfg.Self).PutBin("srcuuid", c.cfg.UUID)
	m.PutHex("hg", c.cfg.Generation).PutHex("ts", uint64(c.now.Wall)).PutStr("ttl", strconv.Itoa(c.cfg.TTL))
	c.do(Send{m})
	c.hear(m, Protocol)
}

func (c *Core) do(a Action) { c.out = append(c.out, a) }

// Logging.

func (c *Core) logf(l Level, format string, args ...any) {
	c.do(Log{From: "heartbeat", Level: l, Text: fmt.Sprintf(format, args...)})
}

// scriptLogf is a line that operators know from one of 3.0.6's scripts.
func (c *Core) scriptLogf(from string, l Level, format string, args ...any) {
	c.do(Log{From: from, Level: l, Text: fmt.Sprintf(format, args...)})
}

// dropf counts a message that is not acted on and says why, at a limited rate.
func (c *Core) dropf(reason, format string, args ...any) {
	c.drops[reason]++
	c.do(Log{From: "heartbeat", Level: Error, Text: fmt.Sprintf(format, args...), Limit: reason})
}

// noteTransition remembers the last change for heartbeatd status.
func (c *Core) noteTransition(cause, format string, args ...any) {
	c.last = Transition{Wall: c.now.Wall, What: fmt.Sprintf(format, args...), Cause: cause}
}

func hex(n uint64) string { return strconv.FormatUint(n, 16) }
