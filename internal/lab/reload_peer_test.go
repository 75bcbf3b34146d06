//go:build integration && long

package lab

import (
	"strings"
	"testing"
	"time"
)

// TestPeerReplaced: our daemon replaces itself twenty times in a row beside the C daemon, which notices nothing.
func TestPeerReplaced(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) {
		p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
		ours := peerNames[map[byte]int{'H': 0, 'C': 1}[kinds[0]]]
		p.start("node1", "node2")
		p.runs("both run", "web:node1 db:node2")
		p.settle("node1", "node2")
		for range 20 {
			run(t, p.nodes[ours], daemonPath, "-R")
		}
		p.stays("nothing moves", 4*time.Second, "web:node1 db:node2")
		p.oneOwner()
		p.clean()
		other := map[string]string{"node1": "node2", "node2": "node1"}[ours]
		for _, word := range []string{"is dead", " dead.", "Heartbeat restart on node", "Late heartbeat"} {
			if strings.Contains(p.log(other), word) {
				t.Errorf("the C daemon says %q", word)
			}
		}
		// It reads port 694 by two processes for its two ucast lines, the kernel chooses by our port, and that is another
		// one after a replacement: on a busy machine it hears them out of turn. All must have come in the end.
		if log := p.log(other); strings.LastIndex(log, "lost packet") > strings.LastIndex(log, "No pkts missing from") {
			t.Error("the C daemon misses packets")
		}
		// It goes on as a member that counts: the C node's death is noticed, and its resources are taken.
		p.cut(other)
		p.runs("ours takes over", "web:"+ours+" db:"+ours)
	})
}
