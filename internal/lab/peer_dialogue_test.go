//go:build integration && long

package lab

import (
	"testing"
	"time"
)

// TestPeerForgetsDialogue: a C node releases its group for ours, slowly; ours restarts meanwhile and
// knows nothing of it. The C node would wait for an hour for an answer: it gets one, the group is
// served again, and the C node can be stopped.
func TestPeerForgetsDialogue(t *testing.T) {
	t.Parallel()
	p := newPeers(t, "CH", Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	fault := "/var/lib/web.stop-fails"
	p.must(p.nodes["node1"].WriteFile(fault, "", 0o644))
	run(t, p.nodes["node1"], "/usr/share/heartbeat/hb_standby", "local")
	p.awaits("node1", "Retrying failed stop operation [web]", 1)
	p.cut("node2")
	p.boot("node2")
	p.start("node2")
	p.awaits("node1", "Heartbeat restart on node node2", 1)
	time.Sleep(3 * time.Second)
	p.must(p.nodes["node1"].Remove(fault))
	p.awaits("node1", "Local standby process completed [local].", 1)
	p.awaits("node1", "Other node completed standby takeover of local resources.", 1)
	p.runs("each group is served, by the node that was to have it", "web:node2 db:node2")
	p.settle("node1", "node2")
	begin := time.Now()
	p.stop("node1")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the C node took %v to stop", took)
	}
	p.oneOwner()
	p.clean("Return code 1 from", "No one owns") // the script's, and what is true for ten seconds
}

// TestPeerStartFails: a group cannot be started by the C node that is its home, and then by ours.
func TestPeerStartFails(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, peerStartFails)
}

func peerStartFails(t *testing.T, kinds string) {
	p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
	fault := "/var/lib/web.start-fails"
	p.must(p.nodes["node1"].WriteFile(fault, "", 0o644))
	p.start("node1", "node2")
	p.awaits("node1", "CRIT: Giving up resources due to failure of web", 1)
	if kinds == "CH" {
		// 3.0.6 then asks for the wrong side (behaviour.md 12.2): nothing moves, with any peer.
		p.awaits("node2", "node1 wants to go standby [foreign]", 1)
		p.settle("node1", "node2")
		p.stays("the C node keeps what it cannot run", 3*time.Second, "web:nobody db:node2")
		run(t, p.nodes["node1"], "/usr/share/heartbeat/hb_standby", "local")
	}
	p.runs("node2 has it", "web:node2 db:node2")
	p.settle("node1", "node2")
	p.must(p.nodes["node1"].Remove(fault))
	p.move("web:node1 db:node2")
	p.oneOwner()
	p.clean("due to failure of web", "Return code 1 from", "cannot start")
}
