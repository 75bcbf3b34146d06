//go:build integration

package lab

import (
	"strings"
	"testing"
	"time"
)

// TestMixedPair pairs our daemon with the genuine one, either way round: they form one cluster,
// take, give and move groups by each other's commands, and the C node finds nothing to complain of.
func TestMixedPair(t *testing.T) {
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		skip(t, err.Error())
	}
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("C first", func(t *testing.T) { mixedPair(t, genuine, ours) })
	t.Run("C second", func(t *testing.T) { mixedPair(t, ours, genuine) })
}

func mixedPair(t *testing.T, first, second Software) {
	l := newLab(t, 2)
	files := Files{
		HACF: "logfile /var/log/ha-log\nkeepalive 200ms\nwarntime 1\ndeadtime 3\ninitdead 10\nudpport 694\n" +
			"bcast eth0\nucast eth1 10.77.1.1\nucast eth1 10.77.1.2\nauto_failback off\nnode node1 node2\n",
		Haresources: "node1 web\nnode2 db\n",
	}
	var nodes []*Host
	for i, software := range []Software{first, second} {
		h, err := l.Node([]string{"node1", "node2"}[i], software, HostOptions{})
		for _, name := range []string{"web", "db"} {
			if err == nil {
				err = h.InstallRecorder(name)
			}
		}
		if err == nil {
			err = h.Configure(files)
		}
		if err == nil {
			err = h.StartDaemon()
		}
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, h)
	}
	t.Cleanup(func() {
		for _, h := range nodes {
			log, _ := h.ReadFile("/var/log/ha-log")
			if t.Failed() {
				t.Logf("ha-log of %s:\n%s", h.Name, log)
			}
		}
	})
	runsOn := func(what, web, db string) {
		t.Helper()
		err := Eventually(40*time.Second, what, func() bool { return owner(t, l, "web") == web && owner(t, l, "db") == db })
		if err != nil {
			t.Fatalf("%v: web on %s, db on %s", err, owner(t, l, "web"), owner(t, l, "db"))
		}
	}
	settled := func() {
		t.Helper()
		for _, h := range nodes {
			err := Eventually(40*time.Second, h.Name+" to settle", func() bool {
				word, err := h.Run("cl_status", "rscstatus")
				return err == nil && strings.TrimSpace(word) != "transition"
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	order := func(h *Host, command, word string) {
		t.Helper()
		settled()
		if out, err := h.Run(command, word); err != nil {
			t.Fatalf("%s: %v: %s", h.Name, err, out)
		}
	}
	runsOn("each node to take its own", "node1", "node2")
	order(nodes[0], "/usr/share/heartbeat/hb_standby", "local")
	runsOn("node1's group to move to node2", "node2", "node2")
	order(nodes[0], "/usr/share/heartbeat/hb_takeover", "local")
	runsOn("node1 to take it back", "node1", "node2")
	order(nodes[1], "/usr/share/heartbeat/hb_standby", "all")
	runsOn("everything to move to node1", "node1", "node1")
	settled()
	if err := nodes[0].StopDaemon(); err != nil {
		t.Fatal(err)
	}
	runsOn("node2 to take over from a stopped node", "node2", "node2")
	if err := nodes[0].StartDaemon(); err != nil {
		t.Fatal(err)
	}
	settled()
	runsOn("nothing to move when node1 is back", "node2", "node2")
	if err := nodes[1].PowerCut(); err != nil {
		t.Fatal(err)
	}
	runsOn("node1 to take over from a dead node", "node1", "node1")
	for _, h := range nodes {
		log, _ := h.ReadFile("/var/log/ha-log")
		for _, line := range strings.Split(log, "\n") {
			if (strings.Contains(line, "ERROR") || strings.Contains(line, "CRIT")) && !strings.Contains(line, "lock ourselves into memory") {
				t.Errorf("%s: %s", h.Name, line)
			}
		}
	}
}
