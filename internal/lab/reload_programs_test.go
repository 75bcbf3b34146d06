//go:build integration

package lab

import (
	"strings"
	"testing"
)

// TestProgramsOverReplacement: programs of respawn run on under the daemon that has replaced itself, which goes on
// looking after them; the watchdog stays armed. A line that is removed is ended by a reload, and nothing else is.
func TestProgramsOverReplacement(t *testing.T) { fairly(t, playProgramsOverReplacement) }

func playProgramsOverReplacement(t testing.TB) {
	c := withPrograms(t)
	c.startBoth()
	h := c.nodes["node1"]
	one, _, _ := strings.Cut(c.tells("/tmp/stays.one", 1)[0], " ")
	two, _, _ := strings.Cut(c.tells("/tmp/stays.two", 1)[0], " ")
	c.tells("/tmp/done", 1)
	c.replaces("node1", 2)
	for name, pid := range map[string]string{"one": one, "two": two} {
		if lines := c.tells("/tmp/stays."+name, 1); len(lines) != 1 {
			t.Errorf("program %s was started %d times", name, len(lines))
		}
		run(t, h, "kill", "-0", pid)
	}
	if lines := c.tells("/tmp/done", 1); len(lines) != 1 {
		t.Errorf("started %d times though it asked not to be", len(lines))
	}
	if device, _ := h.ReadFile("/var/lib/device"); len(device) < 2 || strings.Contains(device, "V") {
		t.Errorf("the device got %q", device)
	}
	log := c.tail("node1")
	run(t, h, "kill", "-9", one)
	c.wait(log, "Managed /opt/stays one process "+one+" killed by signal 9")
	c.wait(log, `Respawning client "/opt/stays one":`)
	again, _, _ := strings.Cut(c.tells("/tmp/stays.one", 2)[1], " ")
	text, err := h.ReadFile("/etc/ha.d/ha.cf")
	c.must(err)
	c.must(h.WriteFile("/etc/ha.d/ha.cf", strings.Replace(text, "respawn operator /opt/stays two\n", "", 1), 0o644))
	run(t, h, daemonPath, "-r")
	c.wait(log, "info: changed: ha.cf: respawn")
	if got := c.tells("/tmp/ended", 1); strings.Join(got, " ") != "two" {
		t.Errorf("ended: %q", got)
	}
	run(t, h, "kill", "-0", again)
	c.must(h.StopDaemon())
	if got := c.tells("/tmp/ended", 2); strings.Join(got, " ") != "two one" {
		t.Errorf("ended: %q", got)
	}
	if out, err := h.Run("pgrep", "-f", "/opt/"); err == nil {
		t.Errorf("still there after the stop: %s", out)
	}
	if device, _ := h.ReadFile("/var/lib/device"); !strings.HasSuffix(device, "\x00V") {
		t.Errorf("the device got %q", device)
	}
}
