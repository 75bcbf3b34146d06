//go:build integration

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// runbookHACF is what an administrator would write: whole seconds.
const runbookHACF = `logfile /var/log/ha-log
keepalive 1
warntime 2
deadtime 4
initdead 12
udpport 694
bcast eth0
ucast eth1 10.77.1.1
ucast eth1 10.77.1.2
auto_failback off
node node1 node2
`

// systemdCluster is two containers with systemd, the project installed by `make install`. The
// embedded cluster's waiting and judging works on them as on private hosts.
func systemdCluster(t testing.TB, haresources string, more func(*Host) error) *cluster {
	t.Helper()
	c := &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}
	image := newImage(t)
	project, err := ProjectDir()
	c.must(err)
	if _, err := exec.LookPath("make"); err != nil {
		skip(t, "make is missing: install the package make")
	}
	binary := os.Getenv("HEARTBEATD") // another daemon than the one of this tree
	if binary == "" {
		c.must(makeBuild(project))
	}
	for _, name := range []string{"node1", "node2"} {
		h, err := c.lab.Container(name, image, func(h *Host) error {
			c.nodes[name] = h
			c.must(makeProject(project, "install", "DESTDIR="+h.Path("/")))
			if binary != "" {
				c.must(h.Install(binary, "/usr/sbin/heartbeatd", 0o755))
			}
			if err := h.Configure(Files{HACF: runbookHACF, Haresources: haresources}); err != nil {
				return err
			}
			return more(h)
		})
		c.must(err)
		c.nodes[name] = h
	}
	t.Cleanup(c.showLogs)
	t.Cleanup(c.showJournals)
	return c
}

func makeProject(project string, args ...string) error {
	out, err := exec.Command("make", append([]string{"-s", "-C", project}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

var (
	builtOnce  sync.Once
	builtError error
)

// makeBuild is `make build`, once: tests install from bin side by side.
func makeBuild(project string) error {
	builtOnce.Do(func() { builtError = makeProject(project, "build") })
	return builtError
}

func (c *cluster) showJournals() {
	if !c.Failed() {
		return
	}
	for name, h := range c.nodes {
		if h.Up() {
			out, _ := h.Run("journalctl", "-u", "heartbeat", "--no-pager", "-n", "30")
			c.Logf("journal of %s:\n%s", name, out)
		}
	}
}

// onBoth runs a command on both nodes.
func (c *cluster) onBoth(name string, args ...string) {
	c.Helper()
	for _, node := range []string{"node1", "node2"} {
		run(c.TB, c.nodes[node], name, args...)
	}
}

// noFailedUnits checks that systemd has nothing to complain about.
func (c *cluster) noFailedUnits(nodes ...string) {
	c.Helper()
	for _, node := range nodes {
		if out := run(c.TB, c.nodes[node], "systemctl", "--failed", "--no-legend", "--plain"); strings.TrimSpace(out) != "" {
			c.Errorf("failed units of %s: %s", node, out)
		}
	}
}

// exitCode is the exit status of a program on a node.
func (c *cluster) exitCode(node, name string, args ...string) (int, string) {
	c.Helper()
	cmd := c.nodes[node].Command(name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		c.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestRunbookUnderSystemd is the administrator's runbook, step by step.
func TestRunbookUnderSystemd(t *testing.T) { atOnce(t, playRunbookUnderSystemd) }

func playRunbookUnderSystemd(t testing.TB) {
	c := systemdCluster(t, clusterHaresources, func(h *Host) error { return h.InstallRecorder("web") })

	t.Log("enable and start on both")
	c.onBoth("systemctl", "enable", "--now", "heartbeat")
	for name, peer := range map[string]string{"node1": "node2", "node2": "node1"} {
		for _, words := range []string{"Link " + peer + ":eth0 up.", "Link " + peer + ":eth1 up.", "Status update for node " + peer + ": status active", "Local status now set to: 'active'"} {
			c.wait(c.nodes[name].TailFromStart("/var/log/ha-log"), words)
		}
	}
	c.settle("node1", "node1", "node2")
	c.noFailedUnits("node1", "node2")
	for _, node := range []string{"node1", "node2"} {
		if out := run(t, c.nodes[node], "systemctl", "status", "--no-pager", "heartbeat"); !strings.Contains(out, "active (running)") {
			t.Errorf("systemctl status of %s:\n%s", node, out)
		}
		run(t, c.nodes[node], "systemctl", "is-active", "heartbeatd") // the alias
		run(t, c.nodes[node], "service", "heartbeat", "status")
		if code, out := c.exitCode(node, "heartbeatd", "status"); code != 0 {
			t.Errorf("heartbeatd status of running %s: exit %d: %s", node, code, out)
		}
	}
	c.secondDaemonIsRefused("node1")

	t.Log("service heartbeat stop on the primary")
	log := c.tail("node2")
	run(t, c.nodes["node1"], "service", "heartbeat", "stop")
	if c.hasAddress("node1") || len(c.history().Spans) == 0 || c.history().Spans[0].Stopped.IsZero() {
		t.Error("service heartbeat stop returned before everything was released")
	}
	c.wait(log, "Received shutdown notice from 'node1'.")
	c.wait(log, "Resources being acquired from node1.")
	c.wait(log, "mach_down takeover complete")
	c.settle("node2", "node2")
	if code, out := c.exitCode("node1", "heartbeatd", "status"); code != 3 {
		t.Errorf("heartbeatd status of stopped node1: exit %d, want 3: %s", code, out)
	}
	if code, out := c.exitCode("node1", "systemctl", "is-active", "heartbeat"); code != 3 || strings.TrimSpace(out) != "inactive" {
		t.Errorf("systemctl is-active of stopped node1: exit %d: %s", code, out)
	}

	t.Log("service heartbeat start: rejoin as secondary")
	log = c.tail("node2")
	run(t, c.nodes["node1"], "service", "heartbeat", "start")
	c.wait(log, "Status update for node node1: status active")
	c.settle("node2", "node1", "node2")
	if n := c.startsOf("node1"); n != 1 {
		t.Errorf("node1 started the resource %d times, want once: auto_failback is off", n)
	}
	c.gapsWithin(3*time.Second, 1)

	t.Log("power cut of the owner")
	log = c.tail("node1")
	c.must(c.nodes["node2"].PowerCut())
	c.wait(log, "WARN: node node2: is dead")
	c.wait(log, "Resources being acquired from node2.")
	c.wait(log, "mach_down takeover complete")
	c.settle("node1", "node1")

	t.Log("the power is back: the enabled service starts by itself")
	log = c.tail("node1")
	c.must(c.nodes["node2"].Boot())
	c.wait(log, "Status update for node node2: status active")
	c.settle("node1", "node1", "node2")
	c.noFailedUnits("node1", "node2")
	c.oneOwnerAlways()
	c.gapsWithin(4*time.Second+clusterSlack, 2)
}

// secondDaemonIsRefused tries to start another daemon beside the running one, by both names.
func (c *cluster) secondDaemonIsRefused(node string) {
	c.Helper()
	pid := strings.TrimSpace(run(c.TB, c.nodes[node], "cat", "/run/heartbeat.pid"))
	if code, out := c.exitCode(node, "heartbeatd"); code == 0 || !strings.Contains(out, "already running") {
		c.Errorf("a second heartbeatd: exit %d: %s", code, out)
	}
	// 3.0.6: by the name heartbeat it says so, and that counts as success.
	if code, out := c.exitCode(node, daemonPath); code != 0 || !strings.Contains(out, "already running [pid "+pid+"]") {
		c.Errorf("a second heartbeat: exit %d: %s", code, out)
	}
	if now := strings.TrimSpace(run(c.TB, c.nodes[node], "cat", "/run/heartbeat.pid")); now != pid {
		c.Errorf("the pid file said %s and says %s after the attempts", pid, now)
	}
	c.settle("node1", "node1", "node2")
}

// TestSystemdUnitAsResource moves a service that only systemd knows.
func TestSystemdUnitAsResource(t *testing.T) { atOnce(t, playSystemdUnitAsResource) }

func playSystemdUnitAsResource(t testing.TB) {
	const unit = "[Unit]\nDescription=a service of the lab\n[Service]\nExecStart=/bin/sleep infinity\n"
	c := systemdCluster(t, "node1 "+clusterAddress+"/24/eth0 labservice\n", func(h *Host) error {
		return h.WriteFile("/etc/systemd/system/labservice.service", unit, 0o644)
	})
	active := func(node string) bool {
		code, _ := c.exitCode(node, "systemctl", "is-active", "labservice")
		return code == 0
	}
	runsOn := func(want, other string) {
		c.Helper()
		c.must(Eventually(clusterPatience, "the unit to run on "+want, func() bool { return active(want) && c.hasAddress(want) }))
		if c.nodes[other].Up() && (active(other) || c.hasAddress(other)) {
			t.Errorf("%s has the unit or the address as well", other)
		}
	}
	c.onBoth("systemctl", "enable", "--now", "heartbeat")
	runsOn("node1", "node2")
	// A stop of a node that is still settling waits; the runbook's operator sees a settled one.
	c.wait(c.nodes["node2"].TailFromStart("/var/log/ha-log"), "resource transition completed")

	run(t, c.nodes["node1"], "service", "heartbeat", "stop")
	if active("node1") || c.hasAddress("node1") {
		t.Error("service heartbeat stop returned before the unit was stopped")
	}
	runsOn("node2", "node1")
	log := c.tail("node1")
	run(t, c.nodes["node1"], "service", "heartbeat", "start")
	c.wait(log, "Status update for node node2: status active")

	c.must(c.nodes["node2"].PowerCut())
	runsOn("node1", "node2")
	c.noFailedUnits("node1")
}
