//go:build integration && long

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// packages are the .deb files of two versions of the same program, older and newer, and the .rpm files.
type packages struct{ older, newer, olderRPM, newerRPM string }

// newPackages runs `make packages` on a copy of the project, once.
var newPackages = sync.OnceValues(func() (p packages, err error) {
	project, err := ProjectDir()
	if err != nil {
		return p, err
	}
	binary := os.Getenv("HEARTBEATD") // another daemon than the one of this tree
	if binary == "" {
		if err := makeBuild(project); err != nil {
			return p, err
		}
		binary = filepath.Join(project, "bin/heartbeatd")
	}
	tree := filepath.Join(os.Getenv(workVar), "packing")
	for _, entry := range []string{"Makefile", "README.md", "CHANGELOG.md", "LICENSE", "docs", "etc", "init"} {
		if err := os.MkdirAll(tree, 0o755); err != nil {
			return p, err
		}
		if err := copyTree(filepath.Join(project, entry), filepath.Join(tree, entry)); err != nil {
			return p, err
		}
	}
	if err := copyTree(binary, filepath.Join(tree, "bin-heartbeatd")); err != nil {
		return p, err
	}
	for _, v := range []struct {
		version string
		to      map[string]*string
	}{
		{"1.0.0", map[string]*string{"deb": &p.older, "rpm": &p.olderRPM}},
		{"1.0.1-3-gabc", map[string]*string{"deb": &p.newer, "rpm": &p.newerRPM}},
	} {
		if err := os.MkdirAll(filepath.Join(tree, "bin"), 0o755); err != nil {
			return p, err
		}
		if err := os.Link(filepath.Join(tree, "bin-heartbeatd"), filepath.Join(tree, "bin/heartbeatd")); err != nil && !os.IsExist(err) {
			return p, err
		}
		cmd := exec.Command("make", "-s", "-C", tree, "-o", "build", "packages", "VERSION="+v.version)
		if out, err := cmd.CombinedOutput(); err != nil {
			return p, fmt.Errorf("make packages: %w\n%s", err, out)
		}
		for kind, to := range v.to {
			made, err := filepath.Glob(filepath.Join(tree, "bin/packages/*."+kind))
			if err != nil || len(made) != 1 {
				return p, fmt.Errorf("make packages made %q", made)
			}
			*to = filepath.Join(tree, v.version+"."+kind)
			if err := os.Rename(made[0], *to); err != nil {
				return p, err
			}
		}
	}
	return p, nil
})

// packageCluster is two containers with systemd, the packages in /root, and the files of a cluster.
func packageCluster(t testing.TB, image string) *cluster {
	t.Helper()
	c := &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}
	debs, err := newPackages()
	c.must(err)
	for _, name := range []string{"node1", "node2"} {
		h, err := c.lab.Container(name, image, func(h *Host) error {
			c.nodes[name] = h
			c.must(h.Install(debs.older, "/root/older.deb", 0o644))
			c.must(h.Install(debs.newer, "/root/newer.deb", 0o644))
			c.must(h.InstallRecorder("web"))
			return h.Configure(Files{HACF: runbookHACF, Haresources: clusterHaresources})
		})
		c.must(err)
		c.nodes[name] = h
	}
	t.Cleanup(c.showLogs)
	t.Cleanup(c.showJournals)
	return c
}

// dpkg installs, removes or purges on a node; nothing may ask a question.
func (c *cluster) dpkg(node string, args ...string) string {
	c.Helper()
	out := run(c.TB, c.nodes[node], "sh", append([]string{"-c", `DEBIAN_FRONTEND=noninteractive exec dpkg "$@" 2>&1 </dev/null`, "sh"}, args...)...)
	if strings.Contains(out, "What would you like to do about it") {
		c.Errorf("dpkg %q on %s asks about a file of /etc:\n%s", args, node, out)
	}
	return out
}

// says runs a shell command on a node and compares what it prints.
func (c *cluster) says(node, want, command string) {
	c.Helper()
	out, _ := c.nodes[node].Run("sh", "-c", "{ "+command+"; } 2>/dev/null; true")
	if got := strings.TrimSpace(out); got != want {
		c.Errorf("%s: %s: %q, want %q", node, command, got, want)
	}
}

// installed checks what the package has to leave on a node.
func (c *cluster) installed(node, version string) {
	c.Helper()
	c.says(node, version, "dpkg-query -W -f '${Version}' heartbeatd")
	c.says(node, "", "dpkg --verify heartbeatd | grep -v '/WAS$'") // which a test has changed
	c.says(node, "haclient", "id -gn hacluster")
	for path, want := range map[string]string{
		"/etc/ha.d": "root root 755", "/etc/ha.d/resource.d/Filesystem": "root root 755", "/var/lib/heartbeat": "root root 755",
		"/var/lib/heartbeat/ccm": "hacluster haclient 750", "/var/lib/heartbeat/crm": "hacluster haclient 750", "/var/lib/heartbeat/pengine": "hacluster haclient 750",
		"/var/lib/heartbeat/cores/root": "root root 700", "/var/lib/heartbeat/cores/hacluster": "hacluster root 700", "/var/lib/heartbeat/cores/nobody": "nobody root 700",
		"/etc/ha.d/authkeys": "root root 600", "/run/heartbeat": "root root 755", "/run/heartbeat/rsctmp": "root root 1755", "/etc/init.d/heartbeat": "root root 755",
	} {
		c.says(node, want, "stat -c '%U %G %a' "+path)
	}
}

// TestPackages installs the package where there was none, starts a cluster, upgrades it under the running
// resources, removes and purges it.
func TestPackages(t *testing.T) { atOnce(t, playPackages) }

func playPackages(t testing.TB) {
	c := packageCluster(t, newImage(t))

	t.Log("over nothing")
	for _, node := range []string{"node1", "node2"} {
		out := c.dpkg(node, "-i", "/root/older.deb")
		if !strings.Contains(out, "nothing was started") {
			t.Errorf("the installation does not say that nothing was started:\n%s", out)
		}
		c.installed(node, "1.0.0-1")
		c.says(node, "disabled", "systemctl is-enabled heartbeat")
		c.says(node, "inactive", "systemctl is-active heartbeat")
		c.says(node, "", "ls /etc/rc[2345].d/S*heartbeat")
	}
	c.onBoth("systemctl", "enable", "--now", "heartbeat")
	c.settle("node1", "node1", "node2")

	t.Log("an upgrade under running resources")
	run(t, c.nodes["node1"], "sh", "-c", "echo '# mine' >>/etc/ha.d/resource.d/Delay; echo '# mine' >>/etc/ha.d/ha.cf")
	for _, node := range []string{"node1", "node2"} {
		pid := run(t, c.nodes[node], "cat", "/run/heartbeat.pid")
		const modes = "stat -c '%U %G %a %n' /run/heartbeat /run/heartbeat/*"
		before := strings.TrimSpace(run(t, c.nodes[node], "sh", "-c", modes))
		out := c.dpkg(node, "-i", "/root/newer.deb")
		if !strings.Contains(out, "goes on as the new version") {
			t.Errorf("the upgrade does not say that the new version runs:\n%s", out)
		}
		if s, err := c.status(node); err != nil || s.Replacement.Done != 1 {
			t.Errorf("%s: the running daemon is not the new one: %+v, %v", node, s.Replacement, err)
		}
		c.says(node, "", "readlink /proc/$(cat /run/heartbeat.pid)/exe | grep -v '^/usr/sbin/heartbeatd$'") // " (deleted)" is the old one
		c.says(node, "1.0.1+3.gabc-1", "dpkg-query -W -f '${Version}' heartbeatd")
		c.says(node, strings.TrimSpace(pid), "cat /run/heartbeat.pid")
		c.says(node, before, modes) // programs go on finding their sockets
		c.says(node, "enabled", "systemctl is-enabled heartbeat")
		c.says(node, "active", "systemctl is-active heartbeat")
	}
	c.says("node1", "2", "cat /etc/ha.d/resource.d/Delay /etc/ha.d/ha.cf | grep -c '# mine'")
	c.settle("node1", "node1", "node2")
	if n := c.startsOf("node1") + c.startsOf("node2"); n != 1 {
		t.Errorf("the resource was started %d times, want once", n)
	}
	c.undisturbed("node1")
	c.undisturbed("node2")
	c.noFailedUnits("node1", "node2")
	t.Log("a reload by systemd")
	run(t, c.nodes["node1"], "sh", "-c", "echo 'warntime 600ms' >>/etc/ha.d/ha.cf; systemctl reload heartbeat")
	c.must(Eventually(clusterPatience, "the reload", func() bool { s, err := c.status("node1"); return err == nil && s.Replacement.Done == 2 }))
	c.says("node1", "active", "systemctl is-active heartbeat")
	t.Log("a restart, first of the node that holds nothing")
	run(t, c.nodes["node2"], "service", "heartbeat", "restart")
	c.settle("node1", "node1", "node2")

	t.Log("removed from the owner")
	c.dpkg("node1", "--remove", "heartbeatd")
	if c.hasAddress("node1") {
		t.Error("the package was removed, and the address stayed")
	}
	c.settle("node2", "node2")
	c.says("node1", "", "pidof heartbeatd; ls /usr/sbin/heartbeatd /lib/systemd/system/heartbeat.service /usr/libexec/heartbeat/heartbeat")
	c.says("node1", "3", "ls /etc/ha.d/ha.cf /etc/ha.d/authkeys /etc/ha.d/resource.d/Delay | wc -l")
	c.noFailedUnits("node1")

	t.Log("installed again: still enabled, as it was")
	c.dpkg("node1", "-i", "/root/newer.deb")
	c.says("node1", "enabled", "systemctl is-enabled heartbeat")
	run(t, c.nodes["node1"], "service", "heartbeat", "start")
	c.settle("node2", "node1", "node2")

	t.Log("purged")
	c.dpkg("node1", "--purge", "heartbeatd")
	c.says("node1", "authkeys ha.cf haresources web", "cd /etc/ha.d; ls ha.cf haresources authkeys resource.d | grep -v ':' | xargs")
	c.says("node1", "", "ls -d /var/lib/heartbeat /etc/init.d/heartbeat /etc/logrotate.d/heartbeat /run/heartbeat; find /etc/rc*.d /etc/systemd -name '*heartbeat*'")
	c.settle("node2", "node2")
	c.noFailedUnits("node1")
	c.oneOwnerAlways()
}

// TestPackagesOverHeartbeat replaces the distribution's package on a running pair, one node after the other.
func TestPackagesOverHeartbeat(t *testing.T) { atOnce(t, playPackagesOverHeartbeat) }

func playPackagesOverHeartbeat(t testing.TB) {
	c := packageCluster(t, genuineImage(t))
	c.must(Eventually(migrationPatience, "the C daemons to settle", func() bool {
		return owner(t, c.lab, "web") == "node1" && c.hasAddress("node1")
	}))
	c.onBoth("sh", "-c", "echo '# mine' >>/etc/ha.d/resource.d/WAS")

	for i, node := range []string{"node1", "node2"} {
		other := []string{"node2", "node1"}[i]
		t.Logf("%s: over heartbeat 3.0.6, which holds the group", node)
		c.dpkg(node, "-i", "--force-confold", "/root/older.deb") // what is not changed is replaced all the same
		c.must(Eventually(migrationPatience, other+" to take over", func() bool {
			return owner(t, c.lab, "web") == other && c.hasAddress(other) && !c.hasAddress(node)
		}))
		c.installed(node, "1.0.0-1")
		c.says(node, "config-files", "dpkg-query -W -f '${db:Status-Status}' heartbeat")
		c.says(node, "enabled", "systemctl is-enabled heartbeat")
		c.says(node, "inactive", "systemctl is-active heartbeat")
		c.says(node, "heartbeatd", "dpkg -S /etc/ha.d/resource.d/Filesystem /etc/ha.d/shellfuncs /lib/systemd/system/heartbeat.service | sed 's/:.*//' | sort -u")
		c.says(node, "1", "grep -c '# mine' /etc/ha.d/resource.d/WAS")
		c.says(node, "1", "grep -c 'heartbeatd' /etc/ha.d/resource.d/IPaddr | sed 's/[1-9][0-9]*/1/'")
		log := c.tail(other)
		run(t, c.nodes[node], "service", "heartbeat", "start")
		c.wait(log, "Status update for node "+node+": status active")
	}
	c.settle("node1", "node1", "node2")

	t.Log("the leftovers of the old package are purged")
	c.dpkg("node1", "--purge", "heartbeat")
	c.installed("node1", "1.0.0-1")
	c.says("node1", "enabled", "systemctl is-enabled heartbeat")
	c.says("node1", "active", "systemctl is-active heartbeat")
	c.settle("node1", "node1", "node2")

	t.Log("the power of both is cut: what is enabled starts")
	for _, node := range []string{"node1", "node2"} {
		c.must(c.nodes[node].PowerCut())
	}
	for _, node := range []string{"node1", "node2"} {
		c.must(c.nodes[node].Boot())
	}
	c.settle("node1", "node1", "node2")
	c.noFailedUnits("node1", "node2")
	c.oneOwnerAlways()
}
