//go:build integration && long

package lab

import (
	"testing"
	"time"
)

// TestPeerLegacy is a pair of both daemons with auto_failback legacy, which is also what a
// file without the directive means: no claims and no standby, a group is asked for by its home.
func TestPeerLegacy(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, peerLegacy)
}

func peerLegacy(t *testing.T, kinds string) {
	p := newPeers(t, kinds, Files{HACF: peerHACF, Haresources: peerResources + "node2 mail\n"})
	both, one, two := "web:node1 db:node2 mail:node2", "web:node1 db:node1 mail:node1", "web:node2 db:node2 mail:node2"
	p.start("node1", "node2")
	p.runs("each takes its own", both)
	for i, name := range peerNames {
		other := peerNames[1-i]
		want := []string{two, one}[i]
		p.stop(name)
		p.runs(name+" has stopped", want)
		p.start(name)
		p.runs(name+" is back before it was dead", both)
		p.cut(name)
		p.runs(name+" has lost its power", want)
		p.boot(name)
		p.start(name)
		p.runs(name+" is back from the dead", both)
		p.stop(name)
		p.runs(name+" has stopped again", want)
		p.awaits(other, "WARN: node "+name+": is dead", 2)
		p.start(name)
		p.runs(name+" is back after a stop", both)
	}
	// What an operator may not do there moves nothing.
	p.nodes["node1"].Run("/usr/share/heartbeat/hb_standby", "all")
	p.nodes["node2"].Run("/usr/share/heartbeat/hb_takeover", "all")
	p.stays("no standby, no takeover", 3*time.Second, both)
	p.oneOwner()
	p.clean(peerFIFORace)
	for _, resource := range p.resources {
		p.Logf("%s was without service for %v", resource, p.gaps(resource))
	}
}

// peerFIFORace is what a C node says when two of its scripts write into its FIFO at once. The
// message is lost.
const peerFIFORace = "msg2string: Message with zero fields"
