//go:build integration

package lab

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// hookHACF: times that a machine which stands still for a second or two does not fill, and a failback by hand.
const hookHACF = `logfile /var/log/ha-log
keepalive 200ms
warntime 2
deadtime 4
initdead 8
udpport 694
bcast eth0 eth1
auto_failback off
node node1 node2
`

// hookScript notes what it was called for: the fields that say something, and the names of all variables.
const hookScript = `#!/bin/sh
line="${0##*/} $*:"
for f in t src st node ifname dest ipaddr ok weown rsc_hold result info foo OSTATUS NICEFAILBACK CURHOST; do
	eval "v=\${HA_$f-}"
	[ -z "$v" ] || line="$line $f=$v"
done
names=$(env | sed -n 's/^HA_\([A-Za-z_]*\)=.*/\1/p' | sort | tr '\n' ' ')
echo "$line | $names" >>/var/hooks.txt
if [ -x "${0%/*}/.of-3.0.6-${0##*/}" ]; then exec "${0%/*}/.of-3.0.6-${0##*/}" "$@"; fi
`

var hookTypes = strings.Fields("status ifstat mine hb_takeover ip-request-resp stonith setweight addnode resource starting shutdone")

// hookedPair is two nodes whose rc.d has a script for many types. Those that 3.0.6 came with are called by them, as on a
// site that has changed them.
func hookedPair(t testing.TB, s Software, genuine string) *cluster {
	t.Helper()
	c := &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}
	t.Cleanup(c.showLogs)
	for _, name := range []string{"node1", "node2"} {
		h, err := c.lab.Node(name, s, HostOptions{Disk: 64})
		c.must(err)
		c.nodes[name] = h
		c.must(h.InstallRecorder("web"))
		c.must(h.InstallRecorder("db"))
		c.must(h.Configure(Files{HACF: hookHACF, Haresources: "node1 web\nnode2 db\n"}))
		for _, kind := range hookTypes {
			c.must(h.WriteFile("/etc/ha.d/rc.d/"+kind, hookScript, 0o755))
		}
		for _, kind := range []string{"status", "hb_takeover", "ip-request-resp"} {
			c.must(h.Install(filepath.Join(genuine, "etc/ha.d/rc.d", kind), "/etc/ha.d/rc.d/.of-3.0.6-"+kind, 0o755))
		}
	}
	return c
}

// hooked is what the scripts of a node were called for, from one moment to the next. What was noted only counts when it
// is complete: until waits for it.
func (c *cluster) hooked(node string, until ...string) []string {
	c.Helper()
	var lines []string
	err := Eventually(clusterPatience, fmt.Sprintf("%s to run hooks for %q", node, until), func() bool {
		text, _ := c.nodes[node].ReadFile("/var/hooks.txt")
		lines = strings.Split(strings.TrimSpace(text), "\n")
		for _, u := range until {
			if !strings.Contains(text, u) {
				return false
			}
		}
		return true
	})
	if err != nil {
		c.Fatalf("%v: %s", err, strings.Join(lines, "\n"))
	}
	var text string
	for quiet := 0; quiet < 10; quiet++ { // what else comes, that must not
		time.Sleep(100 * time.Millisecond)
		now, err := c.nodes[node].ReadFile("/var/hooks.txt")
		c.must(err)
		if now != text {
			text, quiet = now, 0
		}
	}
	c.must(c.nodes[node].Remove("/var/hooks.txt"))
	lines = nil
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line)) // each, or the one that happens to be the last is another
	}
	slices.Sort(lines) // eth0 before eth1 or not: nobody knows
	return lines
}

// holds waits until a node says that it holds what it should.
func (c *cluster) holds(node, what string) {
	c.Helper()
	c.must(Eventually(clusterPatience, node+" to hold "+what, func() bool {
		out, _ := c.nodes[node].Run("cl_status", "rscstatus")
		return strings.TrimSpace(out) == what
	}))
}

// playHooks lets happen what scripts are run for, and lists them.
func playHooks(c *cluster) map[string][]string {
	got := map[string][]string{}
	note := func(when, node string, until ...string) { got[when+", "+node] = c.hooked(node, until...) }
	c.start("node1", "node2")
	c.holds("node1", "local")
	c.holds("node2", "local")
	note("start", "node1", "ipaddr=web", "st=active")
	note("start", "node2", "ipaddr=db", "st=active")

	c.run("node1", `printf '>>>\nt=mine\nfoo=a b\nDIR_=x\n<<<\n' >/var/lib/heartbeat/fifo`)
	note("FIFO", "node1", "foo=a b")
	note("FIFO", "node2", "foo=a b")

	c.must(c.nodes["node2"].Unplug(0))
	note("cable out", "node1", "node=node2 ifname=eth0")
	c.must(c.nodes["node2"].Remove("/var/hooks.txt"))
	c.must(c.nodes["node2"].Plug(0))
	note("cable in", "node1", "node=node2 ifname=eth0")
	c.must(c.nodes["node2"].Remove("/var/hooks.txt"))

	c.run("node2", "/usr/share/heartbeat/hb_takeover all")
	c.holds("node2", "all")
	note("takeover", "node1", "rsc_hold=all")
	note("takeover", "node2", "rsc_hold=all")

	c.must(c.nodes["node2"].PowerCut())
	c.holds("node1", "all")
	note("power cut", "node1", "src=node2 st=dead", "node=node2 ifname=eth1", "result=n_stnth", "ipaddr=web")
	return got
}

func (c *cluster) run(node, call string) {
	c.Helper()
	_, err := c.nodes[node].Run("sh", "-c", call)
	c.must(err)
}

// TestHooksAsGenuine lets the same happen to two pairs, of 3.0.6 and of heartbeatd, and compares for which messages
// their scripts in rc.d are run, and with which variables.
func TestHooksAsGenuine(t *testing.T) {
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root, err := Genuine(cache)
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		t.Fatal(err)
	}
	atOnce(t, func(t testing.TB) {
		want := playHooks(hookedPair(t, genuine, root))
		ours := hookedPair(t, ourSoftware(t), root)
		got := playHooks(ours)
		for when := range want {
			w, g := alike(when, want[when]), alike(when, got[when])
			if !slices.Equal(w, g) {
				t.Errorf("%s: only 3.0.6:\n%s\nonly heartbeatd:\n%s", when, indent(strings.Join(without(w, g), "\n")), indent(strings.Join(without(g, w), "\n")))
			}
		}
		log, err := ours.nodes["node1"].ReadFile("/var/log/ha-log")
		ours.must(err)
		if !harcLine.MatchString(log) {
			t.Errorf("harc's line is missing:\n%s", log)
		}
		ours.oneOwnerAlways()
		for _, rsc := range []string{"web", "db"} {
			if o := owner(t, ours.lab, rsc); o != "node1" {
				t.Errorf("%s ends on %s", rsc, o)
			}
		}
	})
}

// without is what is in a and not in b, each as often as it is there more often.
func without(a, b []string) (only []string) {
	b = slices.Clone(b)
	for _, line := range a {
		if i := slices.Index(b, line); i >= 0 {
			b = slices.Delete(b, i, i+1)
		} else {
			only = append(only, line)
		}
	}
	return only
}

// alike takes away the signature, which heartbeatd does not tell its scripts, and a variable more, which it does. The own status is
// that of the moment, and at the start the moment is not the same: 3.0.6 runs a script up to half a second later.
func alike(when string, lines []string) (out []string) {
	for _, l := range lines {
		if strings.HasPrefix(when, "start") && strings.Contains(l, " st=up ") && strings.HasPrefix(l, "status ") {
			continue // who starts later may hear the other only when it is active
		}
		l = strings.Replace(strings.Replace(l, " auth ", " ", 1), " NOARCHBIN ", " ", 1)
		if strings.HasPrefix(when, "start") {
			l = strings.Replace(strings.Replace(l, " OSTATUS=up ", " ", 1), " OSTATUS=active ", " ", 1)
		}
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

var harcLine = regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d_\d\d:\d\d:\d\d  harc\(default\)\[\d+\]:    info: Running /etc/ha\.d//rc\.d/status status$`)
