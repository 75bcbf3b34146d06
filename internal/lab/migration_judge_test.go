//go:build integration

package lab

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
)

// The pairings, node1 first.
const (
	pairCC      = "C+C"
	pairCH      = "C+H"
	pairHH      = "H+H"
	pairHC      = "H+C"
	pairCCAgain = "C+C again"
)

// switchover is a planned move of the service, measured.
type switchover struct {
	move
	outage   time.Duration // as the client saw it
	handover time.Duration // of it, from the end of the last stop script to the begin of the first start script
}

// soFar are the fetches that have ended.
func (c *Client) soFar() []Fetch {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Fetch(nil), c.all...)
}

// handover is how long in a move nothing was stopped or started.
func (m *migration) handover(in move) time.Duration {
	m.Helper()
	events, err := m.lab.Events()
	m.must(err)
	var stopped time.Time
	for _, s := range Ownership(events, "mark").Spans {
		if s.Node == in.to && s.Start.After(in.begun) && !stopped.IsZero() {
			return s.Start.Sub(stopped)
		}
		if s.Node == in.from && s.Stopped.After(in.begun) {
			stopped = s.Stopped
		}
	}
	m.Fatalf("from %s to %s: mark was not stopped and started", in.from, in.to)
	return 0
}

// shortest are the shortest outage and handover of the phase's moves to a node.
func (p phase) shortest(to string) (outage, handover time.Duration) {
	outage, handover = time.Hour, time.Hour
	for _, s := range p.moves {
		if s.to == to {
			outage, handover = min(outage, s.outage), min(handover, s.handover)
		}
	}
	return outage, handover
}

// longest are the longest of C+C.
func (m *migration) longest() (outage, handover time.Duration) {
	for _, s := range m.phases[0].moves {
		outage, handover = max(outage, s.outage), max(handover, s.handover)
	}
	return outage, handover
}

// tooLong says what takes longer in a phase than in C+C; "" if nothing. A C node looks at its network
// twice a second only (3.0.6), so where it takes, most of the handover is its own sleep: there the
// outage counts alone.
func (m *migration) tooLong(p phase, to string) string {
	outage, handover := p.shortest(to)
	longest, longestHandover := m.longest()
	takerIsC := p.name == pairCH && to == "node1" || p.name == pairHC && to == "node2"
	if outage <= longest && (takerIsC || handover <= longestHandover) {
		return ""
	}
	return fmt.Sprintf("every planned switchover to %s of %s took %v at least, %v of it between the scripts; C+C's longest is %v, %v",
		to, p.name, outage, handover, longest, longestHandover)
}

// oneServerAtATime compares who answered with the moves that were made.
func (m *migration) oneServerAtATime(fetches []Fetch) {
	m.Helper()
	var moves []move
	for _, p := range m.phases {
		for _, s := range p.moves {
			moves = append(moves, s.move)
		}
	}
	stretches := Stretches(fetches)
	if err := judge(stretches, moves); err != nil {
		m.Error(err)
	}
	m.Log(totals(fetches))
	longest := elsewhere(fetches, stretches)
	m.Logf("longest silence while nothing moved: %v", longest)
	unfelt := migrationUnfelt + machine.slack(m.began, time.Now())
	if longest > unfelt {
		m.Errorf("the service was silent for %v while nothing moved: the replacement of the other node was felt", longest)
	}
}

// noLongerThanC compares the outages of each phase, either way, with those of C+C.
func (m *migration) noLongerThanC() {
	m.Helper()
	m.Logf("%-10s %-6s %-6s %9s %21s", "pairing", "from", "to", "outage", "between the scripts")
	for _, p := range m.phases {
		for _, s := range p.moves {
			m.Logf("%-10s %-6s %-6s %6d ms %18d ms", p.name, s.from, s.to, s.outage.Milliseconds(), s.handover.Milliseconds())
		}
		for _, to := range []string{"node1", "node2"} {
			if why := m.tooLong(p, to); why != "" && p.name != pairCC && p.name != pairCCAgain {
				m.Error(why)
			}
		}
	}
}

var (
	// aComplaint is in a line that makes an operator look.
	aComplaint = regexp.MustCompile(`ERROR|CRIT|missing|failed`)
	// passing is what differs in such a line from one time to the next.
	passing = regexp.MustCompile(`^.*?heartbeat: |^[\d/_:]+ +|\d+`)
)

// nothingNewInCLogs compares what the C daemons complained of in the mixed phases with what they did
// in C+C.
func (m *migration) nothingNewInCLogs() {
	m.Helper()
	usual := map[string]int{}
	for i, p := range m.phases {
		for _, node := range []string{"node1", "node2"} {
			for _, line := range m.complaints(i, node) {
				if p.name == pairCC || p.name == pairCCAgain {
					usual[passing.ReplaceAllString(line, "")]++
				}
			}
		}
	}
	for _, line := range sortedKeys(usual) {
		m.Logf("C+C says %d times: %s", usual[line], line)
	}
	for i, p := range m.phases {
		node := map[string]string{pairCH: "node1", pairHC: "node2"}[p.name]
		if node == "" {
			continue
		}
		for _, line := range m.complaints(i, node) {
			if usual[passing.ReplaceAllString(line, "")] == 0 && !swallowed.MatchString(line) {
				excusedBy(m.TB, "a C node complained of what it did not complain of in C+C: that must come again")
				m.Errorf("the C node of %s complains as it never did in C+C: %s", p.name, line)
			}
		}
	}
}

// complaints are the lines of a node's log in a phase that an operator would look at.
func (m *migration) complaints(phase int, node string) []string {
	m.Helper()
	log, err := m.nodes[node].ReadFile("/var/log/ha-log")
	m.must(err)
	from, to := 0, len(log)
	if phase > 0 { // the first one begins with the boot
		from = m.phases[phase].logged[node]
	}
	if phase+1 < len(m.phases) {
		to = m.phases[phase+1].logged[node]
	}
	var all []string
	for _, line := range strings.Split(log[from:to], "\n") {
		if aComplaint.MatchString(line) {
			all = append(all, line)
		}
	}
	sort.Strings(all)
	return all
}
