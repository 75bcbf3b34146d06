//go:build integration

package lab

import (
	"strings"
	"testing"
)

// beatPath is a pair whose beats go out by a process of their own.
const beatPath = "bcast eth0\nlogfile /var/log/ha-log\nkeepalive 200ms\nwarntime 900ms\ndeadtime 3\ninitdead 6\nudpport 694\nauto_failback off\nnode node1 node2\n"

// TestBeatsGoOnWithoutTheirDecider stops, kills and starves either process of a daemon: what decides, and what
// sends the beats. The other node hears a late beat only when it should.
func TestBeatsGoOnWithoutTheirDecider(t *testing.T) { fairly(t, playBeatsGoOnWithoutTheirDecider) }

func playBeatsGoOnWithoutTheirDecider(t testing.TB) {
	files := Files{HACF: beatPath}
	p := newPair(t, "H+H", softwares(t), 1, [2]Files{files, files})
	p.start(0, 1)
	if _, err := p.settles(clusterPatience, 0, 1, 0, 1); err != nil {
		t.Fatal(err)
	}
	first := p.pacerOf(0)

	p.signal(0, "STOP", first) // it is replaced; meanwhile the daemon sends the beats itself
	second := p.otherPacer(0, first)
	p.signal(0, "KILL", second)
	third := p.otherPacer(0, second)
	p.wantsLog(1, "Late heartbeat", 0)

	decider := p.decider(0)
	p.signal(0, "STOP", decider)
	p.logSays(1, "node node1: is dead") // its beats ended by themselves: nobody renewed them
	if now := p.pacerOf(0); now != third {
		t.Errorf("the pacer is %s, it was %s: it should have lived", now, third)
	}
	p.signal(0, "CONT", decider)
	p.logSays(1, "Cluster node node1 returning after partition")
	if _, err := p.settles(clusterPatience, 0, 1, 0, 1); err != nil {
		t.Error(err)
	}

	p.signal(0, "KILL", p.decider(0))
	if !patiently(clusterPatience, func() bool { return len(p.pacers(0)) == 0 }) {
		t.Errorf("the daemon is killed, and what sent its beats is still there: %v", p.pacers(0))
	}
}

// pacers are the processes on a node that send beats, by their pids.
func (p *pair) pacers(node int) []string {
	out, _ := p.nodes[node].Run("pgrep", "-f", "^heartbeatd beats$") // none is an error
	return strings.Fields(out)
}

func (p *pair) pacerOf(node int) (pid string) {
	p.Helper()
	if !patiently(clusterPatience, func() bool {
		all := p.pacers(node)
		if len(all) == 1 {
			pid = all[0]
		}
		return pid != ""
	}) {
		p.Fatalf("%s has the pacers %v, want one", p.nodes[node].Name, p.pacers(node))
	}
	return pid
}

func (p *pair) otherPacer(node int, than string) (pid string) {
	p.Helper()
	if !patiently(clusterPatience, func() bool { pid = p.pacerOf(node); return pid != than }) {
		p.Fatalf("%s has the same pacer as before", p.nodes[node].Name)
	}
	return pid
}

func (p *pair) decider(node int) string {
	p.Helper()
	pid, err := p.nodes[node].ReadFile("/run/heartbeat.pid")
	p.must(err)
	return strings.TrimSpace(pid)
}

func (p *pair) signal(node int, name, pid string) {
	p.Helper()
	_, err := p.nodes[node].Run("kill", "-"+name, pid)
	p.must(err)
}

func (p *pair) wantsLog(node int, words string, times int) {
	p.Helper()
	if n := p.count(node, words); n != times {
		p.Errorf("%s wrote %q %d times, want %d", p.nodes[node].Name, words, n, times)
	}
}

func (p *pair) logSays(node int, words string) {
	p.Helper()
	if !patiently(clusterPatience, func() bool { return p.count(node, words) > 0 }) {
		p.Fatalf("%s does not write %q", p.nodes[node].Name, words)
	}
}
