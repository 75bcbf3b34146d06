//go:build integration

package lab

import (
	"fmt"
	"strings"
	"testing"
)

const (
	// programStays says who it is, and runs until it is told to end.
	programStays = `#!/bin/sh
echo "$$ $(id -u) $(id -g) $(id -G) $(umask) $(pwd) $HA_CURHOST $(cat /proc/$$/oom_score_adj) $(cut -d' ' -f19 /proc/$$/stat)" >>/tmp/stays.$1
trap 'echo $1 >>/tmp/ended; exit 0' TERM
while :; do sleep 0.05; done
`
	programDies  = "#!/bin/sh\necho x >>/tmp/dies\nexit 3\n"
	programDone  = "#!/bin/sh\necho x >>/tmp/done\nexit 100\n"
	programLines = "watchdog /var/lib/device\nrespawn root /opt/stays one\nrespawn operator /opt/stays two\nrespawn operator /opt/dies\nrespawn root /opt/done\n"
)

// operatorID is another user than root, where there can be one.
func operatorID() int {
	if inUserNamespace() {
		return 0
	}
	return 1234
}

// withPrograms gives node1 its programs, and a user to run them as. The file that stands for a watchdog knows no
// ioctl; everything else is as with a device.
func withPrograms(t testing.TB) *cluster {
	c := newCluster(t, func(node string, f *Files) {
		if node == "node1" {
			f.HACF += programLines
		}
	})
	h, id := c.nodes["node1"], operatorID()
	for path, line := range map[string]string{
		"/etc/passwd": fmt.Sprintf("operator:x:%d:%d::/:/bin/sh\n", id, id),
		"/etc/group":  fmt.Sprintf("operator:x:%d:\nhelpers:x:%d:operator\n", id, id+id/2),
	} {
		text, err := h.ReadFile(path)
		c.must(err)
		c.must(h.WriteFile(path, strings.ReplaceAll(text, "\noperator:", "\nformer:")+line, 0o644))
	}
	for path, text := range map[string]string{"/opt/stays": programStays, "/opt/dies": programDies, "/opt/done": programDone} {
		c.must(h.WriteFile(path, text, 0o755))
	}
	c.must(h.WriteFile("/var/lib/device", "", 0o600))
	run(t, h, "sh", "-c", "chmod 1777 /tmp; : >/tmp/ended; chmod 666 /tmp/ended")
	return c
}

// tells waits until a file of node1 has that many lines, and returns them.
func (c *cluster) tells(path string, lines int) []string {
	c.Helper()
	var have []string
	c.must(Eventually(clusterPatience, fmt.Sprintf("%d lines in %s", lines, path), func() bool {
		text, _ := c.nodes["node1"].ReadFile(path)
		have = strings.Split(strings.TrimSpace(text), "\n")
		return strings.Count(text, "\n") >= lines
	}))
	return have
}

// tickled waits until a node's watchdog has been tickled ten times, however quick all else was.
func (c *cluster) tickled(node string) {
	c.Helper()
	c.must(Eventually(clusterPatience, "the watchdog of "+node+" to be tickled", func() bool {
		device, _ := c.nodes[node].ReadFile("/var/lib/device")
		return len(device) >= 10
	}))
}

func TestClusterPrograms(t *testing.T) { fairly(t, playClusterPrograms) }

func playClusterPrograms(t testing.TB) {
	c := withPrograms(t)
	c.startBoth()
	h, id := c.nodes["node1"], operatorID()
	usual := strings.TrimSpace(run(t, h, "sh", "-c", "cut -d' ' -f19 /proc/$$/stat")) // the daemon itself runs with nice -20
	for name, want := range map[string]string{
		"one": "0 0 0 0022 / node1 0 " + usual,
		"two": fmt.Sprintf("%d %d %d %d 0022 / node1 0 %s", id, id, id, id+id/2, usual),
	} {
		if id == 0 && name == "two" {
			continue
		}
		line := c.tells("/tmp/stays."+name, 1)[0]
		_, got, _ := strings.Cut(line, " ")
		if got = strings.Join(strings.Fields(strings.Replace(got, " /var/lib/heartbeat/cores/root ", " / ", 1)), " "); got != want {
			t.Errorf("program %s runs as %q, want %q", name, got, want)
		}
	}
	c.tells("/tmp/dies", 2)
	c.tells("/tmp/done", 1)
	log := h.TailFromStart("/var/log/ha-log")
	for _, words := range []string{
		"notice: Using watchdog device: /var/lib/device", "ERROR: WDIOC_SETTIMEOUT: Failed to set watchdog timer to 2 seconds.",
		`info: Starting child client "/opt/stays one" (0,0)`, fmt.Sprintf(`info: Starting child client "/opt/stays two" (%d,%d)`, id, id),
	} {
		c.wait(log, words)
	}
	c.tickled("node1")
	c.must(h.StopDaemon())
	if got := c.tells("/tmp/ended", 2); strings.Join(got, " ") != "two one" {
		t.Errorf("ended in the order %q", got)
	}
	if out, err := h.Run("pgrep", "-f", "/opt/"); err == nil {
		t.Errorf("still there after the stop: %s", out)
	}
	if lines := c.tells("/tmp/done", 1); len(lines) != 1 {
		t.Errorf("started %d times though it asked not to be", len(lines))
	}
	if device, _ := h.ReadFile("/var/lib/device"); !strings.HasSuffix(device, "\x00V") {
		t.Errorf("the device got %q", device)
	}
	c.settle("node2", "node2")
}

// TestClusterProgramsOfAKilledDaemon: they live on, the watchdog stays armed, and the next daemon has one of each.
func TestClusterProgramsOfAKilledDaemon(t *testing.T) {
	fairly(t, playClusterProgramsOfAKilledDaemon)
}

func playClusterProgramsOfAKilledDaemon(t testing.TB) {
	c := withPrograms(t)
	c.startBoth()
	h := c.nodes["node1"]
	c.tells("/tmp/stays.one", 1)
	c.tells("/tmp/stays.two", 1)
	c.killDaemon("node1")
	device, err := h.ReadFile("/var/lib/device")
	c.must(err)
	if device == "" || strings.Contains(device, "V") {
		t.Errorf("the device got %q: it is not armed any more", device)
	}
	c.start("node1")
	for _, name := range []string{"one", "two"} {
		lines := c.tells("/tmp/stays."+name, 2)
		old, _, _ := strings.Cut(lines[0], " ")
		if _, err := h.Run("kill", "-0", old); err == nil {
			t.Errorf("the program of the killed daemon runs beside its successor: %q", lines)
		}
	}
	if got := c.tells("/tmp/ended", 2); len(got) != 2 {
		t.Errorf("ended: %q", got)
	}
}

// TestClusterBuiltInIPFail: a node that sees the router no more gives its group away, without a moment in which
// both have it. Nothing is given back with auto_failback off.
func TestClusterBuiltInIPFail(t *testing.T) { fairly(t, playClusterBuiltInIPFail) }

func playClusterBuiltInIPFail(t testing.TB) {
	c := newCluster(t, func(_ string, f *Files) {
		f.HACF += "ping 10.77.0.3\nrespawn hacluster /usr/lib64/heartbeat/ipfail\n"
	})
	_, err := c.lab.Host("router", HostOptions{Disk: 16})
	c.must(err)
	c.startBoth()
	for _, name := range []string{"node1", "node2"} {
		c.wait(c.nodes[name].TailFromStart("/var/log/ha-log"), "Status update for node 10.77.0.3: status ping")
	}
	log := c.tail("node1")
	c.must(c.nodes["node1"].Unplug(0))
	for _, words := range []string{"node 10.77.0.3: is dead", "info: giveup() called (timeout worked)", "node1 wants to go standby [all]"} {
		c.wait(log, words)
	}
	c.must(Eventually(clusterPatience, "web to be on node2 alone", func() bool { return owner(t, c.lab, "web") == "node2" }))
	log = c.tail("node1")
	c.must(c.nodes["node1"].Plug(0))
	c.wait(log, "A ping node just came up.")
	c.settle("node2", "node1", "node2")
	c.oneOwnerAlways()
}
