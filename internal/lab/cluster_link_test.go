//go:build integration

package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestClusterOneOfTwoLinksCut(t *testing.T) {
	for link, device := range []string{"eth0", "eth1"} {
		t.Run(device, func(t *testing.T) { fairly(t, func(t testing.TB) { playOneOfTwoLinksCut(t, link, device) }) })
	}
}

func playOneOfTwoLinksCut(t testing.TB, link int, device string) {
	c := newCluster(t)
	c.startBoth()
	logs := map[string]*Tail{"node1": c.tail("node1"), "node2": c.tail("node2")}
	c.must(c.nodes["node2"].Unplug(link))
	c.wait(logs["node1"], fmt.Sprintf("Link node2:%s dead.", device))
	c.wait(logs["node2"], fmt.Sprintf("Link node1:%s dead.", device))
	c.settle("node1", "node1", "node2")
	c.must(c.nodes["node2"].Plug(link))
	c.wait(logs["node1"], fmt.Sprintf("Link node2:%s up.", device))
	c.wait(logs["node2"], fmt.Sprintf("Link node1:%s up.", device))
	c.nothingMoved()
}

// nothingMoved checks that node1 has had the resource without a break and nobody was declared dead.
func (c *cluster) nothingMoved() {
	c.Helper()
	c.settle("node1", "node1", "node2")
	if h := c.history(); len(h.Spans) != 1 || h.Spans[0].Node != "node1" {
		c.Errorf("the resource moved: %+v", h.Spans)
	}
	for name, h := range c.nodes {
		text, err := h.ReadFile("/var/log/ha-log")
		c.must(err)
		if strings.Contains(text, "is dead") {
			c.Errorf("%s declared a node dead", name)
		}
	}
}

func TestClusterDeviceRemovedAndBack(t *testing.T) { fairly(t, playClusterDeviceRemovedAndBack) }

func playClusterDeviceRemovedAndBack(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	log := c.tail("node1")
	c.must(c.nodes["node2"].RemoveDevice(1))
	c.wait(log, "Link node2:eth1 dead.")
	c.must(c.nodes["node2"].AddDevice(1))
	c.wait(log, "Link node2:eth1 up.")
	c.nothingMoved()
}

func TestClusterFirewallOnOneLink(t *testing.T) { fairly(t, playClusterFirewallOnOneLink) }

func playClusterFirewallOnOneLink(t testing.TB) {
	c := newCluster(t)
	if _, err := c.nodes["node2"].Run("iptables", "-w", "-L", "-n"); err != nil {
		skip(t, "iptables does not work on a private host: "+err.Error())
	}
	c.startBoth()
	log := c.tail("node1")
	c.must(c.nodes["node2"].Forbid("eth1", 694))
	c.wait(log, "Link node2:eth1 dead.")
	c.must(c.nodes["node2"].Allow("eth1", 694))
	c.wait(log, "Link node2:eth1 up.")
	c.nothingMoved()
}

// slowerBeats are for a split that heals. Who is not heard within two and a half keepalives gives way, and a machine can
// be held up longer than those of the other tests and not be found to have been.
func slowerBeats(_ string, f *Files) {
	f.HACF = strings.Replace(f.HACF, "keepalive 100ms", "keepalive 200ms", 1)
}

// TestClusterSplitAndHealed cuts both links. Without a way to switch the other node off, both
// have the group during the split; afterwards the node that had it before must have kept it without
// a restart.
func TestClusterSplitAndHealed(t *testing.T) { fairly(t, playClusterSplitAndHealed) }

func playClusterSplitAndHealed(t testing.TB) {
	c := newCluster(t, slowerBeats)
	c.startBoth()
	logs := map[string]*Tail{"node1": c.tail("node1"), "node2": c.tail("node2")}
	for link := range 2 {
		c.must(c.nodes["node2"].Unplug(link))
	}
	c.wait(logs["node1"], "WARN: node node2: is dead")
	c.wait(logs["node2"], "WARN: node node1: is dead")
	c.wait(logs["node2"], "mach_down takeover complete")
	for link := range 2 {
		c.must(c.nodes["node2"].Plug(link))
	}
	healed := time.Now()
	for name, log := range logs {
		peer := map[string]string{"node1": "node2", "node2": "node1"}[name]
		c.wait(log, "CRIT: Cluster node "+peer+" returning after partition.")
		c.wait(log, "node1 keeps "+clusterAddress, "without a restart because")
	}
	c.wait(logs["node1"], "node2 has released")
	c.settle("node1", "node1", "node2")
	if n := c.startsOf("node1"); n != 1 {
		t.Errorf("node1 started the resource %d times, want once: it had to keep it", n)
	}
	for _, o := range c.history().Overlaps(time.Now()) {
		if late := o.From.Add(o.For).Sub(healed); late > clusterDeadtime+clusterSlack {
			t.Errorf("both had the resource until %v after the links were back", late)
		}
	}
}
