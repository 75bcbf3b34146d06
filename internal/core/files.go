package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// reloadPatience is how long the two nodes may read different files without harm to an operator's sleep: a reload is made
// on one node after the other.
const reloadPatience = time.Minute

// compareFiles warns when the nodes read different haresources: each would then run what the
// other does not know of.
func (c *Core) compareFiles(n *node, m *wire.Message) {
	todo := ""
	if n.claim.files != "" { // of the same life
		todo = ", which was reloaded: copy the file from there and reload this node, too (service heartbeat reload)"
	}
	n.claim.files = m.Str(fieldFiles)
	n.claim.differs = c.differs(n.claim.files)
	c.sayDiffers(todo)
}

// sayDiffers says it once, and when it is over. A difference that a reload has made, here or there, is first of all what
// an operator has still to do.
func (c *Core) sayDiffers(todo string) {
	switch n := c.peer; {
	case n.claim.differs && !c.join.warned && todo != "":
		c.join.warned, c.join.reloadEnds = true, c.now.At+reloadPatience
		c.logf(Warn, "haresources differs from that of node %s%s", n.name, todo)
	case n.claim.differs && !c.join.warned:
		c.join.warned = true
		c.alarmDiffers()
	case !n.claim.differs && n.claim.files != "" && c.join.warned:
		c.join.warned, c.join.reloadEnds = false, 0
		c.logf(Info, "haresources is the same as that of node %s now", n.name)
	}
}

// remindDiffers looks, with each beat of the other node, whether it still was not reloaded, or not with that file.
func (c *Core) remindDiffers() {
	if c.join.reloadEnds != 0 && c.now.At >= c.join.reloadEnds && c.peer.claim.differs {
		c.join.reloadEnds = 0
		c.alarmDiffers()
	}
}

func (c *Core) alarmDiffers() {
	c.logf(Error, "haresources differs from that of node %s: both nodes must have the same file", c.peer.name)
}

// differs says whether a fingerprint of haresources is not that of ours. A C node has none.
func (c *Core) differs(files string) bool { return files != "" && files != c.cfg.Fingerprint }
