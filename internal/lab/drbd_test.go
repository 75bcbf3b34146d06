//go:build integration

package lab

import (
	"strings"
	"testing"
)

const (
	peerOutdaterPath = "/usr/libexec/heartbeat/drbd-peer-outdater"

	// drbdSiteHaresources are those of a site that keeps its data on DRBD. The file system is a recorder.
	drbdSiteHaresources = "node1 drbddisk::r0 Filesystem::/dev/drbd0::/data::ext3 " + clusterAddress + "/24/eth0 web\n"

	// drbdadmStandIn is DRBD as far as drbddisk and dopd see it: a role, which a power cut takes away, and a mark on the
	// disk, which stays. What is outdated does not become primary, and what is primary does not become outdated.
	drbdadmStandIn = `#!/bin/sh
role=/run/drbd.role mark=/var/lib/drbd.outdated
[ "$2" = r0 ] || exit 10
echo "$*" >>/var/lib/drbd.calls
case $1 in
role) if [ -e $role ]; then echo Primary/Unknown; else echo Secondary/Unknown; fi ;;
primary) [ ! -e $mark ] || exit 17; : >$role ;;
secondary) rm -f $role ;;
outdate) [ ! -e $role ] || exit 17; : >$mark ;;
*) exit 20 ;;
esac
`
)

// drbdExit runs a program on a host and gives its exit status.
func drbdExit(h *Host, program string, args ...string) int {
	cmd := h.Command(program, args...)
	cmd.Run() //nolint:errcheck // its exit status is what counts
	if cmd.ProcessState == nil {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// TestDRBDSite: a pair whose data is on DRBD fails over and back; and when the two lose each other on the way of the
// data only, the side that is not primary is marked, so that it does not serve old data when the other one dies.
func TestDRBDSite(t *testing.T) { atOnce(t, playDRBDSite) }

func playDRBDSite(t testing.TB) {
	c := newCluster(t, func(_ string, f *Files) {
		f.HACF += "respawn hacluster /usr/lib/heartbeat/dopd\n"
		f.Haresources = drbdSiteHaresources
	})
	for _, h := range c.nodes {
		c.must(h.WriteFile("/usr/sbin/drbdadm", drbdadmStandIn, 0o755))
		c.must(h.InstallRecorder("Filesystem"))
	}
	primary := func(node string) bool {
		_, err := c.nodes[node].Run("test", "-e", "/run/drbd.role")
		return err == nil
	}
	holds := func(node, other string, running ...string) {
		t.Helper()
		c.settle(node, running...)
		if !primary(node) {
			t.Errorf("%s has the group, and its device is not primary", node)
		}
		if c.nodes[other].Up() && primary(other) {
			t.Errorf("the device of %s is primary too", other)
		}
	}
	c.start("node1", "node2")
	holds("node1", "node2", "node1", "node2")
	t.Log("a standby")
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_standby")
	holds("node2", "node1", "node1", "node2")
	t.Log("a power cut")
	c.must(c.nodes["node2"].PowerCut())
	holds("node1", "node2", "node1")
	if code := drbdExit(c.nodes["node1"], peerOutdaterPath, "-r", "r0", "-p", "node2", "-t", "30"); code != 5 {
		t.Errorf("node2 is dead, and drbd-peer-outdater exits with %d", code)
	}
	c.must(c.nodes["node2"].Boot())
	c.start("node2")
	holds("node1", "node2", "node1", "node2")

	t.Log("the way of the data is cut")
	if code := drbdExit(c.nodes["node2"], peerOutdaterPath, "-r", "r0", "-p", "node1", "-t", "30"); code != 6 {
		t.Errorf("node1 is primary, and drbd-peer-outdater on node2 exits with %d", code)
	}
	if code := drbdExit(c.nodes["node1"], peerOutdaterPath, "-r", "r0", "-p", "node2", "-t", "30"); code != 4 {
		t.Errorf("drbd-peer-outdater on node1 exits with %d", code)
	}
	if calls := run(t, c.nodes["node2"], "cat", "/var/lib/drbd.calls"); !strings.HasSuffix(calls, "outdate r0\n") {
		t.Errorf("node2 was to be marked, and drbdadm there was called with\n%s", calls)
	}
	starts, log := c.startsOf("node2"), c.tail("node2")
	c.must(c.nodes["node1"].PowerCut())
	c.wait(log, "node node1: is dead")
	c.wait(log, "drbddisk", "r0", "1")
	c.must(Eventually(clusterPatience, "node2 to give up", func() bool {
		s, err := c.status("node2")
		return err == nil && len(s.Groups) == 1 && s.Groups[0].State == "failed"
	}))
	if c.startsOf("node2") != starts || primary("node2") {
		t.Error("node2 serves old data")
	}
	c.oneOwnerAlways()
}

// TestPeerOutdaterIsForFew: who is neither root nor of haclient gets no answer; and root gets one.
func TestPeerOutdaterIsForFew(t *testing.T) { atOnce(t, playPeerOutdaterIsForFew) }

func playPeerOutdaterIsForFew(t testing.TB) {
	if inUserNamespace() {
		skip(t, "there is no other user here")
	}
	c := newCluster(t, func(_ string, f *Files) { f.HACF += "respawn hacluster /usr/lib/heartbeat/dopd\n" })
	for _, h := range c.nodes {
		c.must(h.WriteFile("/usr/sbin/drbdadm", drbdadmStandIn, 0o755))
		for file, line := range map[string]string{"/etc/passwd": "hacluster:x:899:899::/:/bin/sh\n", "/etc/group": "haclient:x:899:\n"} {
			text, err := h.ReadFile(file)
			c.must(err)
			if !strings.Contains(text, line) {
				c.must(h.WriteFile(file, text+line, 0o644))
			}
		}
	}
	c.startBoth()
	as := func(uid, gid, seconds string) int {
		return drbdExit(c.nodes["node1"], "setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", peerOutdaterPath, "-r", "r0", "-p", "node2", "-t", seconds)
	}
	for _, who := range []struct {
		uid, gid, seconds string
		code              int
	}{{"0", "0", "60", 4}, {"1234", "1234", "1", 5}, {"899", "899", "60", 4}, {"1234", "899", "60", 4}} {
		if code := as(who.uid, who.gid, who.seconds); code != who.code {
			t.Errorf("user %s of group %s: exit %d, want %d", who.uid, who.gid, code, who.code)
		}
	}
	run(t, c.nodes["node1"], "chmod", "0777", "/run/heartbeat/dopd/outdater")
	log := c.tail("node1")
	if code := as("1234", "1234", "1"); code != 5 {
		t.Errorf("a stranger who reaches the socket: exit %d", code)
	}
	c.wait(log, "WARN", "dopd: user 1234", "may not ask: refused")
	if calls := run(t, c.nodes["node2"], "cat", "/var/lib/drbd.calls"); calls != strings.Repeat("outdate r0\n", 3) {
		t.Errorf("drbdadm was called with\n%s", calls)
	}
}
