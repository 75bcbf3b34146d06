package core

import (
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// Fencing: with a STONITH device nothing that another node may still run is claimed or started here before the
// device has reset that node. 3.0.6: behaviour.md 2 and 6.

// fenceEvery is the pause after an attempt that failed. 3.0.6: 5 s, for ever.
const fenceEvery = 5 * time.Second

// cannotReset is the exit code by which a device says that a node is none of its own. 3.0.6: the process ends with it.
const cannotReset = 100

type fencePhase uint8

const (
	fenceNone    fencePhase = iota
	fenceRunning            // the device is at work
	fenceWaiting            // an attempt failed, the next one is at fence.at
)

// fence is what becomes of the node that was declared dead.
type fence struct {
	phase   fencePhase
	attempt int
	at      time.Duration // waiting: the next attempt
	since   time.Duration // running: when this attempt began
	gen     uint64        // running: the node's life when it began
	reset   uint64        // the life that the device has ended, as long as nothing says otherwise; 0: none
	struck  uint64        // the life that it may have ended, for it was heard while the device worked
	failure string        // how the last attempt ended, for the operator
}

func (f *fence) next() time.Duration {
	if f.phase == fenceWaiting {
		return f.at
	}
	return NoTick
}

// fences says whether a dead node must be reset before anything is taken from it. 3.0.6: not if it said goodbye or
// held nothing. DIFFERS: who held nothing may take, cut off as we are, what nobody had; and a C node says that it has
// nothing before it stops anything. So only what is ours already needs no fencing.
func (c *Core) fences(n *node, held *claim) bool {
	switch {
	case c.cfg.Stonith == "" || held.gone:
		return false
	case c.fence.reset != 0:
		return false // this life of it was ended by the device, and has not been heard since
	case c.fence.struck != 0 && c.nothingToTake():
		return false // else a node that boots as fast as it is declared dead would be reset for ever
	case held.leaving && len(held.groups) == 0:
		return false // its goodbye was lost: it has released everything, and takes nothing again
	case !held.known || len(held.groups) > 0:
		return true
	case held.groups == nil && (held.hold != None || held.releasing && !n.capable): // a heartbeatd's list says it better: none is none
		return true
	}
	for _, g := range c.groups {
		if !g.virtual && !g.ours() {
			return true
		}
	}
	return false
}

// nothingToTake says that everything runs here already.
func (c *Core) nothingToTake() bool {
	for _, g := range c.groups {
		if !g.virtual && !g.leaving && g.state != groupRunning {
			return false
		}
	}
	return true
}

// beginFencing bars what the dead node may have, and sends the device.
func (c *Core) beginFencing(n *node, held *claim) {
	for _, g := range c.groups {
		g.barred = !g.ours() || !held.known || held.holds(g, n)
	}
	if c.fence.phase == fenceRunning {
		return // an attempt goes on that began before the node was heard again; its end decides
	}
	c.fence.attempt, c.fence.failure = 0, ""
	c.fenceNow()
}

func (c *Core) fenceNow() {
	f := &c.fence
	f.phase, f.since, f.gen = fenceRunning, c.now.At, c.peer.window.Generation()
	f.attempt++
	c.logf(Info, "Resetting node %s with [%s]", c.peer.name, c.cfg.Stonith)
	c.do(Fence{Node: c.peer.name, Attempt: f.attempt})
}

// fenceAgain begins the next attempt when it is due.
func (c *Core) fenceAgain() {
	f := &c.fence
	if f.phase != fenceWaiting || c.now.At < f.at {
		return
	}
	if c.phase >= phaseStopping || !c.peer.dead() {
		f.phase = fenceNone
		return
	}
	c.fenceNow()
}

// fenceDone takes in how an attempt ended.
func (c *Core) fenceDone(e FenceDone) {
	f, n := &c.fence, c.peer
	if f.phase != fenceRunning || e.Attempt != f.attempt {
		return
	}
	f.phase = fenceNone
	c.fenceEnd(n.name, e)
	switch {
	case !e.OK && c.phase < phaseStopping && n.dead() && !n.claim.gone:
		c.logf(Error, "STONITH of %s failed.  Retrying...", n.name)
		c.noteTransition("STONITH attempt "+strconv.Itoa(f.attempt)+" failed", "%s is not reset, nothing is taken from it", n.name)
		f.phase, f.at, f.failure = fenceWaiting, c.now.At+fenceEvery, e.Output
	case !e.OK:
	case n.window.Generation() != f.gen:
		// It was heard in a newer life. Whether that began before the reset or after it nobody knows.
		f.struck = n.window.Generation()
		if n.dead() && c.phase < phaseStopping {
			c.fenceNow()
		}
	default:
		f.reset = f.gen
		if n.dead() {
			c.fenced(n)
		} // else it was heard while the device worked: when it is silent for long enough, it is known why
	}
}

// fenceEnd writes 3.0.6's lines on the end of an attempt.
func (c *Core) fenceEnd(name string, e FenceDone) {
	level := Warn
	switch {
	case e.OK:
		level = Info
		c.logf(Info, "node %s now reset.", name)
		c.tellStonith("OK")
	case e.Code == cannotReset:
		c.logf(Error, "Device %s cannot reset host %s.", c.cfg.Stonith, name)
		c.tellStonith("badhost")
	default:
		c.logf(Error, "Host %s not reset!", name)
		c.tellStonith("bad")
	}
	c.logf(level, "Managed STONITH %s process %d exited with return code %d.", name, e.PID, e.Code)
}

// fenced takes what the node had: it is off.
func (c *Core) fenced(n *node) {
	c.lift()
	if c.phase >= phaseStopping {
		c.logf(Info, "Resource takeover cancelled - shutdown in progress.")
		return
	}
	c.noteTransition("reset by STONITH", "%s is dead and off", n.name)
	c.noticeDead(n)
	c.takeOver(n)
}

// fenceHeard is a beat of a node that is, or was, to be reset. 3.0.6 is blind to it, and resets a node that has come
// back (behaviour.md 12.15).
func (c *Core) fenceHeard(n *node) {
	f := &c.fence
	if f.reset != 0 && f.reset == n.window.Generation() {
		c.logf(Error, "node %s sends heartbeats after its reset: STONITH device [%s] says what is not true", n.name, c.cfg.Stonith)
	}
	f.reset, f.struck = 0, 0
	if f.phase == fenceWaiting {
		f.phase = fenceNone
		c.logf(Info, "node %s is heard again: it is not reset", n.name)
	}
}

// liftBars lets go what was barred, when the node itself has said what it has. Its goodbye counts even if its beats
// were lost: nothing runs there any more.
func (c *Core) liftBars() {
	n := c.peer
	switch {
	case n == nil:
	case n.claim.gone:
		if c.fence.phase == fenceWaiting {
			c.fence.phase = fenceNone
		}
		c.lift()
	case !n.dead() && (n.claim.known || n.active() && c.legacyC()):
		c.lift()
	}
}

func (c *Core) lift() {
	for _, g := range c.groups {
		g.barred = false
	}
}

// fencing says that a takeover waits for the device.
func (c *Core) fencing() bool {
	return c.fence.phase != fenceNone && c.peer.dead() && !c.peer.claim.gone
}

// tellStonith says what became of it. 3.0.6: for the clients of the library on both nodes.
func (c *Core) tellStonith(result string) {
	if c.cfg.Stonith == "" {
		c.noticeStonith(c.peer, result)
		return
	}
	m := wire.New("stonith").AddStr("node", c.peer.name).AddStr("result", result)
	c.send(m)
	c.notice(m)
}

// FenceView is a reset that a takeover waits for.
type FenceView struct {
	Node    string // "" if there is none
	Attempt int
	Running time.Duration // of this attempt; negative: it failed, and the next one is to come
	Failure string        // how the last attempt ended; "" if none failed
}

func (c *Core) fenceView(at time.Duration) FenceView {
	f := &c.fence
	if f.phase == fenceNone {
		return FenceView{}
	}
	v := FenceView{Node: c.peer.name, Attempt: f.attempt, Running: -1, Failure: f.failure}
	if f.phase == fenceRunning {
		v.Running = at - f.since
	}
	return v
}

func (c *Core) printFence(p *Print) {
	if c.peer == nil {
		return
	}
	f, gen := &c.fence, c.peer.window.Generation()
	p.word(uint64(f.phase))
	p.flags(f.gen == gen, f.reset != 0 && f.reset == gen, f.struck != 0)
	c.due(p, f.next())
}
