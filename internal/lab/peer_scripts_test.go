//go:build integration && long

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The groups of a site that uses what 3.0.6 and resource-agents bring, and nothing else but
// web and db. Delay is not among them: asked for its status it sleeps for half a minute.
const scriptHaresources = `node1 IPaddr::10.77.0.100/24/eth0 IPsrcaddr::10.77.0.100 SendArp::10.77.0.100/eth0 portblock::tcp::8080::block Filesystem::/lab/disk::/srv/data::none::bind \
	Xinetd::ftp apache::/etc/site-httpd.conf MailTo::root@example.org::moved AudibleAlarm::node1 web portblock::tcp::8080::unblock
node2 IPaddr2::10.77.0.101/24/eth0 IPv6addr::fd77:0:0:0:0:0:0:101/64/eth0 db
`

// What the agents use and a private host has not: a mail program, xinetd, and a web server, which is the lab's.
var scriptStandIns = map[string]string{
	"/usr/bin/mail":        "#!/bin/sh\ncat >/dev/null\necho \"$(uname -n): $*\" >>/lab/mails\n",
	"/usr/sbin/modprobe":   "#!/bin/sh\n",
	"/usr/sbin/xinetd":     "#!/bin/sh\ntrap 'echo hup >>/run/xinetd.hups' HUP\nwhile :; do sleep 0.2; done\n",
	"/usr/sbin/httpd":      "#!/bin/sh\nsetsid " + toolPath + " @lab serve 127.0.0.1:80 /run/site-httpd.pid </dev/null >/dev/null 2>&1 &\nwhile [ ! -s /run/site-httpd.pid ]; do sleep 0.05; done\n",
	"/etc/xinetd.d/ftp":    "service ftp\n{\n\tdisable = yes\n}\n",
	"/etc/site-httpd.conf": "ServerName localhost\nListen 127.0.0.1:80\nPidFile /run/site-httpd.pid\n<Location /server-status>\nSetHandler server-status\n</Location>\n",
}

// scriptResources are the words of scriptHaresources that are scripts of 3.0.6.
func scriptResources() (list []string) {
	for _, w := range strings.Fields(strings.ReplaceAll(scriptHaresources, "\\\n", " ")) {
		if strings.Contains(w, "::") && !strings.HasPrefix(w, "SendArp") { // that runs as long as it sends
			list = append(list, w)
		}
	}
	return list
}

// scriptPair is a pair of either software with the scripts of the packages heartbeat and resource-agents, byte for byte.
func scriptPair(t testing.TB, kind string) *cluster {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}
	for _, name := range []string{"node1", "node2"} {
		h := besideGenuine(t, c.lab, name, kind)
		c.nodes[name] = h
		if kind == "H" {
			c.must(os.RemoveAll(h.Path("/etc/ha.d/resource.d")))
			for _, part := range []string{"resource.d", "shellfuncs"} {
				c.must(copyTree(filepath.Join(cache, "heartbeat-3.0.6/etc/ha.d", part), h.Path("/etc/ha.d/"+part)))
			}
		}
		c.must(h.InstallRecorder("web"))
		c.must(h.InstallRecorder("db"))
		for path, text := range scriptStandIns {
			c.must(os.MkdirAll(filepath.Dir(h.Path(path)), 0o755))
			c.must(h.WriteFile(path, text, 0o755))
		}
		c.must(h.Configure(Files{HACF: peerHACF + "auto_failback off\n", Haresources: scriptHaresources}))
		c.furnish(name)
	}
	t.Cleanup(c.showLogs)
	return c
}

// furnish gives a host that has booted what is gone with the power.
func (c *cluster) furnish(node string) {
	c.Helper()
	c.run(node, "mkdir -p /lab/disk /srv/data /run/resource-agents; ip route add default via 10.77.0.9 dev eth0; setsid xinetd >/dev/null 2>&1 </dev/null &")
}

// TestPeerResourceScripts: the resource scripts of 3.0.6 and their agents of resource-agents, under 3.0.6 and under
// heartbeatd: after each move every one of them gives the same answer on either node.
func TestPeerResourceScripts(t *testing.T) {
	t.Parallel()
	var said [2][]string
	t.Run("with", func(t *testing.T) {
		for i, kind := range []string{"C", "H"} {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				said[i] = playScripts(scriptPair(t, kind))
			})
		}
	})
	if t.Failed() {
		return
	}
	for i, want := range said[0] {
		if got := said[1][i]; got != want {
			t.Errorf("3.0.6:\n%s\nheartbeatd:\n%s", indent(want), indent(got))
		}
	}
	t.Logf("%d answers, with 3.0.6:\n%s", len(said[0]), strings.Join(said[0], "\n"))
}

// playScripts moves the groups, and returns what every script says of its resource after each move.
func playScripts(c *cluster) (said []string) {
	look := func(stage, web, db string, up ...string) {
		c.Helper()
		c.must(Eventually(clusterPatience, stage, func() bool {
			for _, name := range up {
				word, err := c.nodes[name].Run("cl_status", "rscstatus")
				if err != nil || strings.TrimSpace(word) == "transition" {
					return false
				}
			}
			return owner(c.TB, c.lab, "web") == web && owner(c.TB, c.lab, "db") == db
		}))
		for _, name := range up {
			for _, r := range scriptResources() {
				words := strings.Split(r, "::")
				out, err := c.nodes[name].Run("/etc/ha.d/resource.d/"+words[0], append(words[1:], "status")...)
				said = append(said, fmt.Sprintf("%s, %s, %s: %v\n%s", stage, name, r, err == nil, oldStamp.ReplaceAllString(plainRecord(out), "TIME")))
			}
		}
	}
	c.start("node1", "node2")
	look("each has its own", "node1", "node2", "node1", "node2")
	c.run("node1", "/usr/share/heartbeat/hb_standby all")
	look("node2 has all", "node2", "node2", "node1", "node2")
	c.run("node1", "/usr/share/heartbeat/hb_takeover all")
	look("node1 has all", "node1", "node1", "node2")
	c.must(c.nodes["node1"].PowerCut())
	look("node1 has no power", "node2", "node2", "node2")
	c.must(c.nodes["node1"].Boot())
	c.furnish("node1")
	c.start("node1")
	look("node1 is back", "node2", "node2", "node2")
	c.must(c.nodes["node2"].StopDaemon())
	look("node2 is stopped", "node1", "node1", "node1")
	c.must(c.nodes["node1"].StopDaemon())
	look("both are stopped", "", "")
	return said
}
