//go:build integration

package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// glued is one host with our daemon, and beneath it the programs of the genuine packages.
type glued struct {
	*cluster
	*Host
}

const gluedHACF = "keepalive 200ms\nwarntime 1\ndeadtime 4\ninitdead 4\nudpport 694\nbcast eth0\nauto_failback off\nnode node1\n"

func newGlued(t testing.TB, hacf string) *glued {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		skip(t, err.Error())
	}
	c := &cluster{TB: t, lab: newLab(t, 1), nodes: map[string]*Host{}}
	binary, err := buildDaemon()
	c.must(err)
	project, err := ProjectDir()
	c.must(err)
	software, err := Heartbeatd(binary, project)
	c.must(err)
	h, err := c.lab.Node("node1", software, HostOptions{Layers: genuine.layers, Disk: 64})
	c.must(err)
	c.must(h.InstallRecorder("web"))
	c.must(h.Configure(Files{HACF: hacf + gluedHACF, Haresources: "node1 web\n"}))
	c.nodes["node1"] = h
	g := &glued{c, h}
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := h.Run("sh", "-c", "tail -n 60 /var/log/*")
			t.Logf("logs:\n%s", text)
		}
	})
	return g
}

func (g *glued) sh(command string) string {
	g.Helper()
	return run(g.TB, g.Host, "sh", "-c", command)
}

// says waits for a line of a log, and returns it.
func (g *glued) says(log string, words ...string) string {
	g.Helper()
	line, err := g.TailFromStart(log).Wait(clusterPatience, words...)
	g.must(err)
	return line
}

func (g *glued) start() {
	g.Helper()
	g.must(g.StartDaemon())
}

// TestLogDaemon: with use_logd the genuine ha_logd writes the log, those of scripts too, and when it hangs, is
// killed or not there our daemon does.
func TestLogDaemon(t *testing.T) { fairly(t, playLogDaemon) }

func playLogDaemon(t testing.TB) {
	const own, theirs, hup = "/var/log/ha-direct", "/var/log/ha-log", "kill -HUP $(tr -d ' ' </run/heartbeat.pid)"
	const unchanged = "info: Configuration unchanged."
	const logd = "rm -f /run/logd.pid; /usr/lib/heartbeat/ha_logd -d"
	g := newGlued(t, "use_logd on\nconn_logd_time 200ms\nlogfile "+own+"\n")
	g.must(g.WriteFile("/etc/logd.cf", "debugfile /var/log/ha-debug\nlogfile "+theirs+"\nlogfacility daemon\n", 0o644))
	g.start()
	g.says(own, "WARN: Initializing connection to logging daemon failed. Logging daemon may not be running")
	g.says(own, "info: Local Resource acquisition completed.")
	g.sh(logd)
	g.must(Eventually(clusterPatience, "ha_logd to write our lines", func() bool {
		g.sh(hup) // which is logged, and has it tried at once
		text, _ := g.ReadFile(theirs)
		return strings.Contains(text, "node1 heartbeat: [") && strings.Contains(text, unchanged)
	}))
	before, _ := g.ReadFile(own)
	g.sh(hup)
	g.sh("OCF_ROOT=/none; HA_LOGD=yes; . /etc/ha.d/shellfuncs; ha_log info: said by a script </dev/null")
	g.says(theirs, "(default)[", "]: info: said by a script")
	if text, _ := g.ReadFile(own); text != before {
		t.Errorf("our daemon has written as well:\n%s", strings.TrimPrefix(text, before))
	}
	g.sh("kill -STOP $(pgrep ha_logd)")
	g.sh(hup)
	g.sh("heartbeatd status >/dev/null")
	g.sh("kill -KILL $(pgrep ha_logd)")
	g.says(own, "WARN: the logging daemon takes no lines (")
	g.says(own, unchanged)
	g.sh(logd)
	had, _ := g.ReadFile(theirs)
	g.must(Eventually(clusterPatience, "ha_logd to write our lines again", func() bool {
		g.sh(hup)
		text, _ := g.ReadFile(theirs)
		return strings.Contains(strings.TrimPrefix(text, had), unchanged)
	}))
	g.must(g.StopDaemon())
	g.says(theirs, "node1 ResourceManager(default)[", "]: info: Running ", "web  stop")
	g.says(theirs, "info: node1 Heartbeat shutdown complete.")
}

// TestAppHeartbeat: the genuine apphbd watches our daemon, says when it hangs, and misses nobody after its end.
func TestAppHeartbeat(t *testing.T) { fairly(t, playAppHeartbeat) }

func playAppHeartbeat(t testing.TB) {
	g := newGlued(t, "use_apphbd on\nlogfile /var/log/ha-log\n")
	g.must(g.WriteFile("/etc/apphbd.cf", "logfile /var/log/apphbd\ndebugfile /var/log/apphbd.debug\n", 0o644))
	g.sh("mkdir -p /run/heartbeat; cd /; apphbd=/usr/libexec/heartbeat/apphbd; $apphbd -c /etc/apphbd.cf >/dev/null 2>&1 </dev/null &")
	g.must(Eventually(clusterPatience, "apphbd to listen", func() bool {
		_, err := g.Run("test", "-S", "/run/heartbeat/apphb.comm")
		return err == nil
	}))
	g.start()
	g.says("/var/log/ha-log", "info: Registered with apphbd as heartbeat/master_control_process.")
	pid := strings.TrimSpace(g.sh("cat /run/heartbeat.pid"))
	g.sh("kill -STOP " + pid)
	g.says("/var/log/apphbd", "apphb client 'heartbeat' / 'master_control_process' (pid "+pid+")", "failed to heartbeat")
	g.sh("kill -CONT " + pid)
	g.says("/var/log/apphbd", "apphb client 'heartbeat' / 'master_control_process' (pid "+pid+")", "resumed heartbeats")
	before, _ := g.ReadFile("/var/log/apphbd")
	g.must(g.StopDaemon())
	g.says("/var/log/ha-log", "Heartbeat shutdown complete.")
	if text, _ := g.ReadFile("/var/log/apphbd"); strings.Contains(strings.TrimPrefix(text, before), "WARN") {
		t.Errorf("apphbd misses a daemon that has signed off:\n%s", text)
	}
}

// TestCoreFile: with coredumps a daemon that dies of a fault leaves a core file of mode 600 below coreroot, and
// beside it what Go's runtime says.
func TestCoreFile(t *testing.T) { fairly(t, playCoreFile) }

func playCoreFile(t testing.TB) {
	g := newGlued(t, "coredumps yes\ncoreroot /var/cores\nlogfile /var/log/ha-log\n")
	g.start()
	g.says("/var/log/ha-log", "info: Heartbeat generation: ")
	pid := strings.TrimSpace(g.sh("cat /run/heartbeat.pid"))
	limits := g.sh("grep '^Max core file size' /proc/" + pid + "/limits")
	if f := strings.Fields(limits); len(f) < 6 || f[4] != f[5] {
		t.Errorf("the limit of core files is not as high as can be: %s", limits)
	}
	if dir := strings.TrimSpace(g.sh("readlink /proc/" + pid + "/cwd")); dir != "/var/cores/root" {
		t.Errorf("the daemon is in %s", dir)
	}
	g.sh("kill -SEGV " + pid)
	g.must(Eventually(clusterPatience, "the daemon to be dead", func() bool {
		_, err := g.Run("kill", "-0", pid)
		return err != nil
	}))
	if out := g.sh("stat -c %a /var/cores/root /var/cores/root/heartbeatd.trace; grep -c SIGSEGV /var/cores/root/heartbeatd.trace"); !strings.HasPrefix(out, "700\n600\n") {
		t.Errorf("the trace: %s", out)
	}
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	g.must(err)
	if p := strings.TrimSpace(string(pattern)); strings.HasPrefix(p, "|") || filepath.IsAbs(p) {
		t.Logf("core files of this machine go elsewhere: %s", p)
		return
	}
	if out := g.sh("cd /var/cores/root; stat -c '%a %U' core*"); !strings.HasPrefix(out, "600 root") {
		t.Errorf("the core file: %s", out)
	}
}
