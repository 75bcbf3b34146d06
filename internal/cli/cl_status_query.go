package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"heartbeatd/internal/control"
)

func (c *clCall) say(format string, args ...any) { fmt.Fprintf(c.stdout, format+"\n", args...) }

// answer prints the bare word, or with -m the sentence.
func (c *clCall) answer(word, sentence string) {
	if c.has("m") {
		word = sentence
	}
	c.say("%s", word)
}

// node finds the node that the first operand names, in any case.
func (c *clCall) node() (control.NodeStatus, bool) {
	for _, n := range c.st.Nodes {
		if strings.EqualFold(n.Name, c.operands[0]) {
			return n, true
		}
	}
	return control.NodeStatus{}, false
}

// unknownNode is the answer of most sub-commands to a name nobody has.
func (c *clCall) unknownNode() int {
	fmt.Fprintln(c.stderr, "Error. May be due to incorrect node name")
	return clUsage
}

func (c *clCall) hbstatus() int {
	if !c.has("v") {
		c.say("Heartbeat is running on this machine.")
		return clOK
	}
	if c.has("m") {
		c.say("Heartbeat version %s", originalVersion())
		c.say(`Resources controlled by "haresources"`)
	} else {
		c.say("version:\t%s", originalVersion())
		c.say("managed by:\t\"haresources\"")
	}
	return c.listnodes()
}

// listnodes lists in the reverse order of ha.cf. There are no ping nodes yet.
func (c *clCall) listnodes() int {
	if c.has("m") {
		c.say("The nodes are as follow:")
	}
	if c.has("p") && !c.has("n") {
		return clOK
	}
	for _, n := range slices.Backward(c.st.Nodes) {
		if !c.has("v") {
			c.say("%s", n.Name)
			continue
		}
		c.say("\n%s\t%s\t(nodetype: normal)", n.Name, n.Status)
		c.links(n)
	}
	return clOK
}

// links names the last medium of ha.cf first, as 3.0.6 does.
func (c *clCall) links(n control.NodeStatus) {
	if c.has("m") {
		c.say("\tthis node has the following heartbeat links:")
	}
	for _, l := range slices.Backward(n.Links) {
		if c.has("v") {
			c.say("\t%s\t%s", l.Name, l.Status)
		} else {
			c.say("\t%s", l.Name)
		}
	}
}

func (c *clCall) nodestatus() int {
	n, ok := c.node()
	if !ok {
		return c.unknownNode()
	}
	c.answer(n.Status, fmt.Sprintf("The cluster node %s is %s", c.operands[0], n.Status))
	switch n.Status {
	case "active", "up", "ping":
		return clOK
	}
	return clNo
}

// nodeweight is 100 for every node until hb_setweight exists.
func (c *clCall) nodeweight() int {
	if _, ok := c.node(); !ok {
		fmt.Fprintln(c.stderr, "Error. Maybe due to incorrect node name.")
		return clUsage
	}
	c.answer("100", fmt.Sprintf("The weight of the cluster node %s is 100", c.operands[0]))
	return clOK
}

// nodesite is empty for every node until hb_setsite exists.
func (c *clCall) nodesite() int {
	if _, ok := c.node(); !ok {
		return c.unknownNode()
	}
	c.answer("", fmt.Sprintf("The site of the cluster node %s is ", c.operands[0]))
	return clOK
}

func (c *clCall) nodetype() int {
	if _, ok := c.node(); !ok {
		return c.unknownNode()
	}
	c.answer("normal", fmt.Sprintf("The node %s's type: normal", c.operands[0]))
	return clOK
}

func (c *clCall) listhblinks() int {
	n, ok := c.node()
	if !ok {
		c.error("Cannot start heartbeat link interface walk.")
		c.error("REASON: EINVAL")
		return clFailed
	}
	c.links(n)
	return clOK
}

func (c *clCall) hblinkstatus() int {
	n, _ := c.node()
	for _, l := range n.Links {
		if l.Name != c.operands[1] {
			continue
		}
		c.answer(l.Status, fmt.Sprintf("The node %s's heartbeat link %s is %s", c.operands[0], l.Name, l.Status))
		if l.Status == "up" {
			return clOK
		}
		return clNo
	}
	c.error("Cannot get heartbeat link status")
	c.error("REASON: ")
	return clFailed
}

// clientstatus: no program can register with this daemon yet. 3.0.6 answers for its own node from
// its table, and asks another node, which here does not answer.
func (c *clCall) clientstatus() int {
	if strings.EqualFold(c.operands[0], c.st.Node) {
		c.say("offline")
		return clNo
	}
	c.error("Cannot get heartbeat client %s's status", c.operands[1])
	c.error("REASON: No timely response.")
	return clFailed
}

func (c *clCall) rscstatus() int {
	c.answer(c.st.Holding, fmt.Sprintf("This node is holding %s resources.", c.st.Holding))
	return clOK
}

func (c *clCall) hbparameter() int {
	if !c.has("p") {
		c.error("parameter name required")
		return clUsage
	}
	value, ok := c.st.Parameters[c.param]
	if !ok {
		c.error("Cannot get parameter %s's value", c.param)
		c.error("REASON: ")
		return clNo
	}
	c.answer(value, fmt.Sprintf("Heartbeat parameter %s's value: %s", c.param, value))
	return clOK
}

// test prints what 3.0.6 prints, its spelling included.
func (c *clCall) test() int {
	c.say("Dead time: %d\n keeplive time: %d\n mynodeid: %s\n rsc: %s",
		milliseconds(c.st.Parameters["deadtime"]), milliseconds(c.st.Parameters["keepalive"]), c.st.Node, c.st.Holding)
	return clOK
}

// milliseconds reads a time as ha.cf writes it: 5, .5, 500ms. Anything else is 0, as the daemon
// has accepted the file already.
func milliseconds(value string) int64 {
	unit := 1000.0
	if number, ok := strings.CutSuffix(value, "ms"); ok {
		value, unit = number, 1
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return int64(f*unit + 0.5)
}
