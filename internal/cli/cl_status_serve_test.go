package cli

import (
	"testing"
	"time"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
	"heartbeatd/internal/daemon"
	"heartbeatd/internal/wire"
)

// told is a cluster of which everything is known. Of its other nodes nobody answers.
type told struct{ st clientapi.State }

func (c told) State() (clientapi.State, bool) { return c.st, true }
func (c told) Audience(core.Class) bool       { return true }
func (c told) Log(core.Level, string, string) {}
func (c told) Say(*wire.Message) bool         { return true }

// serveClients is a daemon's socket for the programs of 3.0.6, with what st says.
func serveClients(t *testing.T, m machine, st control.Status, change ...func(*clientapi.Config)) {
	t.Helper()
	c := told{clientapi.State{Holding: st.Holding}}
	for _, n := range st.Nodes {
		node := clientapi.Node{Name: n.Name, Type: n.Type, Status: n.Status, Weight: n.Weight, Site: n.Site}
		for _, l := range n.Links {
			node.Links = append(node.Links, clientapi.Link{Name: l.Name, Up: l.Status == "up"})
		}
		c.st.Nodes = append(c.st.Nodes, node)
	}
	cfg := clientapi.Config{
		Node: st.Node, Deadtime: 5 * time.Second, Keepalive: 500 * time.Millisecond, Version: daemon.OriginalVersion(version),
		Pacemaker: "false", LogFacility: -1, Parameters: st.Parameters, Format: wire.Classic,
		Rules: map[string]clientapi.Rule{clientapi.Anonymous: {Open: true}},
	}
	for _, f := range change {
		f(&cfg)
	}
	s := clientapi.NewServer(cfg, c)
	t.Cleanup(s.Close)
	if err := s.Listen(m.register()); err != nil {
		t.Fatal(err)
	}
}

// TestClStatusRefused: 3.0.6's words for somebody whom apiauth does not know.
func TestClStatusRefused(t *testing.T) {
	m := testMachine(t)
	serveClients(t, m, clPair(), func(c *clientapi.Config) {
		c.Rules = map[string]clientapi.Rule{clientapi.Anonymous: {UIDs: []uint32{4711}}}
	})
	for _, tc := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"hbstatus", 0, "Heartbeat is apparently running on this machine, but refuses my connection\n", ""},
		{"hbstatus -v", 0, "Heartbeat is apparently running on this machine, but refuses my connection\n(client failed authorization)\n", ""},
		{"rscstatus", 1, "", clLog + "Cannot signon with heartbeat\n" + clLog + "REASON: client failed authorization\n"},
	} {
		callsClStatus(t, m, tc.args, tc.code, tc.stdout, tc.stderr)
	}
}
