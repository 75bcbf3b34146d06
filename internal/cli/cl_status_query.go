package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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
		c.say("Heartbeat version %s", c.version)
		c.say(`Resources controlled by "haresources"`)
	} else {
		c.say("version:\t%s", c.version)
		c.say("managed by:\t\"haresources\"")
	}
	return c.listnodes()
}

// listnodes lists in the reverse order of ha.cf.
func (c *clCall) listnodes() int {
	if c.has("m") {
		c.say("The nodes are as follow:")
	}
	for _, n := range slices.Backward(c.st.Nodes) {
		if c.has("p") != c.has("n") && c.has("p") != isPing(n) {
			continue
		}
		if !c.has("v") {
			c.say("%s", n.Name)
			continue
		}
		c.say("\n%s\t%s\t(nodetype: %s)", n.Name, n.Status, n.Type)
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

func (c *clCall) nodeweight() int {
	n, ok := c.node()
	if !ok {
		fmt.Fprintln(c.stderr, "Error. Maybe due to incorrect node name.")
		return clUsage
	}
	weight := strconv.Itoa(n.Weight)
	c.answer(weight, fmt.Sprintf("The weight of the cluster node %s is %s", c.operands[0], weight))
	return clOK
}

func (c *clCall) nodesite() int {
	n, ok := c.node()
	if !ok {
		return c.unknownNode()
	}
	c.answer(n.Site, fmt.Sprintf("The site of the cluster node %s is %s", c.operands[0], n.Site))
	return clOK
}

func (c *clCall) nodetype() int {
	n, ok := c.node()
	if !ok {
		return c.unknownNode()
	}
	c.answer(n.Type, fmt.Sprintf("The node %s's type: %s", c.operands[0], n.Type))
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

func isPing(n control.NodeStatus) bool { return n.Type == "ping" }

// clientstatus: a node that is active is asked by its peer, and has a second to answer, or the milliseconds of a
// third operand.
func (c *clCall) clientstatus() int {
	patience := time.Second
	if len(c.operands) > 2 {
		if n, err := strconv.Atoi(c.operands[2]); err == nil && n > 0 {
			patience = time.Duration(n) * time.Millisecond
		}
	}
	if until := time.Now().Add(patience); until.Before(c.deadline) {
		c.api.SetDeadline(until)
	}
	cs, err := c.presence(c.operands[0], c.operands[1])
	if err != nil {
		c.error("Cannot get heartbeat client %s's status", c.operands[1])
		c.error("REASON: No timely response.")
		return clFailed
	}
	c.say("%s", cs)
	if cs != "online" && cs != "join" {
		return clNo
	}
	return clOK
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
	value, ok := c.parameter(c.param)
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
	dead, alive := milliseconds(c.api.Signon.Str("deadtime")), milliseconds(c.api.Signon.Str("keepalive"))
	c.say("Dead time: %d\n keeplive time: %d\n mynodeid: %s\n rsc: %s", dead, alive, c.st.Node, c.st.Holding)
	return clOK
}
