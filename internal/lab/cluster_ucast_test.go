//go:build integration

package lab

import (
	"strings"
	"testing"
)

// TestClusterUcastSplitAndHealed cuts the only link of the owner, over ucast. When the cable is in again the owner hears
// the other node at once, and its kernel would look for that only once in ten seconds: it has to be heard, or it would
// give up what it is to keep.
func TestClusterUcastSplitAndHealed(t *testing.T) { fairly(t, playClusterUcastSplitAndHealed) }

func playClusterUcastSplitAndHealed(t testing.TB) {
	c := newCluster(t, func(_ string, f *Files) {
		var kept []string
		for _, line := range strings.Split(f.HACF, "\n") {
			if !strings.HasPrefix(line, "bcast") {
				kept = append(kept, line)
			}
		}
		f.HACF = strings.Join(kept, "\n")
	}, slowerBeats)
	owner := c.nodes["node1"]
	run(t, owner, "sysctl", "-q", "-w", "net.ipv4.neigh.eth1.retrans_time_ms=10000")
	c.startBoth()
	logs := map[string]*Tail{"node1": c.tail("node1"), "node2": c.tail("node2")}
	c.must(owner.Unplug(1))
	c.wait(logs["node1"], "WARN: node node2: is dead")
	c.wait(logs["node2"], "WARN: node node1: is dead")
	c.wait(logs["node2"], "mach_down takeover complete")
	c.must(owner.Plug(1))
	for name, log := range logs {
		peer := map[string]string{"node1": "node2", "node2": "node1"}[name]
		c.wait(log, "CRIT: Cluster node "+peer+" returning after partition.")
	}
	c.wait(logs["node1"], "node2 has released")
	c.settle("node1", "node1", "node2")
	if n := c.startsOf("node1"); n != 1 {
		t.Errorf("node1 started the resource %d times, want once: it had to keep it", n)
	}
}
