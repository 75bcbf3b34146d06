//go:build integration && long

package lab

import (
	"fmt"
	"strings"
	"testing"
)

// drbdadmExits exits with what a file says.
const drbdadmExits = "#!/bin/sh\necho \"$*\" >>/tmp/drbdadm.calls\nexit \"$(cat /etc/drbdadm.exit)\"\n"

// TestPeerDOPD: the genuine dopd as a program of respawn, of both daemons, and the built-in one; each is asked by both
// programs, and runs drbdadm for the other.
func TestPeerDOPD(t *testing.T) {
	const genuine, builtIn = "/usr/libexec/heartbeat/dopd", "/usr/lib64/heartbeat/dopd"
	for _, c := range []struct {
		name, kinds, first, second string
	}{
		{"genuine, C and H", "CH", genuine, genuine},
		{"genuine, H and C", "HC", genuine, genuine},
		{"genuine, H and H", "HH", genuine, genuine},
		{"built in here", "CH", genuine, builtIn},
		{"built in here, the other way round", "HC", builtIn, genuine},
		{"one of each", "HH", builtIn, genuine},
		{"both built in", "HH", builtIn, builtIn},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources}
			p := newPeers(t, c.kinds, files)
			for name, path := range map[string]string{"node1": c.first, "node2": c.second} {
				f, h := files, p.nodes[name]
				f.HACF += "apiauth dopd uid=hacluster gid=haclient\nrespawn hacluster " + path + "\n"
				p.must(h.Configure(f))
				p.must(h.WriteFile("/usr/sbin/drbdadm", drbdadmExits, 0o755))
				run(t, h, "sh", "-c", "chmod 1777 /tmp; ln -sf /usr/sbin/heartbeatd /opt/drbd-peer-outdater")
				if h.software.Name != p.ours.Name { // 3.0.6's init script makes it
					h.software.prepare += "; mkdir -p /run/heartbeat/dopd; chown hacluster:haclient /run/heartbeat/dopd; chmod 750 /run/heartbeat/dopd"
				}
			}
			p.start("node1", "node2")
			p.runs("each has its own", "web:node1 db:node2")
			for _, exit := range []struct{ drbdadm, verdict int }{{0, 4}, {5, 3}, {17, 6}, {3, 20}} {
				for _, name := range peerNames {
					p.must(p.nodes[name].WriteFile("/etc/drbdadm.exit", fmt.Sprintln(exit.drbdadm), 0o644))
				}
				for i, name := range peerNames {
					program := peerOutdaterPath // the genuine one
					if p.nodes[name].software.Name == p.ours.Name && exit.drbdadm != 17 {
						program = "/opt/drbd-peer-outdater"
					}
					p.verdict(name, program, peerNames[1-i], "r0", exit.verdict)
				}
			}
			for _, name := range peerNames {
				if calls := run(t, p.nodes[name], "cat", "/tmp/drbdadm.calls"); strings.Trim(calls, "\n") != strings.TrimSuffix(strings.Repeat("outdate r0\n", 4), "\n") {
					t.Errorf("drbdadm on %s was called with\n%s", name, calls)
				}
			}
			p.cut("node1")
			p.runs("node2 has all", "web:node2 db:node2")
			p.verdict("node2", peerOutdaterPath, "node1", "r0", 5)
			p.oneOwner()
		})
	}
}

// verdict asks until it hears something else than 5, which also means that nobody listens: the genuine dopd of Debian
// dies of each answer, and is started again.
func (p *peers) verdict(name, program, peer, resource string, want int) {
	p.Helper()
	for _, node := range []string{name, peer} {
		p.must(Eventually(clusterPatience, "dopd to be on "+node, func() bool {
			if !p.nodes[node].Up() {
				return true
			}
			word, _ := p.nodes[node].Run("/usr/bin/cl_status", "clientstatus", node, "dopd")
			return strings.TrimSpace(word) == "online"
		}))
	}
	got := -1
	p.must(Eventually(clusterPatience, fmt.Sprintf("%s to say %d", program, want), func() bool {
		got = drbdExit(p.nodes[name], program, "-r", resource, "-p", peer, "-t", "20")
		return got != 5 || want == 5
	}))
	if got != want {
		p.Errorf("%s on %s says %d, want %d", program, name, got, want)
	}
}
