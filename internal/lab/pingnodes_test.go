//go:build integration

package lab

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The router answers over both links, and by IPv6 over the first.
const (
	routerFour, routerOther, routerSix = "10.77.0.3", "10.77.1.3", "fd77::3"

	pingKeepalive = 200 * time.Millisecond
	pingDeadtime  = 2 * time.Second // what an answer is late by; deadping is shorter

	pingHACF = `logfile /var/log/ha-log
keepalive 200ms
warntime 1
deadtime 2
deadping 1500ms
initdead 4
udpport %d
ping 10.77.0.3
bcast eth0
node %s
ping6 fd77::3
ping_group both 10.77.0.3 10.77.1.3
ping_group nobody 10.77.0.99
auto_failback off
`
)

// TestPingNodes has the C daemon and ours ping the same host, which is pulled off one link, then off the other,
// and returns: ha-log says the same of it, and so does cl_status, theirs of both daemons and ours of ours.
func TestPingNodes(t *testing.T) { fairly(t, playPingNodes) }

// pingers are two clusters of one, of different software, and the host they ask.
type pingers struct {
	testing.TB
	nodes  []*Host // the C daemon's, ours
	router *Host
}

func playPingNodes(t testing.TB) {
	p := newPingers(t)
	for _, n := range p.nodes {
		if err := n.StartDaemon(); err != nil {
			t.Fatal(err)
		}
	}
	// One that never answers holds up the start to initdead.
	p.wait("node nobody: is dead", "Local status now set to: 'active'")
	p.sameAnswers("listnodes -v", "hblinkstatus both both")
	if err := p.router.Unplug(0); err != nil {
		t.Fatal(err)
	}
	p.wait("Link "+routerFour+":"+routerFour+" dead.", "Link "+routerSix+":"+routerSix+" dead.")
	p.sameAnswers("listnodes -v", "listnodes -p", "listnodes -n", "nodestatus "+routerFour, "nodetype both", "listhblinks "+routerSix,
		"hblinkstatus both both", "clientstatus "+routerFour+" ipfail")
	if err := p.router.Unplug(1); err != nil {
		t.Fatal(err)
	}
	p.wait("Link both:both dead.")
	time.Sleep(pingDeadtime) // for an answer that is late by more than that
	for link := range 2 {
		if err := p.router.Plug(link); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{routerFour, routerSix, "both"} {
		p.wait("CRIT: Late heartbeat: Node "+name, "Status update for node "+name+": status ping")
	}
	p.sameAnswers("listnodes -v")
	p.rhythm()
	for _, name := range []string{routerFour, routerSix, "both", "nobody"} {
		if c, h := p.said(p.nodes[0], name), p.said(p.nodes[1], name); c != h || c == "" {
			t.Errorf("of %s heartbeatd says\n%swhere 3.0.6 says\n%s", name, h, c)
		}
	}
}

func newPingers(t testing.TB) *pingers {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		skip(t, err.Error())
	}
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	p, l := &pingers{TB: t}, newLab(t, 2)
	for i, name := range []string{"nodec", "nodeh"} {
		h, err := l.Node(name, genuine, HostOptions{Disk: 64})
		if err != nil {
			t.Fatal(err)
		}
		p.nodes = append(p.nodes, h)
		if err := h.InstallRecorder("web"); err != nil {
			t.Fatal(err)
		}
		// A port of its own: two clusters.
		if err := h.Configure(Files{HACF: fmt.Sprintf(pingHACF, 694+i, h.Name), Haresources: h.Name + " web\n"}); err != nil {
			t.Fatal(err)
		}
	}
	h := p.nodes[1]
	if err := h.Install(binary, "/usr/sbin/heartbeatd", 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, h, "ln", "-sf", "/usr/sbin/heartbeatd", daemonPath)
	run(t, h, "ln", "-s", "/usr/sbin/heartbeatd", ourClStatus)
	p.router = newHost(t, l, "router", HostOptions{Disk: 16})
	for i, h := range append(append([]*Host{}, p.nodes...), p.router) {
		run(t, h, "ip", "-6", "addr", "add", fmt.Sprintf("fd77::%d/64", i+1), "dev", "eth0", "nodad")
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, h := range p.nodes {
			text, _ := h.ReadFile("/var/log/ha-log")
			t.Logf("ha-log of %s:\n%s", h.Name, text)
		}
	})
	return p
}

// wait waits for lines in both logs, in any order.
func (p *pingers) wait(lines ...string) {
	p.Helper()
	for _, h := range p.nodes {
		for _, line := range lines {
			if _, err := h.TailFromStart("/var/log/ha-log").Wait(clusterPatience, strings.Split(line, "|")...); err != nil {
				p.Fatalf("%s: %v", h.Name, err)
			}
		}
	}
}

var (
	ofADaemon = regexp.MustCompile(`(?m)^.* heartbeat: \[\d+\]: (.*)$`)
	interval  = regexp.MustCompile(`interval \d+ ms`)
)

// said is what a log says of a node. Answers that were late without being missed depend on the machine; that 3.0.6
// declares a node dead once more when it answers again is a known difference.
func (p *pingers) said(h *Host, name string) string {
	p.Helper()
	text, err := h.ReadFile("/var/log/ha-log")
	if err != nil {
		p.Fatal(err)
	}
	var b strings.Builder
	late := false
	for _, m := range ofADaemon.FindAllStringSubmatch(text, -1) {
		line := interval.ReplaceAllString(m[1], "interval N ms")
		again := late && line == "WARN: node "+name+": is dead"
		late = strings.HasPrefix(line, "CRIT: Late heartbeat: Node "+name+":")
		if again || strings.HasPrefix(line, "WARN: Late") || !strings.Contains(" "+line, " "+name) {
			continue
		}
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

const (
	ourClStatus = "/usr/local/bin/cl_status"
	clStatus    = "/usr/bin/cl_status"
)

// sameAnswers asks how the nodes are: the genuine cl_status both daemons, and ours our own.
func (p *pingers) sameAnswers(calls ...string) {
	p.Helper()
	for _, call := range calls {
		ask := func(h *Host, program string) string {
			out, err := h.Run("sh", "-c", program+" "+call+" 2>&1; echo exit $?")
			if err != nil {
				p.Fatal(err)
			}
			return strings.ReplaceAll(out, h.Name, "NODE")
		}
		want := ask(p.nodes[0], clStatus)
		for _, program := range []string{clStatus, ourClStatus} {
			if got := ask(p.nodes[1], program); got != want {
				p.Errorf("%s %s: of heartbeatd it says\n%s\nwhere of 3.0.6 it says\n%s", program, call, got, want)
			}
		}
	}
}

// rhythm counts the requests that the router gets from both daemons, as its kernel does: about the same from each.
func (p *pingers) rhythm() {
	p.Helper()
	count := func() int {
		n, err := strconv.Atoi(strings.TrimSpace(run(p, p.router, "awk", "$1 == \"Icmp6InEchos\" { print $2 }", "/proc/net/snmp6")))
		if err != nil {
			p.Fatal(err)
		}
		return n
	}
	begin, before := time.Now(), count()
	time.Sleep(10 * pingKeepalive)
	got, most := count()-before, 2*(int(time.Since(begin)/pingKeepalive)+2)
	if got < 4 || got > most {
		p.Errorf("%d requests of two nodes in %v, want up to %d: one each keepalive", got, time.Since(begin), most)
	}
}
