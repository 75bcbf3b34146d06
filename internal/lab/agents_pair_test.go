//go:build integration

package lab

import (
	"strings"
	"testing"
)

// The data lies in /lab, which both nodes have: it stands for a disk that both are connected to.
const agentHaresources = "node1 " + clusterAddress + "/24/eth0 Filesystem::/lab/disk::/srv/data::none::bind Delay::1::0 MailTo::root@example.org::moved web\n"

// TestAgentsMoveAGroup moves a file system and a mail between two heartbeatd nodes which have the agents of
// resource-agents: by a planned stop, on request, and when the power is cut.
func TestAgentsMoveAGroup(t *testing.T) { atOnce(t, playAgentsMoveAGroup) }

func playAgentsMoveAGroup(t testing.TB) {
	layer, err := agentLayer()
	if err != nil {
		skip(t, err.Error())
	}
	c := &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}
	software := softwares(t)["H"]
	for _, name := range []string{"node1", "node2"} {
		h, err := c.lab.Node(name, software, HostOptions{Layers: []string{layer}, Disk: 64})
		c.must(err)
		c.nodes[name] = h
		c.must(h.Install(layer+"/share/heartbeat-shellfuncs", "/etc/ha.d/shellfuncs", 0o644))
		c.must(h.InstallRecorder("web"))
		c.must(h.WriteFile("/usr/bin/mail", "#!/bin/sh\ncat >/dev/null\necho \"$(uname -n): $*\" >>/lab/mails\n", 0o755))
		c.must(h.WriteFile("/usr/sbin/modprobe", "#!/bin/sh\n", 0o755))            // the agent asks for it
		run(t, h, "mkdir", "-p", "/lab/disk", "/srv/data", "/run/resource-agents") // the last is resource-agents'
		c.must(h.Configure(Files{HACF: clusterHACF, Haresources: agentHaresources}))
	}
	t.Cleanup(c.showLogs)
	run(t, c.nodes["node1"], "sh", "-c", "echo begin >/lab/disk/story")
	mounted := func(node string) bool {
		_, err := c.nodes[node].Run("sh", "-c", "grep -q ' /srv/data ' /proc/mounts")
		return err == nil
	}
	holds := func(node, other string, running ...string) {
		t.Helper()
		c.settle(node, running...)
		if !mounted(node) {
			t.Errorf("%s has the group and not the file system", node)
		}
		if c.nodes[other].Up() && mounted(other) {
			t.Errorf("%s has the file system too", other)
		}
		run(t, c.nodes[node], "sh", "-c", "test -s /srv/data/story && echo "+node+" >>/srv/data/story")
	}
	c.start("node1", "node2")
	holds("node1", "node2", "node1", "node2")
	for _, resource := range []string{"Filesystem::/lab/disk::/srv/data::none::bind", "MailTo::root@example.org::moved", "Delay::1::0"} {
		words := strings.Split(resource, "::")
		out, err := c.nodes["node1"].Run("/etc/ha.d/resource.d/"+words[0], append(words[1:], "status")...)
		if err != nil || !strings.Contains(out, "INFO:  Running OK\n") {
			t.Errorf("%s status on the owner: %v, %q", resource, err, out)
		}
		if out, _ := c.nodes["node2"].Run("/etc/ha.d/resource.d/"+words[0], append(words[1:], "status")...); strings.Contains(out, "Running OK") {
			t.Errorf("%s status on the other: %q", resource, out)
		}
	}

	t.Log("a standby")
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_standby")
	holds("node2", "node1", "node1", "node2")
	t.Log("a planned stop")
	c.must(c.nodes["node2"].StopDaemon())
	if mounted("node2") {
		t.Error("node2 has stopped and kept the file system")
	}
	holds("node1", "node2", "node1")
	c.start("node2")
	holds("node1", "node2", "node1", "node2")
	t.Log("a power cut")
	c.must(c.nodes["node1"].PowerCut())
	holds("node2", "node1", "node2")

	if story := run(t, c.nodes["node2"], "cat", "/srv/data/story"); story != "begin\nnode1\nnode2\nnode1\nnode1\nnode2\n" {
		t.Errorf("the file says %q", story)
	}
	mails := run(t, c.nodes["node2"], "cat", "/lab/mails")
	for _, want := range []string{"node1: -s moved Takeover in progress", "node1: -s moved Migrating resource away", "node2: -s moved Takeover in progress", "node2: -s moved Migrating resource away"} {
		if !strings.Contains(mails, want) {
			t.Errorf("no mail %q in\n%s", want, mails)
		}
	}
	if n := strings.Count(mails, "Takeover in progress"); n != 4 {
		t.Errorf("%d mails of takeovers, want 4:\n%s", n, mails)
	}
	c.oneOwnerAlways()
}
