//go:build integration

package lab

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// replaces makes the daemon of a node replace itself n times.
func (c *cluster) replaces(node string, n int) {
	c.Helper()
	for i := range n {
		out, err := c.nodes[node].Run(daemonPath, "-R")
		if err != nil {
			c.Fatalf("replacement %d: %v: %s", i+1, err, out)
		}
	}
}

// pidOf is the process of a node's daemon.
func (c *cluster) pidOf(node string) int {
	c.Helper()
	s, err := c.status(node)
	c.must(err)
	return s.PID
}

// undisturbed fails the test if a log has a line that tells of a death, a restart or a lost link. One datagram may have
// been overtaken and be there soon after: where there is no real-time priority, who sends a beat can be held up just then.
func (c *cluster) undisturbed(node string, but ...string) {
	c.Helper()
	text, err := c.nodes[node].ReadFile("/var/log/ha-log")
	c.must(err)
	if lost := strings.Count(text, " lost packet(s) for ["); lost > 1 {
		c.Errorf("%s: packets were missed %d times", node, lost)
	} else if lost == 1 {
		c.wait(c.nodes[node].TailFromStart("/var/log/ha-log"), "No pkts missing from ")
	}
	for line := range strings.Lines(text) {
		for _, word := range []string{"is dead", " dead.", "Heartbeat restart on node", "Late heartbeat", "replay", "ERROR", "CRIT"} {
			if strings.Contains(line, word) && !slices.ContainsFunc(but, func(b string) bool { return strings.Contains(line, b) }) {
				c.Errorf("%s: %s", node, line)
			}
		}
	}
}

// TestReplacedAgainAndAgain: the daemon replaces itself, and nobody notices: not the resources, not the other node,
// not who holds its process number.
func TestReplacedAgainAndAgain(t *testing.T) { fairly(t, playReplacedAgainAndAgain) }

func playReplacedAgainAndAgain(t testing.TB) {
	c := newCluster(t, patientFiles) // how soon beats go on is for TestReplacedWithShortDeadtime
	c.startBoth()
	pids := map[string]int{"node1": c.pidOf("node1"), "node2": c.pidOf("node2")}
	starts := c.startsOf("node1")
	const times = 10
	for _, node := range []string{"node1", "node2"} {
		begin := time.Now()
		c.replaces(node, times)
		t.Logf("%s replaced itself %d times, each within %v", node, times, time.Since(begin)/times)
		if now := c.pidOf(node); now != pids[node] {
			t.Errorf("%s is process %d, was %d", node, now, pids[node])
		}
		s, err := c.status(node)
		c.must(err)
		if s.Replacement.Done != times {
			t.Errorf("%s counts %d replacements: %+v", node, s.Replacement.Done, s.Replacement)
		}
	}
	c.settle("node1", "node1", "node2")
	c.undisturbed("node1")
	c.undisturbed("node2")
	if now := c.startsOf("node1"); now != starts || c.startsOf("node2") != 0 {
		t.Errorf("web was started %d times more, and %d times on node2", now-starts, c.startsOf("node2"))
	}
	c.oneOwnerAlways()
	if gaps := c.history().Gaps(); len(gaps) > 0 {
		t.Errorf("times without service: %v", gaps)
	}
	run(t, c.nodes["node1"], daemonPath, "-k")
	c.settle("node2", "node2")
}

// TestReloadOfResources: a resource is added, another group changed and one removed, while a client watches that those
// which stay are never stopped.
func TestReloadOfResources(t *testing.T) { fairly(t, playReloadOfResources) }

func playReloadOfResources(t testing.TB) {
	c := newCluster(t, patientFiles)
	for _, name := range []string{"node1", "node2"} {
		c.must(c.nodes[name].InstallRecorder("db"))
		c.must(c.nodes[name].WriteFile("/etc/ha.d/resource.d/mask", "#!/bin/sh\n[ $1 != start ] || grep SigBlk /proc/self/status >/tmp/mask\n[ $1 != status ] || echo stopped\n", 0o755))
	}
	c.startBoth()
	for _, name := range []string{"node2", "node1"} {
		c.must(c.nodes[name].WriteFile("/etc/ha.d/haresources", clusterHaresources+"node1 mask db\n", 0o644))
		log := c.tail(name)
		run(t, c.nodes[name], daemonPath, "-r")
		c.wait(log, "info: changed: haresources: mask added")
		c.wait(log, "goes on as the same process")
	}
	c.must(Eventually(clusterPatience, "db to run on node1", func() bool { return owner(t, c.lab, "db") == "node1" }))
	if got := run(t, c.nodes["node1"], "cat", "/tmp/mask"); strings.TrimSpace(got) != "SigBlk:\t0000000000000000" {
		t.Errorf("scripts are started with blocked signals: %q", got)
	}
	if gaps := c.history().Gaps(); len(gaps) > 0 || c.startsOf("node2") != 0 {
		t.Errorf("web was stopped: %v", gaps)
	}
	for _, name := range []string{"node1", "node2"} {
		c.must(c.nodes[name].WriteFile("/etc/ha.d/haresources", clusterHaresources, 0o644))
		log := c.tail(name)
		run(t, c.nodes[name], daemonPath, "-r")
		c.wait(log, "goes on as the same process")
	}
	c.must(Eventually(clusterPatience, "db to be stopped", func() bool { return owner(t, c.lab, "db") == "" }))
	c.settle("node1", "node1", "node2")
	c.undisturbed("node1", "haresources differs")
	c.undisturbed("node2", "haresources differs")
	c.oneOwnerAlways()
}

// TestReloadOfHaCf: a new keepalive is in force without a stop; a broken file changes nothing; a port that is taken
// brings the old file back.
func TestReloadOfHaCf(t *testing.T) { fairly(t, playReloadOfHaCf) }

func playReloadOfHaCf(t testing.TB) {
	files := Files{HACF: clusterHACF}
	patientFiles("", &files)
	c := newCluster(t, patientFiles)
	c.startBoth()
	h := c.nodes["node1"]
	rewrite := func(text string) { c.must(h.WriteFile("/etc/ha.d/ha.cf", text, 0o644)) }
	log := c.tail("node1")
	rewrite(strings.Replace(files.HACF, "keepalive 100ms", "keepalive 50ms", 1))
	run(t, h, daemonPath, "-r")
	c.wait(log, "info: Heartbeat restart triggered.")
	c.wait(log, "info: changed: ha.cf: keepalive")
	c.wait(log, "info: Restarting heartbeat.")
	c.wait(log, "info: Performing heartbeat restart exec.")
	c.wait(log, "goes on as the same process")
	if s, err := c.status("node1"); err != nil || s.Parameters["keepalive"] != "50ms" {
		t.Errorf("keepalive is %q, %v", s.Parameters["keepalive"], err)
	}

	pid := c.pidOf("node1")
	rewrite(strings.Replace(files.HACF, "keepalive 100ms", "keepalive never", 1))
	if out, err := h.Run(daemonPath, "-r"); err == nil || !strings.Contains(out, fmt.Sprintf("Heartbeat pid %d NOT restarted", pid)) {
		t.Errorf("a broken ha.cf: %v, %s", err, out)
	}
	run(t, h, "kill", "-HUP", fmt.Sprint(pid))
	c.wait(log, "REFUSED")

	// A slip of the pen in haresources takes no running group down.
	rewrite(strings.Replace(files.HACF, "keepalive 100ms", "keepalive 50ms", 1))
	haresources, err := h.ReadFile("/etc/ha.d/haresources")
	c.must(err)
	c.must(h.WriteFile("/etc/ha.d/haresources", strings.TrimRight(haresources, "\n")+" wbe\n", 0o644))
	if out, err := h.Run(daemonPath, "-R"); err == nil || !strings.Contains(out, "NOT replaced") {
		t.Errorf("a resource without a script: %v, %s", err, out)
	}
	c.wait(log, "ERROR: haresources:", "wbe: Cannot locate resource script wbe")
	c.wait(log, "REFUSED")
	c.must(h.WriteFile("/etc/ha.d/haresources", haresources, 0o644))

	// Somebody else's socket, which does not share.
	c.must(h.Start("/usr/bin/python3", "-c", "import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(('',1694))\ntime.sleep(600)"))
	c.must(Eventually(clusterPatience, "the port to be taken", func() bool {
		out, err := h.Run("cat", "/proc/net/udp")
		return err == nil && strings.Contains(out, ":069E ")
	}))
	rewrite(strings.Replace(files.HACF, "udpport 694", "udpport 1694", 1))
	run(t, h, daemonPath, "-r")
	c.wait(log, "ERROR: the new configuration could not be used, the old one stays in force", "1694")
	c.settle("node1", "node1", "node2")
	if now := c.pidOf("node1"); now != pid {
		t.Errorf("node1 is process %d, was %d", now, pid)
	}
	c.undisturbed("node2")
	c.oneOwnerAlways()
	if gaps := c.history().Gaps(); len(gaps) > 0 {
		t.Errorf("times without service: %v", gaps)
	}
}

// TestReplacedWithShortDeadtime: with a deadtime of three beats nobody is declared dead either.
func TestReplacedWithShortDeadtime(t *testing.T) { fairly(t, playReplacedWithShortDeadtime) }

func playReplacedWithShortDeadtime(t testing.TB) {
	c := newCluster(t, func(_ string, f *Files) {
		// Two beats may be missed: 400 ms, which is more than a machine can be held up and not be found to have been.
		f.HACF = strings.NewReplacer("keepalive 100ms\n", "keepalive 200ms\n", "deadtime 1\n", "deadtime 600ms\n").Replace(f.HACF)
	})
	c.startBoth()
	c.replaces("node1", 15)
	c.settle("node1", "node1", "node2")
	for _, name := range []string{"node1", "node2"} {
		text, err := c.nodes[name].ReadFile("/var/log/ha-log")
		c.must(err)
		if strings.Contains(text, ": is dead") {
			t.Errorf("%s has declared somebody dead", name)
		}
	}
	s, err := c.status("node2")
	c.must(err)
	for _, n := range s.Nodes {
		if n.Name == "node1" {
			t.Logf("the worst gap between beats of node1: %d ms", n.WorstGap)
		}
	}
	c.oneOwnerAlways()
	if gaps := c.history().Gaps(); len(gaps) > 0 {
		t.Errorf("times without service: %v", gaps)
	}
}

// TestKilledWhileReplacing: kill -9 at any moment of a replacement. Whoever is started next finds what runs.
func TestKilledWhileReplacing(t *testing.T) { fairly(t, playKilledWhileReplacing) }

func playKilledWhileReplacing(t testing.TB) {
	c := newCluster(t, func(_ string, f *Files) {
		f.HACF = strings.NewReplacer("deadtime 1\n", "deadtime 10\n", "initdead 4", "initdead 10").Replace(f.HACF)
	})
	c.startBoth()
	h, starts := c.nodes["node1"], c.startsOf("node1")
	random := rand.New(rand.NewPCG(6, 47)) // the same moments each time
	for range 12 {
		delay := time.Duration(random.IntN(90)) * time.Millisecond
		run(t, h, "sh", "-c", fmt.Sprintf("pid=$(cat /run/heartbeat.pid); %s -R >/dev/null 2>&1 & pid=$(cat /run/heartbeat.pid); sleep %.3f; kill -9 $pid; while kill -0 $pid 2>/dev/null; do :; done; wait",
			daemonPath, delay.Seconds()))
		c.start("node1")
		c.settle("node1", "node1", "node2")
	}
	if now := c.startsOf("node1"); now != starts || c.startsOf("node2") != 0 {
		t.Errorf("web was started %d times more, and %d times on node2", now-starts, c.startsOf("node2"))
	}
	c.oneOwnerAlways()
	if gaps := c.history().Gaps(); len(gaps) > 0 {
		t.Errorf("times without service: %v", gaps)
	}
}

// TestReplacedByAnotherProgram: -R goes on as what is installed now, and not as what cannot go on.
func TestReplacedByAnotherProgram(t *testing.T) { fairly(t, playReplacedByAnotherProgram) }

func playReplacedByAnotherProgram(t testing.TB) {
	c := newCluster(t, patientFiles)
	c.startBoth()
	h, pid := c.nodes["node1"], c.pidOf("node1")
	const program = "/usr/sbin/heartbeatd"
	run(t, h, "cp", "-a", program, "/opt/good")
	for _, bad := range []string{
		"printf '#!/bin/sh\\necho this is older >&2\\nexit 2\\n' >/opt/new; chmod 755 /opt/new",
		"head -c 4096 /dev/urandom >/opt/new; chmod 755 /opt/new",
		"printf '#!/bin/sh\\nkill -9 $$\\n' >/opt/new; chmod 755 /opt/new",
		"cp /opt/good /opt/new; chmod 644 /opt/new",
		"rm -f /opt/new",
	} {
		run(t, h, "sh", "-c", bad+"; rm -f "+program+"; [ ! -e /opt/new ] || mv -f /opt/new "+program)
		// What is called is the good one; what the daemon finds is the other.
		out, err := h.Run("sh", "-c", "exec -a heartbeat /opt/good -R")
		if out2, err2 := h.Run("bash", "-c", "exec -a "+daemonPath+" /opt/good -R"); err2 == nil || !strings.Contains(out2, "NOT replaced") {
			t.Errorf("%s: %v, %s (%v, %s)", bad, err2, out2, err, out)
		}
	}
	run(t, h, "sh", "-c", "cp -a /opt/good /opt/new && mv -f /opt/new "+program)
	run(t, h, daemonPath, "-R")
	exe := strings.TrimSpace(run(t, h, "readlink", fmt.Sprintf("/proc/%d/exe", pid)))
	if exe != program || c.pidOf("node1") != pid {
		t.Errorf("process %d runs %q, want %d to run %q", c.pidOf("node1"), exe, pid, program)
	}
	c.settle("node1", "node1", "node2")
	c.undisturbed("node2")
	if gaps := c.history().Gaps(); len(gaps) > 0 || c.startsOf("node2") != 0 {
		t.Errorf("web was touched: %v", gaps)
	}
}

// TestStopWhileReplacing: a stop that comes at any moment of a replacement is carried out.
func TestStopWhileReplacing(t *testing.T) { fairly(t, playStopWhileReplacing) }

func playStopWhileReplacing(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	h := c.nodes["node2"] // it holds nothing: its stop is quick
	for i := range 12 {
		delay := time.Duration(i*8) * time.Millisecond
		run(t, h, "sh", "-c", fmt.Sprintf("%s -R >/dev/null 2>&1 & pid=$(cat /run/heartbeat.pid); sleep %.3f; %s -k & n=0; while kill -0 $pid 2>/dev/null; do sleep 0.05; n=$((n+1)); [ $n -lt 1200 ] || exit 1; done; wait; [ ! -e /run/heartbeat.pid ]",
			daemonPath, delay.Seconds(), daemonPath))
		c.start("node2")
		c.settle("node1", "node1", "node2")
	}
	c.oneOwnerAlways()
}
