//go:build integration

package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/control"
)

const (
	clusterHACF = `logfile /var/log/ha-log
keepalive 100ms
warntime 500ms
deadtime 1
initdead 4
udpport 694
bcast eth0
ucast eth1 10.77.1.1
ucast eth1 10.77.1.2
auto_failback off
node node1 node2
`
	clusterDeadtime    = time.Second
	clusterAddress     = "10.77.0.100"
	clusterHaresources = "node1 " + clusterAddress + "/24/eth0 web\n"
	clusterPatience    = time.Minute // for what must happen at all, on any machine
	// What may pass, beyond the deadtime, from a power cut to service, and from the begin of a
	// planned stop to service: several script runs on a busy machine.
	clusterSlack = 1500 * time.Millisecond
)

// cluster is two nodes with our daemon and one group: an address and a resource that records.
type cluster struct {
	testing.TB
	lab   *Lab
	nodes map[string]*Host
}

var buildDaemon = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HEARTBEATD"); path != "" {
		return path, nil
	}
	project, err := ProjectDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(os.Getenv(workVar), "heartbeatd")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/heartbeatd")
	cmd.Dir = project
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the daemon: %w: %s", err, out)
	}
	return path, nil
})

// newCluster makes the two nodes; their daemons are not started. change may alter a node's
// files before they are written.
func newCluster(t testing.TB, change ...func(node string, f *Files)) *cluster {
	t.Helper()
	c := &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	software, err := Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"node1", "node2"} {
		h, err := c.lab.Node(name, software, HostOptions{Disk: 64})
		c.must(err)
		c.nodes[name] = h
		c.must(h.InstallRecorder("web"))
		files := Files{HACF: clusterHACF, Haresources: clusterHaresources}
		for _, f := range change {
			f(name, &files)
		}
		c.must(h.Configure(files))
	}
	t.Cleanup(c.showLogs)
	return c
}

func (c *cluster) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// showLogs shows, after a failure, what an operator would look at first.
func (c *cluster) showLogs() {
	if !c.Failed() {
		return
	}
	for _, name := range []string{"node1", "node2"} {
		text, _ := c.nodes[name].ReadFile("/var/log/ha-log")
		lines := strings.Split(text, "\n")
		c.Logf("the end of ha-log of %s:\n%s", name, strings.Join(lines[max(0, len(lines)-60):], "\n"))
		if console := c.nodes[name].Console(); console != "" {
			c.Logf("console of %s:\n%s", name, console)
		}
	}
	events, _ := os.ReadFile(c.lab.eventsFile())
	c.Logf("events:\n%s", events)
}

func (c *cluster) start(names ...string) {
	c.Helper()
	for _, name := range names {
		c.must(c.nodes[name].StartDaemon())
	}
}

// startBoth starts both nodes and waits until node1, the preferred one, has the group.
func (c *cluster) startBoth() {
	c.Helper()
	c.start("node1", "node2")
	c.settle("node1", "node1", "node2")
}

// wait waits for a line of a log.
func (c *cluster) wait(log *Tail, words ...string) string {
	c.Helper()
	line, err := log.Wait(clusterPatience, words...)
	c.must(err)
	return line
}

func (c *cluster) tail(node string) *Tail { return c.nodes[node].Tail("/var/log/ha-log") }

// status asks a daemon how things stand.
func (c *cluster) status(node string) (control.Status, error) {
	var s control.Status
	out, err := c.nodes[node].Run("heartbeatd", "status", "--json")
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(out), &s)
}

// settle waits until the nodes named, which are all that run, agree that owner has the group, and
// it is true: the recorder and the address say so as well.
func (c *cluster) settle(owner string, running ...string) {
	c.Helper()
	why := ""
	err := Eventually(clusterPatience, "the cluster to settle with "+owner+" as owner", func() bool {
		why = c.unsettled(owner, running)
		return why == ""
	})
	if err != nil {
		c.Fatalf("%v: %s", err, why)
	}
}

// unsettled says what is not yet as it should be; "" if nothing.
func (c *cluster) unsettled(want string, running []string) string {
	for _, name := range running {
		s, err := c.status(name)
		if err != nil {
			return err.Error()
		}
		if s.State != "active" || s.Holding == "transition" {
			return fmt.Sprintf("%s is %s and holds %s", name, s.State, s.Holding)
		}
		for _, n := range s.Nodes {
			if alive := n.Status == "active"; alive != contains(running, n.Name) {
				return fmt.Sprintf("%s sees %s as %s", name, n.Name, n.Status)
			}
		}
		if len(s.Groups) != 1 || s.Groups[0].Owner != want {
			return fmt.Sprintf("%s sees groups %+v", name, s.Groups)
		}
	}
	if got := owner(c.TB, c.lab, "web"); got != want {
		return fmt.Sprintf("the recorder has %q as owner", got)
	}
	for _, name := range running {
		if has := c.hasAddress(name); has != (name == want) {
			return fmt.Sprintf("%s has the address: %v", name, has)
		}
	}
	return ""
}

func (c *cluster) hasAddress(node string) bool {
	out, err := c.nodes[node].Run("ip", "-brief", "address", "show", "dev", "eth0")
	return err == nil && strings.Contains(out, clusterAddress+"/")
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

func (c *cluster) history() History {
	c.Helper()
	events, err := c.lab.Events()
	c.must(err)
	return Ownership(events, "web")
}

// oneOwnerAlways fails the test if at any time two nodes may have had the resource.
func (c *cluster) oneOwnerAlways() {
	c.Helper()
	for _, o := range c.history().Overlaps(time.Now()) {
		c.Errorf("two owners: %v", o)
	}
}

// gapsWithin fails the test if there was a time without service longer than the bound, or not as
// many as there were moves. Of many moves, a few in which the machine was held up are not judged.
func (c *cluster) gapsWithin(bound time.Duration, moves int) {
	c.Helper()
	gaps := c.history().Gaps()
	if len(gaps) != moves {
		c.Errorf("%d times without service, want one for each of %d moves", len(gaps), moves)
	}
	longest, excused := time.Duration(0), 0
	for _, g := range gaps {
		longest = max(longest, g.For)
		if g.For <= bound {
			continue
		}
		if why := machine.heldUp(g.From.Add(-bound), g.From.Add(g.For)); why != "" && 4*(excused+1) <= moves {
			excused++
			c.Logf("no service for %v between %s and %s: not judged, %s", g.For, g.Before, g.After, why)
			continue
		}
		c.Errorf("no service for %v between %s and %s, want at most %v", g.For, g.Before, g.After, bound)
	}
	c.Logf("longest time without service in %d moves: %v", len(gaps), longest)
}

// startsOf counts how often a node has started the resource.
func (c *cluster) startsOf(node string) int {
	c.Helper()
	events, err := c.lab.Events()
	c.must(err)
	n := 0
	for _, e := range events {
		if e.Host == node && e.What == EventStart {
			n++
		}
	}
	return n
}
