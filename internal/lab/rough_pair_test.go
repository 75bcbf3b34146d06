//go:build integration

package lab

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pairings are what node1 and node2 run: C is Heartbeat 3.0.6, H is heartbeatd. C+C is the judge.
var pairings = []string{"C+C", "C+H", "H+C", "H+H"}

// softwares are C and H, or the test is skipped.
func softwares(t testing.TB) map[string]Software {
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
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Software{"C": genuine, "H": ours}
}

// pair is two nodes that may run different software, with one group each: node1's web, node2's db.
type pair struct {
	testing.TB
	name, pairing, kind string
	lab                 *Lab
	nodes               [2]*Host
	kinds               [2]string // "C" or "H"
	swallows            int       // commands given again
	// kept are the logs as they are at the end, for the comparison with C+C.
	kept [2]string
}

// newPair makes a pair; its daemons are not started. files are those of node 0 and node 1.
func newPair(t testing.TB, pairing string, software map[string]Software, links int, files [2]Files) *pair {
	t.Helper()
	p := &pair{TB: t, pairing: pairing, lab: roughLab(t, links), kinds: [2]string{pairing[:1], pairing[2:]}}
	for i, name := range []string{"node1", "node2"} {
		h, err := p.lab.Node(name, software[p.kinds[i]], HostOptions{})
		p.must(err)
		p.nodes[i] = h
		for _, group := range []string{"web", "db"} {
			p.must(h.InstallRecorder(group))
		}
		files[i].Haresources = "node1 web\nnode2 db\n"
		p.must(h.Configure(files[i]))
	}
	t.Cleanup(func() {
		for i, h := range p.nodes {
			p.kept[i], _ = h.ReadFile("/var/log/ha-log")
			if dir := os.Getenv("LOGS"); dir != "" {
				os.WriteFile(dir+"/"+strings.ReplaceAll(t.Name(), "/", "_")+"."+h.Name, []byte(p.kept[i]), 0o644)
			}
			if t.Failed() {
				lines := strings.Split(p.kept[i], "\n")
				t.Logf("the end of ha-log of %s (%s):\n%s", h.Name, p.kinds[i], strings.Join(lines[max(0, len(lines)-60):], "\n"))
			}
		}
	})
	return p
}

func (p *pair) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *pair) start(nodes ...int) {
	p.Helper()
	for _, i := range nodes {
		p.must(p.nodes[i].StartDaemon())
	}
}

// patiently asks four times a second: cl_status is a program, and many pairs share the machine.
func patiently(patience time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(patience); !done(); time.Sleep(250 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// unsettled says what is not yet as it should be: who has web, who has db, and no node that is up
// has anything left to do. "" if all is well.
func (p *pair) unsettled(web, db int, up ...int) string {
	events, err := p.lab.Events()
	p.must(err)
	for group, want := range map[string]int{"web": web, "db": db} {
		owners := Ownership(events, group).Owners()
		if len(owners) != 1 || owners[0] != p.nodes[want].Name {
			return fmt.Sprintf("%s is on %v, want %s", group, owners, p.nodes[want].Name)
		}
	}
	for _, i := range up {
		word, err := p.nodes[i].Run("cl_status", "rscstatus")
		if word = strings.TrimSpace(word); err != nil || word == "transition" {
			return fmt.Sprintf("%s (%s) is in state %q, %v", p.nodes[i].Name, p.kinds[i], word, err)
		}
	}
	return ""
}

// settles waits until nobody has anything left to do, and returns how long that took.
func (p *pair) settles(patience time.Duration, web, db int, up ...int) (time.Duration, error) {
	begin, why := time.Now(), ""
	if !patiently(patience, func() bool { why = p.unsettled(web, db, up...); return why == "" }) {
		return time.Since(begin), fmt.Errorf("not settled after %v: %s", patience, why)
	}
	return time.Since(begin), nil
}

// swallowed is what the process that reads 3.0.6's FIFO says when a message of the node's own
// scripts is lost in it, on a busy machine an operator's command in a hundred. The network has no part in it.
var swallowed = regexp.MustCompile(`ERROR: (msg(2string|Nstring): Message with zero fields|Invalid message in send_cluster_msg: Resource temporarily unavailable)$`)

// move gives an operator's command and waits until it has had its effect; it returns how long that
// took. A command that a C node has swallowed is given again, as an operator would.
func (p *pair) move(patience time.Duration, node int, command, which string, web, db int) (time.Duration, error) {
	lost := p.count(0, "zero fields") + p.count(1, "zero fields")
	if err := p.order(node, command, which); err != nil {
		return 0, err
	}
	begin, why := time.Now(), ""
	looked := begin
	done := patiently(patience, func() bool {
		if why = p.unsettled(web, db, 0, 1); why == "" || time.Since(looked) < 5*time.Second {
			return why == ""
		}
		looked = time.Now()
		if now := p.count(0, "zero fields") + p.count(1, "zero fields"); now > lost {
			lost, begin = now, time.Now()
			p.Logf("a C node has swallowed %s %s on %s", command, which, p.nodes[node].Name)
			p.swallows++
			p.order(node, command, which) // a refusal shows in what follows
		}
		return false
	})
	if !done {
		return patience, fmt.Errorf("not settled %v after %s %s on %s: %s", patience, command, which, p.nodes[node].Name, why)
	}
	return time.Since(begin), nil
}

// order gives an operator's command.
func (p *pair) order(node int, command, which string) error {
	_, err := p.nodes[node].Run("/usr/share/heartbeat/"+command, which)
	return err
}

// oneOwner fails the test if at any time two nodes may have had a group.
func (p *pair) oneOwner() {
	p.Helper()
	events, err := p.lab.Events()
	p.must(err)
	for _, group := range []string{"web", "db"} {
		for _, o := range Ownership(events, group).Overlaps(time.Now()) {
			p.Errorf("two owners of %s: %v", group, o)
		}
	}
}

// count counts lines of a node's log that have the words.
func (p *pair) count(node int, words string) int {
	text, err := p.nodes[node].ReadFile("/var/log/ha-log")
	p.must(err)
	n := 0
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, words) {
			n++
		}
	}
	return n
}

// memory is the resident memory of all processes of a node's daemon, in kilobytes, and how many
// there are. Only what is settled has no passing children.
func (p *pair) memory(node int) (kilobytes, processes int) {
	p.Helper()
	out, err := p.nodes[node].Run("sh", "-c", `for d in /proc/[0-9]*; do
		read -r comm <"$d/comm" && case $comm in heartbeat|heartbeatd) sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "$d/status";; esac
	done 2>/dev/null; :`)
	p.must(err)
	for _, word := range strings.Fields(out) {
		n, err := strconv.Atoi(word)
		p.must(err)
		kilobytes += n
		processes++
	}
	if processes == 0 {
		p.Fatalf("%s has no daemon", p.nodes[node].Name)
	}
	return kilobytes, processes
}
