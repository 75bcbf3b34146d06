package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"heartbeatd/internal/control"
	"heartbeatd/internal/wire"
)

// hbNode is one of the four commands that change what is known of nodes.
type hbNode struct {
	name  string
	usage string
	// message is what is sent, or why nothing is.
	message func(args []string, st control.Status) (*wire.Message, error)
}

var hbNodes = map[string]hbNode{
	"hb_addnode":   {"hb_addnode", "<node> <node> ...", addNode},
	"hb_delnode":   {"hb_delnode", "<node> <node> ...", delNode},
	"hb_setweight": {"hb_setweight", "<node> <weight>", setWeight},
	"hb_setsite":   {"hb_setsite", "<node> <site>", setSite},
}

func hbNodeFace(c hbNode, args []string, stdout, stderr io.Writer) int {
	return thisMachine().hbNode(c, args, stdout, stderr)
}

// hbNode asks the daemon what there is, and tells it what to change. 3.0.6 writes to the FIFO whatever it was given; what
// becomes of it only ha-log knows.
func (m machine) hbNode(c hbNode, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "--help" {
		fmt.Fprintf(stdout, "usage: %s %s\n", c.name, c.usage)
		return exitFailed
	}
	st, err := control.Query(m.socket, commandTimeout)
	if err != nil {
		complainAnswer(stderr, err)
		return exitFailed
	}
	msg, err := c.message(args, st)
	if err != nil {
		complain(stderr, fmt.Errorf("%s: %w", c.name, err), "")
		return exitFailed
	}
	if msg == nil {
		return exitOK
	}
	return sendToDaemon(c.name, msg, stderr)
}

func isNode(st control.Status, name string) bool {
	return slices.ContainsFunc(st.Nodes, func(n control.NodeStatus) bool { return strings.EqualFold(n.Name, name) })
}

// addNode adds nothing: see [core.Core.changeNodes]. A node that is there already is 3.0.6's silence.
func addNode(args []string, st control.Status) (*wire.Message, error) {
	for _, name := range strings.Fields(strings.Join(args, " ")) {
		if !isNode(st, name) {
			return nil, fmt.Errorf("%s is not added: a cluster with haresources is the two nodes of its ha.cf", name)
		}
	}
	return wire.New("addnode").AddStr("nodelist", strings.Join(args, " ")), nil
}

func delNode(args []string, st control.Status) (*wire.Message, error) {
	for _, name := range strings.Fields(strings.Join(args, " ")) {
		i := slices.IndexFunc(st.Nodes, func(n control.NodeStatus) bool { return strings.EqualFold(n.Name, name) })
		switch {
		case i < 0:
			continue
		case st.Nodes[i].Self || st.Nodes[i].Status != "dead":
			return nil, fmt.Errorf("node %s is not dead", name)
		}
		return nil, fmt.Errorf("%s stands in ha.cf and haresources: take it out there on the node that stays, and restart heartbeat", name)
	}
	return wire.New("delnode").AddStr("nodelist", strings.Join(args, " ")), nil
}

func setWeight(args []string, st control.Status) (*wire.Message, error) {
	return ofNode("setweight", "weight", args, st)
}

func setSite(args []string, st control.Status) (*wire.Message, error) {
	return ofNode("setsite", "site", args, st)
}

var errLine = errors.New("an argument holds a line end")

func ofNode(t, field string, args []string, st control.Status) (*wire.Message, error) {
	value := ""
	if len(args) > 1 {
		value = args[1]
	}
	switch {
	case !isNode(st, args[0]):
		return nil, fmt.Errorf("there is no node %.40q in the cluster", args[0])
	case strings.ContainsAny(value, "\n\x00"):
		return nil, errLine
	}
	return wire.New(t).AddStr("node", args[0]).AddStr(field, value), nil
}
