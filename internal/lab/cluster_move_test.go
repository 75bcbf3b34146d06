//go:build integration

package lab

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestClusterStartsTogether(t *testing.T) { fairly(t, playClusterStartsTogether) }

func playClusterStartsTogether(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	for _, name := range []string{"node1", "node2"} {
		c.wait(c.nodes[name].TailFromStart("/var/log/ha-log"), "Local status now set to: 'active'")
	}
	if n := c.startsOf("node2"); n != 0 {
		t.Errorf("node2 started the resource %d times", n)
	}
	c.oneOwnerAlways()
}

func TestClusterStartsAlone(t *testing.T) { fairly(t, playClusterStartsAlone) }

func playClusterStartsAlone(t testing.TB) {
	c := newCluster(t)
	began := time.Now()
	c.start("node2") // not the preferred node
	log := c.nodes["node2"].TailFromStart("/var/log/ha-log")
	c.wait(log, "WARN: node node1: is dead")
	if waited := time.Since(began); waited < 3900*time.Millisecond {
		t.Errorf("the peer was declared dead after %v, before initdead (4 s)", waited)
	}
	c.settle("node2", "node2")

	c.start("node1") // joins later; auto_failback is off
	c.settle("node2", "node1", "node2")
	if n := c.startsOf("node1"); n != 0 {
		t.Errorf("node1 started the resource %d times though auto_failback is off", n)
	}
	c.oneOwnerAlways()
}

func TestClusterPlannedStop(t *testing.T) { fairly(t, playClusterPlannedStop) }

func playClusterPlannedStop(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	log := c.tail("node2")
	c.must(c.nodes["node1"].StopDaemon())
	// It has returned: everything must be released by now, not soon.
	if c.hasAddress("node1") {
		t.Error("node1 still has the address after heartbeat -k")
	}
	if spans := c.history().Spans; spans[0].Stopped.IsZero() {
		t.Error("node1 still has the resource after heartbeat -k")
	}
	c.wait(log, "Received shutdown notice from 'node1'.")
	c.wait(log, "Resources being acquired from node1.")
	c.wait(log, "mach_down takeover complete")
	c.settle("node2", "node2")
	c.start("node1")
	c.settle("node2", "node1", "node2")
	c.oneOwnerAlways()
	c.gapsWithin(clusterSlack, 1)
}

func TestClusterPowerCut(t *testing.T) { fairly(t, playClusterPowerCut) }

func playClusterPowerCut(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	log := c.tail("node2")
	c.must(c.nodes["node1"].PowerCut())
	c.wait(log, "WARN: node node1: is dead")
	c.wait(log, "Resources being acquired from node1.")
	c.wait(log, "mach_down takeover complete")
	c.settle("node2", "node2")
	if n := c.startsOf("node2"); n != 1 {
		t.Errorf("node2 started the resource %d times, want once", n)
	}
	c.must(c.nodes["node1"].Boot())
	c.start("node1")
	c.settle("node2", "node1", "node2")
	c.oneOwnerAlways()
	c.gapsWithin(clusterDeadtime+clusterSlack, 1)
}

func TestClusterStandbyAndTakeover(t *testing.T) { fairly(t, playClusterStandbyAndTakeover) }

func playClusterStandbyAndTakeover(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_standby", "all")
	c.settle("node2", "node1", "node2")
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_takeover", "all")
	c.settle("node1", "node1", "node2")
	c.oneOwnerAlways()
	c.gapsWithin(clusterSlack, 2)
}

// cycles is how many times the tests that repeat do: 20, or HEARTBEATD_CYCLES.
func cycles(t testing.TB) int {
	t.Helper()
	text := os.Getenv("HEARTBEATD_CYCLES")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("HEARTBEATD_CYCLES: want a number of at least 1, got %q", text)
	}
	return n
}

func TestClusterManyPlannedStops(t *testing.T) { atOnce(t, playClusterManyPlannedStops) }

func playClusterManyPlannedStops(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	n := cycles(t)
	from, to := "node1", "node2"
	for range n {
		c.must(c.nodes[from].StopDaemon())
		c.settle(to, to)
		c.start(from)
		c.settle(to, from, to)
		from, to = to, from
	}
	c.oneOwnerAlways()
	c.gapsWithin(clusterSlack, n)
}

func TestClusterManyPowerCuts(t *testing.T) { atOnce(t, playClusterManyPowerCuts) }

func playClusterManyPowerCuts(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	n := cycles(t)
	from, to := "node1", "node2"
	for range n {
		c.must(c.nodes[from].PowerCut())
		c.settle(to, to)
		c.must(c.nodes[from].Boot())
		c.start(from)
		c.settle(to, from, to)
		from, to = to, from
	}
	c.oneOwnerAlways()
	c.gapsWithin(clusterDeadtime+clusterSlack, n)
}
