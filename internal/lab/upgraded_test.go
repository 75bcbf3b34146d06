//go:build integration

package lab

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// behindOurBack are the ways in which scripts of 3.0.6 move resources, and others could.
var behindOurBack = []struct{ node, call string }{
	// What rc.d of 3.0.6 does when a node has died, or asks, or answers.
	{"node2", "HA_st=dead HA_src=node1 HA_CURHOST=node2 HA_FUNCS=/etc/ha.d/shellfuncs HA_NOARCHBIN=/usr/share/heartbeat HA_NICEFAILBACK=yes sh /etc/ha.d/rc.d/status status"},
	{"node2", "HA_dest=node2 HA_ipaddr=web HA_ok=OK HA_CURHOST=node2 HA_FUNCS=/etc/ha.d/shellfuncs HA_NOARCHBIN=/usr/share/heartbeat sh /etc/ha.d/rc.d/ip-request-resp ip-request-resp"},
	{"node1", "HA_t=ip-request HA_src=node2 HA_ipaddr=web HA_CURHOST=node1 HA_FUNCS=/etc/ha.d/shellfuncs HA_NOARCHBIN=/usr/share/heartbeat HA_RCDIR=/etc/ha.d/rc.d sh /etc/ha.d/rc.d/ip-request ip-request"},
	{"node2", "HA_src=node1 HA_CURHOST=node2 HA_NOARCHBIN=/usr/share/heartbeat HA_NICEFAILBACK=yes sh /etc/ha.d/rc.d/ask_resources ask_resources"},
	// Its programs.
	{"node2", "mach_down node1"},
	{"node2", "HA_CURHOST=node2 HA_NICEFAILBACK=yes req_resource web"},
	{"node2", "ResourceManager takegroup web"},
	{"node1", "ResourceManager givegroup web"},
	// And its words.
	{"node2", `printf '>>>\nt=ip-request-resp\ndest=node2\nipaddr=web\nweown=yes\nok=OK\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=ip-request\nipaddr=web\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node2", `printf '>>>\nt=resource\nrsc_hold=all\nrtype=full\nisstable=1\ninfo=mach_down\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=resource\nrsc_hold=none\nrtype=full\nisstable=1\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=shutdone\nst=dead\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=status\nst=dead\nsrc=node2\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=ask_resources\nrsc_hold=all\ninfo=done\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node2", `printf '>>>\nt=ask_resources\nrsc_hold=all\ninfo=other\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=stonith\nnode=node2\nresult=OK\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", `printf '>>>\nt=delnode\nnodelist=node2\n<<<\n' >/var/lib/heartbeat/fifo`},
	{"node1", "head -c 100000 /dev/urandom >/var/lib/heartbeat/fifo"},
}

// TestNothingMovesBehindOurBack: on a site that was 3.0.6's, with all its scripts still in /etc/ha.d, nothing that any of
// them does moves a group.
func TestNothingMovesBehindOurBack(t *testing.T) {
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root, err := Genuine(cache)
	if err != nil {
		t.Fatal(err)
	}
	fairly(t, func(t testing.TB) {
		c := newCluster(t)
		for _, h := range c.nodes {
			for _, kind := range strings.Fields("ask_resources hb_takeover ip-request ip-request-resp status") {
				c.must(h.Install(filepath.Join(root, "etc/ha.d/rc.d", kind), "/etc/ha.d/rc.d/"+kind, 0o755))
			}
			c.must(h.Install(filepath.Join(root, "etc/ha.d/harc"), "/etc/ha.d/harc", 0o755))
		}
		c.startBoth()
		before := c.calls()
		for _, b := range behindOurBack {
			c.nodes[b.node].Run("sh", "-c", "PATH=$PATH:/usr/share/heartbeat; "+b.call) // most of them fail, and may
		}
		// The end of what the FIFOs hold: what comes after it comes after all that.
		for _, name := range []string{"node1", "node2"} {
			c.run(name, `printf '\n<<<\n>>>\nt=setsite\nnode=node1\nsite=the end of `+name+`\n<<<\n' >/var/lib/heartbeat/fifo`)
			c.must(Eventually(clusterPatience, "the FIFO of "+name+" to be read", func() bool {
				out, _ := c.nodes["node1"].Run("cl_status", "nodesite", "node1")
				return strings.TrimSpace(out) == "the end of "+name
			}))
		}
		c.settle("node1", "node1", "node2")
		if after := c.calls(); !slices.Equal(after, before) {
			t.Errorf("resources were moved: before %v, after %v", before, after)
		}
		out, _ := c.nodes["node2"].Run("sh", "-c", "/usr/share/heartbeat/ResourceManager takegroup web 2>&1")
		log, err := c.nodes["node2"].ReadFile("/var/log/ha-log")
		c.must(err)
		for _, want := range []string{
			"info: /etc/ha.d/rc.d: ask_resources, hb_takeover, ip-request, ip-request-resp, status of 3.0.6 not run: the daemon does their work itself",
			"message [ip-request-resp] from the FIFO is passed over",
			"message [resource] from the FIFO is passed over",
			"takegroup 10.77.0.100/24/eth0 refused: heartbeat runs, and it alone moves groups; node1 has this one",
		} {
			if !strings.Contains(log+out, want) {
				t.Errorf("nobody says %q; ResourceManager says %s", want, out)
			}
		}
		if strings.Contains(log, "harc(default)") {
			t.Error("a script of 3.0.6 was run")
		}
		// And all that works as ever.
		c.must(c.nodes["node1"].PowerCut())
		c.settle("node2", "node2")
		c.oneOwnerAlways()
	})
}

// calls are the starts and stops of the resource so far.
func (c *cluster) calls() (list []string) {
	c.Helper()
	events, err := c.lab.Events()
	c.must(err)
	for _, e := range events {
		list = append(list, e.Host+" "+e.What)
	}
	return list
}
