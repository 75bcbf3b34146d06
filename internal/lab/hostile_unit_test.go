//go:build integration

package lab

import (
	"strings"
	"testing"
)

// freedom is a resource script that shows what it may do: the rights it was given, its view of the machine,
// and a few things that real scripts do and that sandboxes forbid.
const freedom = `#!/bin/sh
case $1 in
start)
	{
		grep -E '^(Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp|Seccomp_filters):' /proc/self/status
		for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done
	} >/run/freedom
	mkdir -p /mnt/freedom && mount -t tmpfs freedom /mnt/freedom && mkdir /mnt/freedom/dir && chmod 2775 /mnt/freedom/dir &&
		touch /tmp/freedom /usr/freedom /etc/freedom /home/freedom ;;
stop) umount /mnt/freedom; rm -f /run/freedom ;;
status) [ -e /run/freedom ] && echo running || echo stopped ;;
esac
`

// TestUnitLeavesScriptsFree: resource scripts are children of the daemon and may do what a root shell on the
// machine may. Each sandboxing directive of systemd is inherited by them and takes something of it away, from
// a script that worked yesterday and at the worst moment: so the unit has none. See docs/security.md.
func TestUnitLeavesScriptsFree(t *testing.T) { atOnce(t, playUnitLeavesScriptsFree) }

func playUnitLeavesScriptsFree(t testing.TB) {
	c := systemdCluster(t, "node1 free\n", func(h *Host) error {
		return h.WriteFile("/etc/ha.d/resource.d/free", freedom, 0o755)
	})
	h := c.nodes["node1"]
	run(t, h, "systemctl", "start", "heartbeat")
	c.must(Eventually(2*clusterPatience, "the script to have run", func() bool {
		_, err := h.Run("test", "-e", "/run/freedom", "-a", "-e", "/home/freedom")
		return err == nil
	}))
	given := run(t, h, "cat", "/run/freedom")
	whole := run(t, h, "sh", "-c", `grep -E '^(Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp|Seccomp_filters):' /proc/1/status
		for n in cgroup ipc mnt net pid user uts; do readlink /proc/1/ns/$n; done`)
	if given != whole || strings.Count(given, "\n") < 13 {
		t.Errorf("a script has\n%swhile the machine's first process has\n%s", given, whole)
	}
	// What it mounts is for all, not for the unit alone.
	if out := run(t, h, "stat", "-c", "%A", "/mnt/freedom/dir"); !strings.HasPrefix(out, "drwxrwsr-x") {
		t.Errorf("the directory the script made on what it mounted: %s", out)
	}
	if out, err := h.Run("systemd-analyze", "security", "--no-pager", "heartbeat.service"); err == nil || out != "" {
		t.Log(lastLine(out))
	}
	run(t, h, "systemctl", "stop", "heartbeat")
	if _, err := h.Run("test", "-e", "/run/freedom"); err == nil {
		t.Error("it was not stopped")
	}
}
