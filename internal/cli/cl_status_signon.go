package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/control"
	"heartbeatd/internal/wire"
)

// register is the socket of the client library, beside the control socket.
func (m machine) register() string { return filepath.Join(filepath.Dir(m.socket), "register") }

// The two reasons of 3.0.6 for a connection that is none.
const cannotInitiate = "hb_api_signon: Can't initiate connection to heartbeat"

// signon signs on as libhbclient does. reason is 3.0.6's word for the error.
func (c *clCall) signon() (reason string, err error) {
	c.api, err = clientapi.Dial(c.register(), "", c.deadline)
	var refused *clientapi.RefusedError
	switch {
	case errors.As(err, &refused):
		return refused.Info, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", control.ErrNoAnswer
	case err != nil:
		return cannotInitiate, err
	}
	c.version = c.api.Signon.Str("hbversion")
	c.st.Node = c.api.Signon.Str("node")
	return "", nil
}

// look asks for everything that a sub-command may tell.
func (c *clCall) look() error {
	nodes, err := c.api.List("nodelist")
	if err != nil {
		return fmt.Errorf("asking for the nodes: %w", err)
	}
	c.st.Nodes = nil
	for _, m := range nodes {
		n := control.NodeStatus{Name: m.Str("node"), Type: m.Str("nodetype"), Status: m.Str("st")}
		n.Self = n.Name == c.st.Node
		if err := c.lookAt(&n); err != nil {
			return fmt.Errorf("asking for %s: %w", n.Name, err)
		}
		c.st.Nodes = append(c.st.Nodes, n)
	}
	rsc, err := c.api.Ask("getrsc")
	c.st.Holding = rsc.Str("rsc_hold")
	return err
}

func (c *clCall) lookAt(n *control.NodeStatus) error {
	links, err := c.api.List("iflist", "node", n.Name)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Has("ifname") {
			n.Links = append(n.Links, control.LinkStatus{Name: l.Str("ifname"), Status: l.Str("st")})
		}
	}
	var weight, site *wire.Message
	if weight, err = c.api.Ask("nodeweight", "node", n.Name); err == nil {
		site, err = c.api.Ask("nodesite", "node", n.Name)
	}
	if err != nil {
		return err
	}
	n.Site = site.Str("site")
	n.Weight, err = strconv.Atoi(weight.Str("weight"))
	return err
}

// parameter asks for one. 3.0.6's library knows the version from the signon.
func (c *clCall) parameter(name string) (value string, set bool) {
	if name == "hbversion" {
		return c.version, true
	}
	m, err := c.api.Ask("getparm", "pname", name)
	if err != nil || !m.Has("pvalue") {
		return "", false
	}
	return m.Str("pvalue"), true
}

// presence asks whether a client is signed on at a node.
func (c *clCall) presence(node, client string) (string, error) {
	m, err := c.api.Ask("clientstatus", "node", node, "cn", client)
	if err != nil {
		return "", err
	}
	return m.Str("cs"), nil
}

// milliseconds reads a time of the signon.
func milliseconds(hex string) int64 {
	n, _ := strconv.ParseInt(hex, 16, 64)
	return n
}
