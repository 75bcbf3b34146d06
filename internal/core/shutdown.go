package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// linger is how long a node stays on the wire after `shutdone`, so that the other can ask for what
// it missed. A heartbeatd peer confirms, and nobody need wait. 3.0.6: 2 s; a C node that hears a
// `starting` before it has taken over gets into difficulties.
const linger = 2 * time.Second

// stopPatience is how long a stop waits for a C node to finish a standby: its scripts are starting what we gave.
// 3.0.6 waits without limit, here a stop is never refused.
const stopPatience = 30 * time.Second

type shutdown struct {
	delayed time.Duration // a stop waits until then for the end of a standby; 0: none does
	notice  uint64        // number of our `shutdone`
	endAt   time.Duration // 0: not there yet
}

func (s shutdown) next() time.Duration {
	switch {
	case s.endAt != 0:
		return s.endAt
	case s.delayed != 0:
		return s.delayed
	}
	return NoTick
}

// stopCommand begins the release of everything. 3.0.6 claims "none" before a single script
// has run (behaviour.md 12.1), so that a node that dies half-way counts as harmless; here the
// claim shrinks as the groups do.
func (c *Core) stopCommand() {
	if c.phase >= phaseStopping || c.stop.delayed != 0 {
		c.logf(Info, "Heartbeat shutdown already underway.")
		return
	}
	if c.standby.giving() && !c.peer.capable {
		c.logf(Warn, "Shutdown delayed until current resource activity finishes.")
		c.stop.delayed = c.now.At + stopPatience
		return
	}
	c.beginShutdown()
}

func (c *Core) beginShutdown() {
	c.logf(Info, "Heartbeat shutdown in progress. (%d)", c.cfg.PID)
	c.logf(Info, "Giving up all HA resources.")
	c.noteTransition("told to stop", "stopping")
	c.cancelStandby()
	c.phase = phaseStopping
	for _, g := range c.groups {
		g.release()
	}
	c.taking = takeover{}
}

// delayedStop is stopCommand, when its time has come.
func (c *Core) delayedStop() {
	if c.stop.delayed != 0 && (!c.standby.giving() || c.now.At >= c.stop.delayed) {
		c.stop.delayed, c.moved = 0, true
		c.beginShutdown()
	}
}

// shutdownProgress says goodbye when the last group has stopped.
func (c *Core) shutdownProgress() {
	switch c.phase {
	case phaseStopping:
		for _, g := range c.groups {
			if g.state != groupStopped {
				return
			}
		}
		c.logf(Info, "All HA resources relinquished.")
		if c.status == "active" {
			c.sendClaim(false)
		}
		m := wire.New("shutdone")
		m.AddStr("st", "dead")
		c.send(m)
		c.stop.notice = c.seq
		c.phase = phaseStopped
		c.stop.endAt = c.now.At + linger
		if c.peer.absent() || !c.peer.alive() {
			c.exit()
		}
	case phaseStopped:
		if c.now.At >= c.stop.endAt || c.peer.absent() || c.peer.capable && c.peer.acked >= c.stop.notice {
			c.exit()
		}
	}
}

func (c *Core) exit() {
	if c.ended {
		return
	}
	c.ended = true
	if !c.cfg.Children {
		c.logf(Info, "%s Heartbeat shutdown complete.", c.cfg.Self)
	}
	c.do(Exit{})
}

// shutdoneFrom takes over from a node that has released everything.
func (c *Core) shutdoneFrom(n *node, seq uint64) {
	c.logf(Info, "Received shutdown notice from '%s'.", n.name)
	c.noteTransition("its shutdown notice", "%s stopped", n.name)
	c.cancelStandby()
	if n.window.Missing() == 0 {
		c.ack(n, seq) // it waits for this, or for a second
	}
	c.legacyForgets()
	n.claim = claim{known: true, gone: true, hold: None, stable: true, seq: seq}
	for _, g := range c.groups {
		g.failed = false
	}
	switch c.phase {
	case phaseStopping, phaseStopped:
		c.logf(Info, "Resource takeover cancelled - shutdown in progress.")
	default:
		c.noticeDead(n)
		c.takeOver(n)
	}
}
