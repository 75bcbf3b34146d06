//go:build integration

package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// switchboard is the power switch of the lab: the program `stonith` on each host asks it by files that all hosts
// see, and it pulls the cord.
type switchboard struct {
	*cluster
	dir string
}

// standIn is that program. What is in /lab/power/MODE.HOST decides: works, fails, or slow until there is
// /lab/power/go. It writes down how it was called.
const standIn = `#!/bin/sh
echo "$(uname -n) $* [$(cat "$4" | tr '\n' ' ')]" >>/lab/power/calls
[ "$5" = -S ] && exit 0
mode=$(cat /lab/power/mode.$(uname -n))
[ "$mode" = fails ] && { echo "the switch does not answer hunter2" >&2; exit 5; }
[ "$mode" = slow ] && while [ ! -e /lab/power/go ]; do sleep 0.02; done
echo "$(uname -n)" >/lab/power/off.$7
while [ ! -e /lab/power/is-off.$7 ]; do sleep 0.02; done
`

const standInLine = "stonith_host * external/standin node1 node2 hunter2\n"

// newSwitchboard makes a pair whose nodes reset each other.
func newSwitchboard(t testing.TB, change ...func(node string, f *Files)) *switchboard {
	t.Helper()
	c := newCluster(t, append(change, func(_ string, f *Files) { f.HACF += standInLine })...)
	s := &switchboard{c, filepath.Join(c.lab.Shared(), "power")}
	c.must(os.Mkdir(s.dir, 0o777))
	for name, h := range c.nodes {
		c.must(h.WriteFile("/usr/sbin/stonith", standIn, 0o755))
		s.mode(name, "works")
	}
	return s
}

func (s *switchboard) file(name string) string { return filepath.Join(s.dir, name) }

// mode says how the device behaves that a node asks.
func (s *switchboard) mode(node, mode string) {
	s.Helper()
	s.must(os.WriteFile(s.file("mode."+node), []byte(mode), 0o666))
}

// cord pulls a node's cord as soon as the switch was asked to, and returns who asked.
func (s *switchboard) cord(node string) string {
	s.Helper()
	s.must(Eventually(clusterPatience, node+" to be switched off", func() bool { return s.is("off." + node) }))
	by, err := os.ReadFile(s.file("off." + node))
	s.must(err)
	s.must(s.nodes[node].PowerCut())
	s.must(os.WriteFile(s.file("is-off."+node), nil, 0o666))
	return strings.TrimSpace(string(by))
}

func (s *switchboard) is(name string) bool {
	_, err := os.Stat(s.file(name))
	return err == nil
}

// TestClusterFencePowerCut: nothing of a dead node is taken before the device has switched it off, however often that
// fails and however long it takes. What it needs is in no log and no list of processes.
func TestClusterFencePowerCut(t *testing.T) { fairly(t, playClusterFencePowerCut) }

func playClusterFencePowerCut(t testing.TB) {
	s := newSwitchboard(t)
	s.mode("node2", "fails")
	log := s.nodes["node2"].TailFromStart("/var/log/ha-log")
	s.startBoth()
	s.wait(log, "info: Checking status of STONITH device [external/standin]")
	s.wait(log, "info: Managed STONITH-stat process", "exited with return code 0.")
	s.must(s.nodes["node1"].PowerCut())
	s.wait(log, "WARN: node node1: is dead")
	s.wait(log, "info: Resetting node node1 with [external/standin]")
	s.wait(log, "info: glib: the switch does not answer ***")
	s.wait(log, "ERROR: Host node1 not reset!")
	s.wait(log, "WARN: Managed STONITH node1 process", "exited with return code 1.")
	s.wait(log, "ERROR: STONITH of node1 failed.  Retrying...")
	s.mode("node2", "slow")
	s.nothingTaken("node2", `, last error "the switch does not answer ***"`)
	s.nothingTaken("node2", "fencing node1: attempt ")
	s.wait(log, "info: Resetting node node1 with [external/standin]")
	s.nothingTaken("node2", " so far, ") // the attempt that waits for the switch
	s.must(os.WriteFile(s.file("go"), nil, 0o666))
	if by := s.cord("node1"); by != "node2" {
		t.Errorf("%s asked", by)
	}
	s.wait(log, "info: node node1 now reset.")
	s.wait(log, "info: Managed STONITH node1 process", "exited with return code 0.")
	s.wait(log, "info: Resources being acquired from node1.")
	s.settle("node2", "node2")
	s.oneOwnerAlways()
	s.keptSecret()
}

// nothingTaken says that a node has neither the resource nor its address, and that status tells why.
func (s *switchboard) nothingTaken(node, says string) {
	s.Helper()
	text := ""
	s.must(Eventually(clusterPatience, "status to say "+says, func() bool {
		text, _ = s.nodes[node].Run("heartbeatd", "status")
		return strings.Contains(text, "\nfencing ") && strings.Contains(text, says)
	}))
	if s.hasAddress(node) || s.startsOf(node) > 0 {
		s.Errorf("%s has taken the group of a node that was not reset", node)
	}
}

// keptSecret looks for the password where it must not be, and sees that the device has got it.
func (s *switchboard) keptSecret() {
	s.Helper()
	for name, h := range s.nodes {
		text, err := h.ReadFile("/var/log/ha-log")
		s.must(err)
		if strings.Contains(text, "hunter2") {
			s.Errorf("the password of the device is in ha-log of %s", name)
		}
	}
	calls, err := os.ReadFile(s.file("calls"))
	s.must(err)
	for _, want := range []string{"node2 -t external/standin -F /proc/self/fd/3 -S [node1 node2 hunter2 ]", "node2 -t external/standin -F /proc/self/fd/3 -T reset node1 [node1 node2 hunter2 ]"} {
		if !strings.Contains(string(calls), want+"\n") {
			s.Errorf("the device was not called so: %s\nbut:\n%s", want, calls)
		}
	}
}

// TestClusterFenceSplit: all cables of the owner are out, and it runs on. Without fencing both would run the resource.
func TestClusterFenceSplit(t *testing.T) { fairly(t, playClusterFenceSplit) }

func playClusterFenceSplit(t testing.TB) {
	s := newSwitchboard(t)
	s.mode("node1", "slow") // both ask; this one's answer comes too late
	s.startBoth()
	for link := range 2 {
		s.must(s.nodes["node1"].Unplug(link))
	}
	if by := s.cord("node1"); by != "node2" {
		t.Errorf("%s asked", by)
	}
	s.settle("node2", "node2")
	s.oneOwnerAlways()
	if s.is("off.node2") {
		t.Error("node2 was switched off too")
	}
}

// TestClusterFenceKilledDaemon: its resources run on. Without fencing they would run twice from now on.
func TestClusterFenceKilledDaemon(t *testing.T) { fairly(t, playClusterFenceKilledDaemon) }

func playClusterFenceKilledDaemon(t testing.TB) {
	s := newSwitchboard(t)
	s.startBoth()
	s.killDaemon("node1")
	s.cord("node1")
	s.settle("node2", "node2")
	s.oneOwnerAlways()
}

// TestClusterFenceNodeReturns: the cables are in again before the device has answered to anybody: nobody is
// switched off any more, and nothing moves.
func TestClusterFenceNodeReturns(t *testing.T) { fairly(t, playClusterFenceNodeReturns) }

func playClusterFenceNodeReturns(t testing.TB) {
	s := newSwitchboard(t)
	s.mode("node1", "fails")
	s.mode("node2", "fails")
	s.startBoth()
	log := s.tail("node2")
	for link := range 2 {
		s.must(s.nodes["node1"].Unplug(link))
	}
	s.wait(log, "ERROR: STONITH of node1 failed.  Retrying...")
	for link := range 2 {
		s.must(s.nodes["node1"].Plug(link))
	}
	s.wait(log, "info: node node1 is heard again: it is not reset")
	s.mode("node1", "works")
	s.mode("node2", "works")
	s.settle("node1", "node1", "node2")
	if h := s.history(); len(h.Spans) != 1 || h.Spans[0].Node != "node1" {
		t.Errorf("the resource moved: %+v", h.Spans)
	}
	if s.is("off.node1") || s.is("off.node2") {
		t.Error("a node was switched off that had come back")
	}
}

// TestClusterFenceNotNeeded: a node that stops in order is not switched off.
func TestClusterFenceNotNeeded(t *testing.T) { fairly(t, playClusterFenceNotNeeded) }

func playClusterFenceNotNeeded(t testing.TB) {
	s := newSwitchboard(t)
	s.startBoth()
	log := s.tail("node2")
	s.must(s.nodes["node1"].StopDaemon())
	s.settle("node2", "node2")
	s.wait(log, "info: Dead node node1 gave up resources.")
	text, err := s.nodes["node2"].ReadFile("/var/log/ha-log") // a reset would begin with that line
	s.must(err)
	if strings.Contains(text, "Resetting") || s.is("off.node1") {
		t.Error("it was switched off")
	}
	s.oneOwnerAlways()
}
