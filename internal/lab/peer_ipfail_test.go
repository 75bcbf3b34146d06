//go:build integration && long

package lab

import (
	"strings"
	"testing"
)

// TestPeerIPFail: the genuine ipfail on a C node, and on ours the built-in one or the genuine one as a program of
// respawn. Whoever loses the router gives all up; with auto_failback on the other gives back when it has returned.
func TestPeerIPFail(t *testing.T) {
	const genuine, builtIn = "/usr/libexec/heartbeat/ipfail", "/usr/lib64/heartbeat/ipfail"
	for _, c := range []struct {
		name, kinds, first, second string
	}{
		{"built in here", "CH", genuine, builtIn},
		{"genuine here", "CH", genuine, genuine},
		{"both built in", "HH", builtIn, builtIn},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := Files{HACF: peerHACF + "auto_failback on\nping 10.77.0.3\n", Haresources: peerResources}
			p := newPeers(t, c.kinds, files)
			_, err := p.lab.Host("router", HostOptions{Disk: 16})
			p.must(err)
			for name, path := range map[string]string{"node1": c.first, "node2": c.second} {
				f := files
				f.HACF += "respawn hacluster " + path + "\n"
				p.must(p.nodes[name].Configure(f))
				p.must(p.nodes[name].StartDaemon())
			}
			at := func(where string) func() bool {
				return func() bool { return owner(t, p.lab, "web")+" "+owner(t, p.lab, "db") == where }
			}
			p.must(Eventually(clusterPatience, "each to have its own", at("node1 node2")))
			for _, name := range peerNames {
				_, err := p.nodes[name].TailFromStart("/var/log/ha-log").Wait(clusterPatience, "ipfail: [", " node count")
				p.must(err)
			}
			for i, name := range peerNames {
				other := peerNames[1-i]
				p.must(p.nodes[name].Unplug(0))
				p.must(Eventually(clusterPatience, other+" to have all", at(other+" "+other)))
				p.must(p.nodes[name].Plug(0))
				p.must(Eventually(clusterPatience, "each to have its own again", at("node1 node2")))
			}
			events, err := p.lab.Events()
			p.must(err)
			for _, word := range []string{"web", "db"} {
				if over := Ownership(events, word).Overlaps(p.began.AddDate(1, 0, 0)); len(over) > 0 {
					t.Errorf("two owners of %s: %v", word, over)
				}
			}
			for _, name := range peerNames {
				text, _ := p.nodes[name].ReadFile("/var/log/ha-log")
				if strings.Contains(text, "Respawning client") {
					t.Errorf("ipfail had to be started again on %s:\n%s", name, text)
				}
			}
		})
	}
}
