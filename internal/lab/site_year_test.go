//go:build integration

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCombinedSite: everything of 3.0.6 at once, on one pair of heartbeatd, through what happens to it in a year.
func TestCombinedSite(t *testing.T) {
	atOnce(t, func(t testing.TB) { playSite(t, "HH") })
}

// playSite is that year.
func playSite(t testing.TB, kinds string) {
	s, began := newSite(t, kinds), time.Now()
	stage := func(what string) { t.Logf("%6.1f s: %s", time.Since(began).Seconds(), what) }
	one, two := s.nodes["node1"], s.nodes["node2"]

	stage("start")
	s.startDaemons("node1", "node2")
	s.cron("node1")
	s.cron("node2")
	s.runs("each to have its own", siteHome, "node1", "node2")
	s.sees("node1", "node2 active", "routers ping", "10.77.0.3 ping")
	s.sees("node2", "node1 active", "routers ping", "10.77.0.3 ping")
	s.must(Eventually(clusterPatience, "all links of node2 to be up", func() bool {
		out, _ := one.Run("cl_status", "listhblinks", "-v", "node2")
		return strings.Count(out, "\tup") == 3
	}))

	stage("a message of the site")
	s.run("node1", `. /etc/ha.d/shellfuncs; printf 't=mine\nwhat=hello\n' | ha_clustermsg`)
	for _, name := range []string{"node1", "node2"} {
		s.must(Eventually(clusterPatience, "the site's script to run on "+name, func() bool {
			text, _ := s.nodes[name].ReadFile("/var/hook")
			return text == "node1 says hello\n"
		}))
	}

	stage("maintenance")
	s.run("node1", "sh /usr/local/sbin/maintenance")
	s.runs("node2 to have all", allOn("node2"), "node1", "node2")
	s.run("node1", "/usr/share/heartbeat/hb_takeover local")
	s.runs("node1 to have its own again", siteHome, "node1", "node2")

	stage("new keys")
	for _, name := range []string{"node1", "node2"} {
		s.must(s.nodes[name].WriteFile("/etc/ha.d/authkeys", fmt.Sprintf(siteAuthkeys, 3), 0o600))
		s.run(name, daemonPath+" -r")
	}
	s.runs("nothing to move", siteHome, "node1", "node2")

	stage("a cable, and the other")
	s.must(two.Unplug(1))
	s.must(Eventually(clusterPatience, "the link to be dead", func() bool {
		out, _ := one.Run("cl_status", "hblinkstatus", "node2", "eth1")
		return strings.TrimSpace(out) == "dead"
	}))
	s.must(two.Plug(1))
	s.must(one.Unplug(0)) // the router is seen through the other one
	s.runs("ipfail to move all to who sees the router", allOn("node2"), "node2")
	s.must(one.Plug(0))
	s.sees("node1", "10.77.0.3 ping")
	s.runs("nothing to move", allOn("node2"), "node1", "node2")

	stage("a power cut")
	s.must(two.PowerCut())
	s.fenced("node2")
	s.runs("node1 to have all", allOn("node1"), "node1")

	stage("the return")
	s.must(two.Boot())
	s.must(two.WriteFile("/var/lib/device", "", 0o600))
	s.cable.plug(1)
	s.startDaemons("node2")
	s.cron("node2")
	s.runs("all to stay", allOn("node1"), "node1", "node2")
	s.sees("node1", "node2 active")
	s.run("node1", "sh /usr/local/sbin/maintenance foreign")
	s.runs("each to have its own", siteHome, "node1", "node2")

	stage("stop")
	for name, kind := range map[string]byte{"node1": kinds[0], "node2": kinds[1]} {
		if kind == 'H' {
			s.tickled(name)
		}
	}
	s.must(one.StopDaemon())
	s.runs("node2 to have all", allOn("node2"), "node2")
	s.must(two.StopDaemon())
	s.runs("all to be stopped", allOn(""))
	stage("the end")
	s.must(os.WriteFile(filepath.Join(s.lab.Shared(), "no-cron"), nil, 0o644))
	s.judge()
}

// judge looks at the whole of it once more.
func (s *site) judge() {
	s.Helper()
	events, err := s.lab.Events()
	s.must(err)
	for resource := range siteHome {
		for _, o := range Ownership(events, resource).Overlaps(time.Now()) {
			s.Errorf("%s: %v", resource, o)
		}
	}
	words := strings.Fields("all local foreign none transition")
	for i, name := range []string{"node1", "node2"} {
		h := s.nodes[name]
		text, err := h.ReadFile("/var/cron")
		s.must(err)
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			code, word, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !(code == "0" && slices.Contains(words, word)) && !(code == "1" && word == "") {
				s.Errorf("cron on %s was told %q", name, line)
			}
		}
		if life, _ := h.ReadFile("/var/monitor.life"); name == "node1" && life != "started\nended\n" {
			s.Errorf("the site's program on %s lived so: %q", name, life)
		}
		if device, _ := h.ReadFile("/var/lib/device"); s.kinds[i] == 'H' && !strings.HasSuffix(device, "\x00V") {
			s.Errorf("the watchdog of %s was told %q", name, device)
		}
		log, _ := h.ReadFile("/var/log/ha-log")
		for _, line := range strings.Split(log, "\n") {
			if (strings.Contains(line, "ERROR") || strings.Contains(line, "CRIT")) && !containsOne(line, siteTroubles) {
				s.Errorf("%s: %s", name, line)
			}
		}
	}
}

// siteTroubles are lines that such a year has.
var siteTroubles = []string{"WDIOC_SETTIMEOUT", "lock ourselves into memory", "Late heartbeat: Node 10.77.0.3:", "Late heartbeat: Node routers:", "EOF in ttygets"}

func containsOne(line string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) })
}
