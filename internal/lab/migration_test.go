//go:build integration

package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// migrationHACF is an administrator's, with directives heartbeatd has no effect for yet.
const migrationHACF = runbookHACF + `ping 10.77.0.3
apiauth ipfail uid=hacluster
respawn hacluster /usr/libexec/heartbeat/ipfail
`

const (
	// mark only records when it is started and stopped: as the first resource it is the last to be stopped
	// and the first to be started, so between the two there are the daemons alone.
	migrationHaresources = "node1 mark " + clusterAddress + "/24/eth0 web\n"
	migrationPatience    = time.Minute // for any single thing of the runbook
	// Scripts are most of an outage, and on a machine that is busy with something else they take several times
	// as long. A switchover longer than any of C+C is made again, this often: what a daemon causes stays.
	migrationAgain = 3
	// C's own outage depends on where in its half second of sleep a word reaches it: two are not its longest.
	migrationMeasure = 3
	// What the client may wait while a node without the service is replaced, on a busy machine.
	migrationUnfelt = time.Second
)

// migration is the runbook under way.
type migration struct {
	*cluster
	book   runbook
	client *Client
	phases []phase
	began  time.Time
	// garbled is how many lines said that a C node lost a message of its own when a command was typed that
	// nobody has heard of yet; -1 if there is none.
	garbled int
}

// phase is a time with one pairing.
type phase struct {
	name   string
	logged map[string]int // node: length of its ha-log when the phase began
	moves  []switchover
}

// TestMigration plays docs/migration.md: a pair of C daemons as Debian installs them becomes a pair
// of heartbeatd, node by node, and C again, under a client that fetches the service every 10 ms.
func TestMigration(t *testing.T) { atOnce(t, migrate) }

func migrate(t testing.TB) {
	m := newMigration(t)
	m.begin(pairCC)
	m.play("1")
	for range migrationMeasure {
		m.thereAndBack()
	}
	m.begin(pairCH)
	m.play("3")
	m.thereAndBack()
	m.move("node2") // and on from here: step 4 of the runbook
	m.begin(pairHH)
	m.play("5")
	m.move("node1")
	m.thereAndBack()
	m.begin(pairHC)
	m.play("7")
	m.thereAndBack()
	m.move("node2")
	m.begin(pairCCAgain)
	m.play("8")
	m.move("node1")
	m.thereAndBack()
	m.noFailedUnits("node1", "node2")

	fetches, err := m.client.Stop()
	m.must(err)
	m.oneServerAtATime(fetches)
	m.noLongerThanC()
	m.nothingNewInCLogs()
}

func newMigration(t testing.TB) *migration {
	t.Helper()
	book, err := readRunbook()
	if err != nil {
		t.Fatalf("docs/migration.md: %v", err)
	}
	m := &migration{cluster: &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}, book: book, began: time.Now()}
	image := genuineImage(t)
	binary, err := buildDaemon()
	m.must(err)
	project, err := ProjectDir()
	m.must(err)
	t.Cleanup(m.showLogs)
	t.Cleanup(m.showJournals)
	for _, name := range []string{"node1", "node2"} {
		h, err := m.lab.Container(name, image, func(h *Host) error {
			m.nodes[name] = h
			m.must(copyProject(h, project, binary))
			m.must(h.WriteFile("/etc/ha.d/resource.d/web", webScript, 0o755))
			m.must(h.InstallRecorder("mark"))
			return h.Configure(Files{HACF: migrationHACF, Haresources: migrationHaresources})
		})
		m.must(err)
		m.nodes[name] = h
	}
	h, err := m.lab.Host("client", HostOptions{Links: 1})
	m.must(err)
	m.client, err = h.StartClient("http://"+clusterAddress+"/", 10*time.Millisecond)
	m.must(err)
	m.served("node1", time.Now())
	return m
}

// served waits until the client is answered by a node, in fetches begun after a time, and for a
// second more.
func (m *migration) served(node string, after time.Time) {
	m.Helper()
	m.must(Eventually(migrationPatience, "the client to be served by "+node, func() bool { return !m.client.FirstAnswer(node, after).IsZero() }))
	later := time.Now().Add(time.Second)
	m.must(Eventually(migrationPatience, "the client to be served on", func() bool { return m.client.LastAnswer().After(later) }))
}

// begin notes where the logs stand when a phase begins.
func (m *migration) begin(name string) {
	p := phase{name: name, logged: map[string]int{}}
	for _, node := range []string{"node1", "node2"} {
		log, _ := m.nodes[node].ReadFile("/var/log/ha-log")
		p.logged[node] = len(log)
	}
	m.phases = append(m.phases, p)
}

// now is the phase under way.
func (m *migration) now() *phase { return &m.phases[len(m.phases)-1] }

// thereAndBack is two planned switchovers, and more if one took longer than any of C+C.
func (m *migration) thereAndBack() {
	m.Helper()
	for range migrationAgain {
		m.move("node2")
		m.move("node1")
		p := m.now()
		if p.name == pairCC || p.name == pairCCAgain || m.tooLong(*p, "node1")+m.tooLong(*p, "node2") == "" {
			return
		}
	}
}

// move plays the step that moves the service to a node, and measures it.
func (m *migration) move(to string) {
	m.Helper()
	step, from := "4", "node1"
	if to == "node1" {
		step, from = "6", "node2"
	}
	done := switchover{move: move{what: m.now().name, from: from, to: to, begun: time.Now()}}
	m.play(step)
	m.served(to, done.begun)
	done.done = time.Now()
	done.outage, _ = Silence(m.client.soFar(), done.begun, done.done)
	done.handover = m.handover(done.move)
	m.Logf("%s from %s to %s: outage %v, of which between the scripts %v", done.what, from, to, done.outage, done.handover)
	m.now().moves = append(m.now().moves, done)
}

// play does what a step of the runbook says, block by block, as it stands there.
func (m *migration) play(step string) {
	m.Helper()
	logs := map[string]*Tail{"node1": m.tail("node1"), "node2": m.tail("node2")}
	var typed runbookBlock
	var printed map[string]string
	for _, block := range m.book[step] {
		m.Logf("%s %s: docs/migration.md:%d %s %s: %s", time.Now().Format(clock), m.now().name, block.line, block.kind, block.nodes, strings.Join(block.lines, "; "))
		switch block.kind {
		case "sh":
			typed, printed = block, map[string]string{}
			m.garbled = m.garbledLines()
			for _, node := range block.nodes {
				printed[node] = m.typed(block, node)
			}
		case "log":
			for _, line := range block.lines {
				if err := m.logged(logs[block.nodes[0]], line, typed); err != nil {
					m.Fatalf("docs/migration.md:%d: %v", block.line, err)
				}
			}
		case "out":
			m.printed(block, printed)
		case "until":
			m.until(typed, block)
		}
	}
}

// logged waits for a line. A command to move that a C node has swallowed, as it does with one in a hundred on
// a busy machine, is typed again, as an operator would.
func (m *migration) logged(log *Tail, line string, typed runbookBlock) error {
	m.Helper()
	for end := time.Now().Add(migrationPatience); ; {
		_, err := log.Wait(migrationPatience/10, line)
		if err == nil {
			m.garbled = -1
		}
		if err == nil || time.Now().After(end) {
			return err
		}
		if now := m.garbledLines(); m.garbled >= 0 && now > m.garbled && len(typed.lines) == 1 && strings.Contains(typed.lines[0], "/hb_") {
			m.garbled = now
			m.Logf("a C node has swallowed %s", typed.lines[0])
			for _, node := range typed.nodes {
				m.nodes[node].Run("sh", "-c", typed.lines[0]) // a refusal shows in what follows
			}
		}
	}
}

func (m *migration) garbledLines() (n int) {
	for _, h := range m.nodes {
		log, _ := h.ReadFile("/var/log/ha-log")
		for _, line := range strings.Split(log, "\n") {
			if Garbled(line) {
				n++
			}
		}
	}
	return n
}

// typed types the commands of a block and returns what they print.
func (m *migration) typed(block runbookBlock, node string) string {
	m.Helper()
	all := ""
	for _, command := range block.lines {
		out, err := m.nodes[node].Run("sh", "-c", command)
		if all += out; err != nil {
			m.Fatalf("docs/migration.md:%d: %v", block.line, err)
		}
	}
	return all
}

func (m *migration) printed(block runbookBlock, printed map[string]string) {
	m.Helper()
	for node, text := range printed {
		for _, want := range block.lines {
			if !strings.Contains(text, want) {
				m.Fatalf("docs/migration.md:%d: %s printed no %q:\n%s", block.line, node, want, text)
			}
		}
	}
}

// until types a block again until it prints exactly what is wanted.
func (m *migration) until(typed, want runbookBlock) {
	m.Helper()
	for _, node := range typed.nodes {
		last := ""
		err := Eventually(migrationPatience, fmt.Sprintf("%s of %s to say %q", typed.lines, node, want.lines), func() bool {
			last = m.typed(typed, node)
			return strings.TrimSpace(last) == strings.Join(want.lines, "\n")
		})
		if err != nil {
			m.Fatalf("docs/migration.md:%d: %v, the last was %q", want.line, err, last)
		}
	}
}
