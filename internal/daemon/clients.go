package daemon

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/wire"
)

// Register is the socket that programs with the client library connect to.
func (p Paths) Register() string { return filepath.Join(p.RunDir, "register") }

// clients serves them beside the loop.
type clients struct {
	server *clientapi.Server
	open   bool // the socket is there, or cannot be
}

// openClients begins to serve clients inside the daemon. The others come when communication is up.
func (d *daemon) openClients() {
	d.clients.server = clientapi.NewServer(d.clientConfig(), cluster{d})
}

func (d *daemon) closeClients() {
	if d.clients.server != nil {
		d.clients.server.Close()
	}
}

// admitClients opens their socket. 3.0.6: not before communication is up; until then programs are told that
// heartbeat does not run.
func (d *daemon) admitClients() {
	if d.clients.open || d.clients.server == nil || !d.core.CommUp() {
		return
	}
	d.clients.open = true
	if err := d.clients.server.Listen(d.opt.Paths.Register()); err != nil {
		d.logLine("ERROR", err.Error()+": no program can sign on")
	}
}

// deliver hands over what the core has for clients.
func (d *daemon) deliver(a core.Deliver) {
	if d.clients.server != nil {
		d.clients.server.Deliver(a.Msg, a.Class)
	}
}

// cluster is the daemon as clients see it. Each question is a turn of the loop.
type cluster struct{ d *daemon }

func (c cluster) State() (st clientapi.State, there bool) {
	there = c.d.ask(func() { st = c.d.clientState() })
	return st, there
}

func (c cluster) Say(m *wire.Message) bool {
	return c.d.ask(func() { c.d.step(core.ClientMessage{Msg: m}) })
}

func (c cluster) Audience(classes core.Class) bool {
	return c.d.ask(func() { c.d.step(core.Audience{Classes: classes}) })
}

// Log needs no turn of the loop.
func (c cluster) Log(level core.Level, text, limit string) {
	c.d.limited(limit, halog.Level(level), text)
}

// clientState is how things stand, as programs are told.
func (d *daemon) clientState() clientapi.State {
	v := d.core.View(d.now())
	st := clientapi.State{Holding: string(v.Holding)}
	for _, n := range v.Nodes {
		st.Nodes = append(st.Nodes, clientNode(n))
	}
	return st
}

func clientNode(n core.NodeView) clientapi.Node {
	c := clientapi.Node{Name: n.Name, Type: n.Type, Status: n.Status, UUID: n.UUID, Weight: n.Weight, Site: n.Site}
	for _, l := range n.Links {
		c.Links = append(c.Links, clientapi.Link{Name: l.Name, Up: l.Up})
	}
	return c
}

// clientConfig is what the daemon tells programs about itself.
func (d *daemon) clientConfig() clientapi.Config {
	c := d.opt.Config
	cc := clientapi.Config{
		Node: c.Self, Deadtime: c.Deadtime, Keepalive: c.Keepalive, Version: OriginalVersion(d.opt.Version), Pacemaker: "false",
		LogFacility: halog.FacilityNumber(c.Log.Facility), Parameters: d.parameters(), Rules: clientRules(c.APIAuth),
		Format: wire.Classic, DaemonUID: uint32(os.Geteuid()),
	}
	if v, ok := c.Parameter("pacemaker"); ok {
		cc.Pacemaker = v
	}
	for _, m := range c.Media {
		if bytes := m.Baud / 10; m.Kind == config.Serial && (cc.LineBytes == 0 || bytes < cc.LineBytes) {
			cc.LineBytes = bytes // a start bit, eight, a stop bit
		}
	}
	if c.MsgFmt == "netstring" {
		cc.Format = wire.Netstring
	}
	return cc
}

// OriginalVersion is what `heartbeat -V` and cl_status print. The first word stays the number that scripts
// compare with; what 3.0.6 has in the parentheses differs from build to build.
func OriginalVersion(version string) string {
	return fmt.Sprintf("%s (node: heartbeatd-%s)", config.Version, version)
}

// clientRules looks up the users and groups of apiauth. Whom this machine does not know is admitted by no name.
func clientRules(entries []config.APIAuth) map[string]clientapi.Rule {
	rules := map[string]clientapi.Rule{}
	for _, e := range entries {
		rules[e.Name] = clientapi.Rule{
			UIDs: idNumbers(e.Users, userNumber),
			GIDs: idNumbers(e.Groups, groupNumber),
			Open: e.BuiltIn && e.Name == clientapi.Anonymous,
		}
	}
	return rules
}

func userNumber(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.Uid, nil
}

func groupNumber(name string) (string, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return "", err
	}
	return g.Gid, nil
}

// idNumbers turns names into numbers; what is a number already is one. 3.0.6: the same, at its start.
func idNumbers(names []string, look func(string) (string, error)) (out []uint32) {
	for _, name := range names {
		text := name
		if _, err := strconv.ParseUint(name, 10, 32); err != nil {
			var unknown error
			if text, unknown = look(name); unknown != nil {
				continue
			}
		}
		if n, err := strconv.ParseUint(text, 10, 32); err == nil && !slices.Contains(out, uint32(n)) {
			out = append(out, uint32(n))
		}
	}
	return out
}
