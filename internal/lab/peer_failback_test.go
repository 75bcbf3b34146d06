//go:build integration && long

package lab

import (
	"testing"
	"time"
)

// TestPeerFailbackOn: auto_failback on, and several groups with different homes. What was taken in
// the other's absence goes home when it is back, at once or after it took over less than ten
// seconds ago; what an operator has moved stays.
func TestPeerFailbackOn(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) {
		p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback on\n", Haresources: "node1 web\nnode2 db\nnode2 dns\nnode1 mail\n"})
		home := "web:node1 db:node2 dns:node2 mail:node1"
		all := map[string]string{
			"node1": "web:node1 db:node1 dns:node1 mail:node1",
			"node2": "web:node2 db:node2 dns:node2 mail:node2",
		}
		p.start("node1", "node2")
		p.runs("each takes its own", home)
		for i, name := range peerNames {
			other := peerNames[1-i]
			p.settle("node1", "node2")
			p.stop(name)
			p.runs(name+" has stopped", all[other])
			p.start(name)
			p.runs(name+" is back at once", home)
			p.settle("node1", "node2")
			p.cut(name)
			p.runs(name+" has lost its power", all[other])
			p.boot(name)
			p.start(name)
			p.runs(name+" is back, its peer has just taken over", home)
			p.settle("node1", "node2")
			run(t, p.nodes[name], "/usr/share/heartbeat/hb_standby", "local")
			p.runs(name+" gives its own", all[other])
			p.settle("node1", "node2")
			p.stays("which lasts", 5*time.Second, all[other])
			run(t, p.nodes[name], "/usr/share/heartbeat/hb_takeover", "local")
			p.runs(name+" takes its own back", home)
		}
		p.stop("node1")
		p.stop("node2")
		p.start("node2")
		p.runs("node2 is alone", all["node2"])
		p.start("node1")
		p.runs("node1 joins one that was alone", home)
		p.oneOwner()
		p.clean()
		for _, resource := range p.resources {
			p.Logf("%s was without service for %v", resource, p.gaps(resource))
		}
	})
}
