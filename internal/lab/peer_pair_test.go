//go:build integration && long

package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peers is a pair of nodes of any software, which each of them can change on the spot, as an
// operator would. Each resource word of haresources is a recorder.
type peers struct {
	*testing.T
	lab           *Lab
	genuine, ours Software
	nodes         map[string]*Host
	resources     []string
	began         time.Time
	settledAt     map[string]int // how much of a log was looked at
}

var peerNames = []string{"node1", "node2"}

// peerHACF is what the tests of a pair begin with; auto_failback is to be added.
const peerHACF = "logfile /var/log/ha-log\nkeepalive 200ms\nwarntime 1\ndeadtime 3\ninitdead 8\nudpport 694\n" +
	"bcast eth0\nucast eth1 10.77.1.1\nucast eth1 10.77.1.2\nnode node1 node2\n"

// peerResources are one group with each node as home.
const peerResources = "node1 web\nnode2 db\n"

// newPeers makes the pair; kinds has a letter for each node: C is the genuine daemon, H is ours.
// The daemons are not started.
func newPeers(t *testing.T, kinds string, f Files) *peers {
	t.Helper()
	p := &peers{T: t, nodes: map[string]*Host{}, settledAt: map[string]int{}, began: time.Now()}
	cache, err := CacheDir()
	p.must(err)
	if p.genuine, err = GenuineSoftware(cache); err != nil {
		skip(t, err.Error())
	}
	binary, err := buildDaemon()
	p.must(err)
	project, err := ProjectDir()
	p.must(err)
	p.ours, err = Heartbeatd(binary, project)
	p.must(err)
	p.lab = newLab(t, 2)
	for _, line := range strings.Split(strings.TrimSpace(f.Haresources), "\n") {
		p.resources = append(p.resources, strings.Fields(line)[1:]...)
	}
	for i, name := range peerNames {
		h, err := p.lab.Node(name, p.genuine, HostOptions{Disk: 64})
		p.must(err)
		p.nodes[name] = h
		run(t, h, "cp", "-a", daemonPath, daemonPath+".c")
		run(t, h, "cp", "-a", "/usr/bin/cl_status", "/usr/bin/cl_status.c")
		for _, command := range peerCommands {
			run(t, h, "cp", "-a", command, command+".c")
		}
		for _, resource := range p.resources {
			p.must(h.InstallRecorder(resource))
		}
		p.must(h.Configure(f))
		if kinds[i] == 'H' {
			p.become(name, 'H')
		}
	}
	p.capture()
	t.Cleanup(p.showLogs)
	return p
}

var peerCommands = []string{"/usr/share/heartbeat/hb_standby", "/usr/share/heartbeat/hb_takeover"}

// become changes the software of a node whose daemon is down. What the other one has left in
// /var/lib/heartbeat and /etc/ha.d stays, as with a change of packages.
func (p *peers) become(name string, kind byte) {
	p.Helper()
	h := p.nodes[name]
	for _, command := range append([]string{daemonPath, "/usr/bin/cl_status"}, peerCommands...) {
		if kind == 'H' {
			run(p.T, h, "ln", "-sf", "/usr/sbin/heartbeatd", command)
		} else {
			run(p.T, h, "cp", "-a", "--remove-destination", command+".c", command)
		}
	}
	h.gets(p.genuine)
	if kind == 'H' {
		binary, err := buildDaemon()
		p.must(err)
		p.must(h.Install(binary, "/usr/sbin/heartbeatd", 0o755))
		h.gets(p.ours)
	}
}

func (p *peers) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// capture keeps what is on the first link in the file that PEER_PCAP names, for people.
func (p *peers) capture() {
	file := os.Getenv("PEER_PCAP")
	if file == "" {
		return
	}
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(p.lab.net.Process.Pid), "-n", "--", "tcpdump", "-U", "-Z", "root", "-i", "br0", "-w", file, "udp", "port", "694")
	cmd.Stderr = os.Stderr
	p.must(cmd.Start())
	p.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	time.Sleep(300 * time.Millisecond)
}

func (p *peers) showLogs() {
	if !p.Failed() && os.Getenv("PEER_LOGS") == "" {
		return
	}
	var lines []string
	for _, name := range peerNames {
		text, _ := p.nodes[name].ReadFile("/var/log/ha-log")
		lines = append(lines, fmt.Sprintf("ha-log of %s:", name), text)
	}
	events, _ := os.ReadFile(p.lab.eventsFile())
	p.Logf("%s\nevents:\n%s", strings.Join(lines, "\n"), events)
}

// start starts daemons, all at once.
func (p *peers) start(names ...string) {
	p.Helper()
	errs := make(chan error)
	for _, name := range names {
		go func() { errs <- p.nodes[name].StartDaemon() }()
	}
	for range names {
		p.must(<-errs)
	}
}

func (p *peers) stop(name string) { p.Helper(); p.must(p.nodes[name].StopDaemon()) }

// cut pulls the power cord, boot puts it back in.
func (p *peers) cut(name string)  { p.Helper(); p.must(p.nodes[name].PowerCut()) }
func (p *peers) boot(name string) { p.Helper(); p.must(p.nodes[name].Boot()) }

// where says which node has each resource, in the order of haresources.
func (p *peers) where() string {
	p.Helper()
	var words []string
	for _, resource := range p.resources {
		on := owner(p.T, p.lab, resource)
		if on == "" {
			on = "nobody"
		}
		words = append(words, resource+":"+on)
	}
	return strings.Join(words, " ")
}

// runs waits until the resources are where they should be: "web:node1 db:node2".
func (p *peers) runs(what, want string) {
	p.Helper()
	p.Logf("%6.1f s: %s", time.Since(p.began).Seconds(), what)
	err := Eventually(45*time.Second, what, func() bool { return p.where() == want })
	if err != nil {
		p.Fatalf("%v: %s, want %s", err, p.where(), want)
	}
}

// stays says that nothing moves for a while.
func (p *peers) stays(what string, d time.Duration, want string) {
	p.Helper()
	p.Logf("%6.1f s: %s", time.Since(p.began).Seconds(), what)
	err := Eventually(d, "", func() bool { return p.where() != want })
	if err == nil {
		p.Fatalf("%s: %s, want %s", what, p.where(), want)
	}
}

// settle waits until cl_status says that nothing is in transition, on each of the nodes.
func (p *peers) settle(names ...string) {
	p.Helper()
	for _, name := range names {
		err := Eventually(45*time.Second, name+" to settle", func() bool {
			word, err := p.nodes[name].Run("cl_status", "rscstatus")
			return err == nil && strings.TrimSpace(word) != "transition"
		})
		p.must(err)
	}
}

// log is what a node has logged.
func (p *peers) log(name string) string {
	text, _ := p.nodes[name].ReadFile("/var/log/ha-log")
	return text
}

// clean fails the test for every line of trouble in a log, but those that contain a word of but.
func (p *peers) clean(but ...string) {
	p.Helper()
	but = append(but, "lock ourselves into memory")
	for _, name := range peerNames {
		for _, line := range strings.Split(p.log(name), "\n") {
			if (strings.Contains(line, "ERROR") || strings.Contains(line, "CRIT")) && !containsAny(line, but) {
				p.Errorf("%s: %s", name, line)
			}
		}
	}
}

func containsAny(line string, words []string) bool {
	for _, w := range words {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}

// oneOwner fails the test if at any time two nodes may have had one of the resources.
func (p *peers) oneOwner() {
	p.Helper()
	events, err := p.lab.Events()
	p.must(err)
	for _, resource := range p.resources {
		for _, o := range Ownership(events, resource).Overlaps(time.Now()) {
			p.Errorf("%s: %v", resource, o)
		}
	}
}

// gaps are the times without service of a resource, longest last.
func (p *peers) gaps(resource string) []time.Duration {
	p.Helper()
	events, err := p.lab.Events()
	p.must(err)
	var all []time.Duration
	for _, g := range Ownership(events, resource).Gaps() {
		all = append(all, g.For.Round(10*time.Millisecond))
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

// generation reads hb_generation, which must have the form 3.0.6 writes: 15 columns and a newline.
func (p *peers) generation(name string) uint64 {
	p.Helper()
	text, err := p.nodes[name].ReadFile("/var/lib/heartbeat/hb_generation")
	p.must(err)
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if len(text) != 16 || text[15] != '\n' || err != nil {
		p.Fatalf("%s: hb_generation is %q", name, text)
	}
	return n
}

func (p *peers) setGeneration(name string, n uint64) {
	p.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%15d\n", n)
	p.must(p.nodes[name].WriteFile("/var/lib/heartbeat/hb_generation", b.String(), 0o644))
}

// awaits waits until a node has logged something so many times.
func (p *peers) awaits(name, text string, times int) {
	p.Helper()
	err := Eventually(60*time.Second, fmt.Sprintf("%q in the log of %s", text, name), func() bool {
		return strings.Count(p.log(name), text) >= times
	})
	p.must(err)
}

var peerMixed = []string{"CH", "HC"}

// eachPairing plays a test on pairings, side by side: a pair mostly waits. PEER_KINDS names others;
// CC is the judge, for people.
func eachPairing(t *testing.T, pairings []string, test func(*testing.T, string)) {
	if f := strings.Fields(os.Getenv("PEER_KINDS")); len(f) > 0 {
		pairings = f
	}
	for _, kinds := range pairings {
		t.Run(kinds, func(t *testing.T) {
			t.Parallel()
			test(t, kinds)
		})
	}
}
