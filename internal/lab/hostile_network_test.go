//go:build integration

package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
)

const (
	hostileRate  = 24000 // datagrams a second, to each node
	hostileLasts = 4 * time.Second
)

// patientFiles give nodes three seconds to live: what is to be shown is what an attack adds, on any machine.
func patientFiles(_ string, f *Files) {
	f.HACF = strings.NewReplacer("warntime 500ms", "warntime 1", "deadtime 1", "deadtime 3", "initdead 4", "initdead 7").Replace(f.HACF)
}

// peerOf is what a node's status says of the other one.
func peerOf(s control.Status) control.NodeStatus {
	for _, n := range s.Nodes {
		if !n.Self {
			return n
		}
	}
	return control.NodeStatus{}
}

// worstGaps are the longest pauses between two beats of the other node that each has seen, in ms.
func (c *cluster) worstGaps() map[string]int64 {
	c.Helper()
	gaps := map[string]int64{}
	for name := range c.nodes {
		s, err := c.status(name)
		c.must(err)
		gaps[name] = peerOf(s).WorstGap
	}
	return gaps
}

// gapsStayed compares the worst pauses before and during an attack. Beats that are as late as without
// it are the machine's own doing.
func (c *cluster) gapsStayed(before, after map[string]int64) {
	c.Helper()
	for name := range c.nodes {
		quiet := max(before[name], 200) // two keepalives
		ratio := float64(after[name]) / float64(quiet)
		c.Logf("%s: worst pause between beats of the other node %d ms before, %d ms with the attack: %.1f times", name, before[name], after[name], ratio)
		if ratio > 5 {
			c.Errorf("%s: the beats of the other node came %.1f times as late as before", name, ratio)
		}
	}
}

func (c *cluster) logLines(node string) int {
	c.Helper()
	text, err := c.nodes[node].ReadFile("/var/log/ha-log")
	c.must(err)
	return strings.Count(text, "\n")
}

// memory is the resident memory of a node's daemon, in kilobytes.
func (c *cluster) memory(node string) (kilobytes int) {
	c.Helper()
	out := run(c.TB, c.nodes[node], "sh", "-c", `read -r pid </run/heartbeat.pid; sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status`)
	if _, err := fmt.Sscan(out, &kilobytes); err != nil {
		c.Fatalf("the memory of %s: %q: %v", node, out, err)
	}
	return kilobytes
}

// TestHostileFlood: forged, replayed, spoiled and malformed datagrams, 20,000 a second to each node and
// on both links, move nothing, kill nobody, delay no beat and fill neither log nor memory.
func TestHostileFlood(t *testing.T) { alone(t, playHostileFlood) }

func playHostileFlood(t testing.TB) {
	c := newCluster(t, patientFiles)
	s := newStranger(c)
	c.startBoth()
	s.awaits(60)
	before, lines, memory := c.worstGaps(), map[string]int{}, map[string]int{}
	dropped := map[string]uint64{}
	for name := range c.nodes {
		lines[name], memory[name] = c.logLines(name), c.memory(name)
		dropped[name] = c.refused(name)
	}
	for _, node := range []string{"node1", "node2"} {
		for link := range 2 {
			s.floods(hostileRate/2, s.everything(), c.nodes[node].Address(link))
		}
		s.fragments(200, c.nodes[node].Address(0))
	}
	begin := time.Now()
	time.Sleep(hostileLasts)
	sent := s.sent.Load()
	took := time.Since(begin)
	s.rest()
	after := c.worstGaps()
	c.gapsStayed(before, after)
	rate := float64(sent) / 2 / took.Seconds()
	t.Logf("%.0f datagrams a second to each node for %v", rate, took.Round(time.Millisecond))
	if rate < hostileRate/6 { // on a slow machine it is all that the machine can do
		t.Errorf("%.0f datagrams a second to each node: too few for what the test is to show", rate)
	}
	for name := range c.nodes {
		refused := c.refused(name) - dropped[name]
		more, grown := c.logLines(name)-lines[name], c.memory(name)-memory[name]
		t.Logf("%s: %d refused, %d lines of log, memory grew by %d kB to %d", name, refused, more, grown, memory[name]+grown)
		if refused < sent/2/20 {
			t.Errorf("%s has refused %d of %d: the flood did not reach it", name, refused, sent/2)
		}
		if more > 40 {
			t.Errorf("%s wrote %d lines of log", name, more)
		}
		if grown > 64<<10 {
			t.Errorf("the memory of %s grew by %d kB", name, grown)
		}
	}
	c.nothingMoved()
	for name := range c.nodes {
		st, err := c.status(name)
		c.must(err)
		if p := peerOf(st); p.Deaths > 0 || p.LateBeats > 0 {
			t.Errorf("%s counts %d deaths and %d late beats of the other node", name, p.Deaths, p.LateBeats)
		}
	}
}

// refused is how many datagrams a node has not acted on.
func (c *cluster) refused(node string) (sum uint64) {
	c.Helper()
	s, err := c.status(node)
	c.must(err)
	for _, n := range s.Dropped {
		sum += n
	}
	return sum
}

// TestHostileReplayOfTheDead: whoever plays what a node said before its power was cut, all of it, again
// and again, does not make it live on; nor does it disturb the node's next life.
func TestHostileReplayOfTheDead(t *testing.T) { fairly(t, playHostileReplayOfTheDead) }

func playHostileReplayOfTheDead(t testing.TB) {
	c := newCluster(t)
	s := newStranger(c)
	c.startBoth()
	s.awaits(60)
	log := c.tail("node2")
	var to []netip.Addr
	for link := range 2 {
		to = append(to, c.nodes["node2"].Address(link), c.nodes["node1"].Address(link))
	}
	// What is heard meanwhile is played as well, to the last beat.
	s.floods(500, func(r *rand.Rand) []byte { return s.any(r) }, to...)
	c.must(c.nodes["node1"].PowerCut())
	c.wait(log, "WARN: node node1: is dead")
	c.settle("node2", "node2")
	c.gapsWithin(clusterDeadtime+clusterSlack, 1)

	t.Log("its next life")
	c.must(c.nodes["node1"].Boot())
	c.start("node1")
	c.settle("node2", "node1", "node2")
	c.oneOwnerAlways()
	st, err := c.status("node2")
	c.must(err)
	if st.Dropped["replay"] == 0 && st.Dropped["old"] == 0 {
		t.Errorf("nothing was refused as a replay: %v", st.Dropped)
	}
	if d := peerOf(st).Deaths; d != 1 {
		t.Errorf("node2 counts %d deaths of node1, want 1", d)
	}
	for _, name := range []string{"node1", "node2"} {
		if n := c.logLines(name); n > 250 {
			t.Errorf("ha-log of %s has %d lines", name, n)
		}
	}
}

// TestHostileConfiguration: a node with the key whose ha.cf names other nodes is not of this cluster, and
// says so; the one that hears it and is not heard gives way. Nothing runs twice, and nobody dies of it.
func TestHostileConfiguration(t *testing.T) { fairly(t, playHostileConfiguration) }

func playHostileConfiguration(t testing.TB) {
	c := newCluster(t, func(node string, f *Files) {
		if node == "node2" {
			f.HACF = strings.Replace(f.HACF, "node node1 node2", "node node2 node9", 1)
			f.Haresources = "node2 web\n"
		}
	})
	c.start("node1", "node2")
	c.wait(c.nodes["node1"].TailFromStart("/var/log/ha-log"), "haresources differs from that of node node2")
	log := c.nodes["node2"].TailFromStart("/var/log/ha-log")
	c.wait(log, "bad node [node1] in message")
	c.wait(log, "node node9: is dead")
	c.wait(log, "mach_down takeover complete")
	c.oneOwnerAlways()
	if got := owner(t, c.lab, "web"); got != "node2" {
		t.Errorf("%q has the resource, want node2", got)
	}
	for _, name := range []string{"node1", "node2"} {
		if n := c.logLines(name); n > 100 {
			t.Errorf("ha-log of %s has %d lines", name, n)
		}
	}
	if n := c.dropped("node2", "bad-node"); n < 10 {
		t.Errorf("node2 counts %d messages of a node it does not know", n)
	}
}

func (c *cluster) dropped(node, reason string) uint64 {
	c.Helper()
	s, err := c.status(node)
	c.must(err)
	return s.Dropped[reason]
}
