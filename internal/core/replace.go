package core

import "fmt"

// A daemon replaces itself: another program, or the same one with other files, goes on with what runs. To the other
// node nothing happens: the same life, the same numbers, the same claims.

type (
	// Handover is the last event before a [Core.Snapshot]. It takes back what was lent, and beats once more, so that
	// the other node's patience begins only now.
	Handover struct{}

	// Resumed is the first event of a resumed core, in place of [Started].
	Resumed struct{}
)

func (Handover) event() {}
func (Resumed) event()  {}

// Replaceable says what stands in the way of a replacement now, "" if nothing does. A script or a device that is at
// work would report its end to nobody; and a dialogue between two nodes is over sooner than it could be written down.
// A device that has failed and is to be tried again is no hindrance: a better one may be what the replacement is for.
func (c *Core) Replaceable() string {
	switch {
	case c.phase < phaseStable:
		return "this node is joining the cluster"
	case c.phase > phaseStable || c.stop.delayed != 0 || c.ended:
		return "this node is stopping"
	case c.standby.phase != standbyNone:
		return c.standby.words()
	case c.fence.phase == fenceRunning:
		return "the STONITH device is resetting " + c.peer.name
	}
	for _, s := range c.scripts {
		return fmt.Sprintf("%s %s is running", s.group.resources[s.index], s.op)
	}
	for _, g := range c.groups {
		if why := g.unquiet(); why != "" {
			return fmt.Sprintf("resource group %s %s", g.key, why)
		}
	}
	return ""
}

// unquiet says what happens to a group. One that waits for the reset of another node is at rest: that may last for ever.
func (g *group) unquiet() string {
	switch {
	case g.clashAt != 0 && !g.virtual:
		return "is claimed by both nodes"
	case g.state == groupStopped, g.state == groupRunning, g.state == groupStopFailed:
		return ""
	case g.state == groupStarting && (g.barred || g.fresh || g.careful):
		return ""
	}
	return "is " + g.state.String()
}

func (c *Core) handover() {
	if c.phase == phaseStopped {
		return
	}
	c.sendStatus() // which takes back what was lent
	c.nextBeat = c.now.At + c.pace()
}

// resumed is the start of a core that was made by [Resume].
func (c *Core) resumed() {
	// Beats of the other node may have come while nobody listened.
	c.doubt(2 * c.cfg.Keepalive)
	if n := c.peer; n != nil && n.lastStatus == 0 && n.changed.Wall == 0 { // it was not in ha.cf before
		n.residue, n.lastBeat, n.changed = c.now.Rand/10%10, c.now.At, c.now
	}
	c.sendStatus()
	c.nextBeat = c.now.At + c.pace()
	c.beginNewPings()
	if c.peer != nil {
		c.sayDiffers(" now: copy the file there and reload that node, too (service heartbeat reload)")
	}
	c.endWaitForDevice()
}

// endWaitForDevice: where ha.cf names no device any more, nothing waits for one; as after a restart with that file.
func (c *Core) endWaitForDevice() {
	if c.fence.phase != fenceWaiting || c.cfg.Stonith != "" || !c.peer.dead() {
		return
	}
	c.fence.phase = fenceNone
	c.logf(Warn, "No STONITH device configured.")
	c.logf(Warn, "Shared disks are not protected.")
	c.lift()
	c.noticeDead(c.peer)
	c.takeOver(c.peer)
}
