//go:build integration

package lab

import (
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
)

// killDaemon ends the daemon as the kernel would when out of memory: nothing is released. It
// returns when the process is gone; a start before that would find it running.
func (c *cluster) killDaemon(node string) {
	c.Helper()
	run(c.TB, c.nodes[node], "sh", "-c", "pid=$(cat /run/heartbeat.pid); kill -9 $pid; while kill -0 $pid 2>/dev/null; do :; done")
}

func TestClusterDaemonKilledAndBackBeforeDeadtime(t *testing.T) {
	fairly(t, playClusterDaemonKilledAndBackBeforeDeadtime)
}

func playClusterDaemonKilledAndBackBeforeDeadtime(t testing.TB) {
	c := newCluster(t, patientFiles) // a start takes its time
	c.startBoth()
	c.killDaemon("node1")
	c.start("node1")
	c.settle("node1", "node1", "node2")
	c.oneOwnerAlways()
	if h := c.history(); len(h.Spans) != 1 {
		t.Errorf("what still ran was not found out and kept: %+v", h.Spans)
	}
}

// TestClusterDaemonKilledAndBackAfterDeadtime: the peer has taken over by then, and both run the
// group, as nobody could tell the killed node's resources. Back again, one must let go.
func TestClusterDaemonKilledAndBackAfterDeadtime(t *testing.T) {
	fairly(t, playClusterDaemonKilledAndBackAfterDeadtime)
}

func playClusterDaemonKilledAndBackAfterDeadtime(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	log := c.tail("node2")
	c.killDaemon("node1")
	c.wait(log, "WARN: node node1: is dead")
	c.wait(log, "mach_down takeover complete")
	c.start("node1")
	back := time.Now()
	var owners []string
	c.must(Eventually(clusterPatience, "one owner to remain", func() bool {
		owners = c.history().Owners()
		return len(owners) == 1
	}))
	c.settle(owners[0], "node1", "node2")
	for _, o := range c.history().Overlaps(time.Now()) {
		if late := o.From.Add(o.For).Sub(back); late > 3*time.Second {
			t.Errorf("both had the resource until %v after the daemon was back", late)
		}
	}
}

func TestClusterStartFails(t *testing.T) { fairly(t, playClusterStartFails) }

func playClusterStartFails(t testing.TB) {
	c := newCluster(t)
	c.must(c.nodes["node2"].WriteFile("/var/lib/web.start-fails", "", 0o644))
	c.startBoth()
	log := c.tail("node2")
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_standby", "all")
	c.wait(log, "cannot start: /var/lib/web.start-fails exists") // the script's own words
	c.settle("node1", "node1", "node2")                          // it goes back to who can run it
	if c.hasAddress("node2") {
		t.Error("node2 kept the address of a group it could not start")
	}
	c.oneOwnerAlways()
}

// TestClusterStopFails: what cannot be stopped may still run, so it must not start elsewhere
// until the node that has it is certainly gone.
func TestClusterStopFails(t *testing.T) { atOnce(t, playClusterStopFails) }

func playClusterStopFails(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	log := c.tail("node1")
	c.must(c.nodes["node1"].WriteFile("/var/lib/web.stop-fails", "", 0o644))
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_standby", "all")
	c.wait(log, "cannot stop: /var/lib/web.stop-fails exists")
	c.wait(log, "Retrying failed stop operation [web]")
	if n := c.startsOf("node2"); n != 0 {
		t.Error("node2 started what node1 could not stop")
	}
	// The reboot of the last resort is real: it ends the private host.
	c.must(Eventually(2*clusterPatience, "node1 to reboot itself", func() bool { return !c.nodes["node1"].Up() }))
	c.must(c.nodes["node1"].PowerCut())
	c.settle("node2", "node2")
}

func TestClusterStartHangs(t *testing.T) { atOnce(t, playClusterStartHangs) }

func playClusterStartHangs(t testing.TB) {
	c := newCluster(t)
	c.must(c.nodes["node1"].WriteFile("/var/lib/web.start-hangs", "", 0o644))
	logs := map[string]*Tail{"node1": c.tail("node1"), "node2": c.tail("node2")}
	c.start("node1", "node2")
	// The first report comes after half a minute.
	_, err := logs["node1"].Wait(30*time.Second+clusterPatience, "web start has been running for", "seems to hang")
	c.must(err)
	var s control.Status
	quickest := time.Hour // what delays an answer delays each
	for range 5 {
		began := time.Now()
		s, err = c.status("node1")
		c.must(err)
		quickest = min(quickest, time.Since(began))
	}
	if quickest > 500*time.Millisecond {
		t.Errorf("status took %v while a script hangs", quickest)
	}
	if len(s.Groups) != 1 || s.Groups[0].Script == nil || s.Groups[0].Script.Op != "start" {
		t.Errorf("status does not show the hanging script: %+v", s.Groups)
	}
	c.must(c.nodes["node1"].Remove("/var/lib/web.start-hangs"))
	c.settle("node1", "node1", "node2")
	c.nothingMoved() // beats went on
}

func TestClusterFullDisk(t *testing.T) { fairly(t, playClusterFullDisk) }

func playClusterFullDisk(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	c.must(c.nodes["node2"].FillDisk("/var/log/ha-log"))
	c.must(c.nodes["node1"].PowerCut())
	c.settle("node2", "node2")
	s, err := c.status("node2")
	c.must(err)
	if s.LogDropped == 0 {
		t.Error("no log line was lost: the disk was not full")
	}
	log := c.tail("node2")
	c.must(c.nodes["node2"].EmptyDisk())
	c.must(c.nodes["node1"].Boot())
	c.start("node1")
	c.wait(log, "Status update for node node1: status active") // it logs again
	c.settle("node2", "node1", "node2")
	c.oneOwnerAlways()
	c.gapsWithin(clusterDeadtime+clusterSlack, 1)
}

// TestClusterWrongKey: nodes that cannot trust each other's words act as if alone. That is as in
// 3.0.6; but the log says why, at a rate that can be read, and gives no secret away.
func TestClusterWrongKey(t *testing.T) { fairly(t, playClusterWrongKey) }

func playClusterWrongKey(t testing.TB) {
	secrets := map[string]string{"node1": "the-one-secret", "node2": "the-other-secret"}
	c := newCluster(t, func(node string, f *Files) { f.Authkeys = "auth 1\n1 sha1 " + secrets[node] + "\n" })
	c.start("node1", "node2")
	for name, peer := range map[string]string{"node1": "node2", "node2": "node1"} {
		c.wait(c.nodes[name].TailFromStart("/var/log/ha-log"), "WARN: node "+peer+": is dead")
		s, err := c.status(name)
		c.must(err)
		dropped := uint64(0)
		for _, n := range s.Dropped {
			dropped += n
		}
		if dropped < 20 {
			t.Errorf("%s counted %d dropped datagrams (%v), want 2 links at 10 a second for 4 s", name, dropped, s.Dropped)
		}
		text, err := c.nodes[name].ReadFile("/var/log/ha-log")
		c.must(err)
		if !strings.Contains(text, "signature") && !strings.Contains(text, "authkeys") {
			t.Errorf("ha-log of %s does not say that the key is wrong:\n%s", name, text)
		}
		if n := strings.Count(text, "\n"); n > 100 {
			t.Errorf("ha-log of %s has %d lines after 4 s with a wrong key", name, n)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("ha-log of %s contains a secret", name)
			}
		}
	}
}

func TestClusterGarbage(t *testing.T) { fairly(t, playClusterGarbage) }

func playClusterGarbage(t testing.TB) {
	c := newCluster(t)
	stranger := newHost(t, c.lab, "stranger", HostOptions{})
	c.startBoth()
	const spray = `for i in $(seq 300); do head -c $((RANDOM % 1400)) /dev/urandom >/dev/udp/$0/694; done`
	for _, name := range []string{"node1", "node2"} {
		for link := range 2 {
			run(t, stranger, "bash", "-c", spray, c.nodes[name].Address(link).String())
		}
	}
	for _, name := range []string{"node1", "node2"} {
		s, err := c.status(name)
		c.must(err)
		if len(s.Dropped) == 0 {
			t.Errorf("%s counted no dropped datagram", name)
		}
		text, err := c.nodes[name].ReadFile("/var/log/ha-log")
		c.must(err)
		if n := strings.Count(text, "\n"); n > 150 {
			t.Errorf("ha-log of %s has %d lines after 600 datagrams of garbage", name, n)
		}
	}
	c.nothingMoved()
}

func TestClusterBadFilesRefuseToStart(t *testing.T) {
	tests := map[string]struct {
		change func(*Files)
		said   string
	}{
		"unknown directive": {func(f *Files) { f.HACF += "frobnicate yes\n" }, "ha.cf:12"},
		"unknown node":      {func(f *Files) { f.Haresources = "node9 web\n" }, "node9"},
		"no key":            {func(f *Files) { f.Authkeys = "auth 2\n1 md5 secret-word\n" }, "authkeys"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fairly(t, func(t testing.TB) {
				c := newCluster(t, func(_ string, f *Files) { tt.change(f) })
				err := c.nodes["node1"].StartDaemon()
				if err == nil {
					t.Fatal("the daemon started")
				}
				if !strings.Contains(err.Error(), tt.said) || strings.Contains(err.Error(), "secret-word") {
					t.Errorf("it says: %v, want %q and no secret", err, tt.said)
				}
			})
		})
	}
}

func TestClusterMissingScript(t *testing.T) { fairly(t, playClusterMissingScript) }

func playClusterMissingScript(t testing.TB) {
	c := newCluster(t, func(_ string, f *Files) { f.Haresources = "node1 " + clusterAddress + "/24/eth0 web nosuch\n" })
	log := c.tail("node1")
	c.start("node1", "node2")
	c.wait(log, "ERROR: Cannot locate resource script nosuch")
	// The rest of the group must not stay behind on a node that could not start all of it.
	c.must(Eventually(clusterPatience, "the group to be given up on both nodes", func() bool {
		return owner(t, c.lab, "web") == "" && !c.hasAddress("node1") && !c.hasAddress("node2") && c.startsOf("node1") > 0
	}))
	c.oneOwnerAlways()
}
