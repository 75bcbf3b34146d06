package chaos

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"heartbeatd/internal/lab"
)

// recorder is the resource script of every word.
//
//go:embed recorder.sh
var recorder string

// conductor plays one plan in a lab of its own. All it does it does in one goroutine; only programs
// that may take their time run beside it.
type conductor struct {
	r      *Record
	lab    *lab.Lab
	nodes  map[string]*node
	player *lab.Host // the third machine, of plans that play recordings
	calls  *os.File
	part   string // of a line of the recorder that is not whole yet
	double int    // percent
	round  int
	keep   bool // whatever is down is started: it is calm
	number int  // of commands and troubles
}

// lookEvery is how often the conductor looks at everything.
const lookEvery = 80 * time.Millisecond

// Play plays a plan with a daemon. An error means that the lab is at fault, not the daemon.
func Play(p *Plan, s lab.Software, m *Metronome) (*Record, error) {
	l, err := lab.New(p.Setup.Links)
	if err != nil {
		return nil, err
	}
	c := &conductor{
		r:   &Record{Plan: p, Done: map[string]int{}, Console: map[string]string{}},
		lab: l, nodes: map[string]*node{},
	}
	defer func() {
		for _, n := range c.nodes {
			n.signal(syscall.SIGKILL)
			if n.tape != nil {
				n.tape.end()
			}
		}
		l.Close()
	}()
	if err := c.setUp(s); err != nil {
		return nil, fmt.Errorf("seed %d: %w", p.Seed, err)
	}
	defer c.calls.Close()
	c.r.Begin = time.Now()
	if err := c.play(); err != nil {
		return nil, fmt.Errorf("seed %d: %w", p.Seed, err)
	}
	c.r.End = time.Now()
	c.lastWords()
	c.r.Lates = m.Between(c.r.Begin, c.r.End)
	return c.r, nil
}

func (c *conductor) setUp(s lab.Software) error {
	setup := c.r.Plan.Setup
	var err error
	if c.calls, err = os.OpenFile(filepath.Join(c.lab.Shared(), "calls"), os.O_CREATE|os.O_RDONLY, 0o666); err != nil {
		return err
	}
	files := lab.Files{
		HACF: setup.HACF(), Haresources: setup.Haresources(),
		Authkeys: "auth 1\n1 sha1 " + setup.Secret + "\n",
	}
	for _, name := range Nodes {
		h, err := c.lab.Node(name, s, lab.HostOptions{Disk: 24})
		if err != nil {
			return err
		}
		n := &node{c: c, name: name, host: h, daemon: "none", faults: map[string]bool{}, links: make([]string, setup.Links)}
		for i := range n.links {
			n.links[i] = "ok"
		}
		n.log = h.TailFromStart("/var/log/ha-log")
		c.nodes[name] = n
		if err := h.Configure(files); err != nil {
			return err
		}
		for _, w := range setup.Words() {
			if err := h.WriteFile("/etc/ha.d/resource.d/"+w, recorder, 0o755); err != nil {
				return err
			}
		}
		if setup.Take > 0 {
			if err := h.WriteFile("/etc/lab.take", fmt.Sprintf("%.3f\n", setup.Take.Seconds()), 0o644); err != nil {
				return err
			}
		}
	}
	if !c.r.Plan.replays() {
		return nil
	}
	c.player, err = c.lab.Host("stranger", lab.HostOptions{Disk: 8})
	return err
}

// play starts both nodes, waits until all is well, and plays the rounds.
func (c *conductor) play() error {
	if err := c.calm(); err != nil {
		return err
	}
	for _, round := range c.r.Plan.Rounds {
		c.round++
		if err := c.steps(round); err != nil {
			return err
		}
		if err := c.calm(); err != nil {
			return err
		}
	}
	return nil
}

func (c *conductor) steps(round Round) error {
	c.keep = false
	begin := time.Now()
	for left := round.Steps; len(left) > 0 || time.Since(begin) < round.For; {
		if len(left) > 0 && time.Since(begin) >= left[0].At {
			if err := c.do(left[0]); err != nil {
				return fmt.Errorf("%s: %w", left[0], err)
			}
			left = left[1:]
			continue
		}
		next := lookEvery
		if len(left) > 0 {
			next = min(next, max(left[0].At-time.Since(begin), 0))
		}
		time.Sleep(next)
		if err := c.look(); err != nil {
			return err
		}
	}
	return nil
}

// look takes note of what has happened, and does what supervisors do.
func (c *conductor) look() error {
	if err := c.readCalls(); err != nil {
		return err
	}
	for _, name := range Nodes {
		if err := c.nodes[name].look(); err != nil {
			return err
		}
	}
	return nil
}

// wait looks until done says yes or patience runs out, and says which.
func (c *conductor) wait(patience time.Duration, done func() bool) (bool, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(lookEvery) {
		if err := c.look(); err != nil {
			return false, err
		}
		if done() {
			return true, nil
		}
		if time.Now().After(deadline) {
			return false, nil
		}
	}
}

// readCalls reads on in the recorder's file.
func (c *conductor) readCalls() error {
	data, err := io.ReadAll(c.calls)
	if err != nil {
		return fmt.Errorf("reading the recorder's file: %w", err)
	}
	lines := strings.Split(c.part+string(data), "\n")
	c.part = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		call, err := parseCall(line)
		if err != nil {
			return err
		}
		c.r.Calls = append(c.r.Calls, call)
	}
	return nil
}

// change notes a change that has been made.
func (c *conductor) change(begin, end time.Time, node, fact, value string) {
	c.r.Changes = append(c.r.Changes, Change{begin, end, node, fact, value})
}

// skip notes a step that cannot be done as things stand.
func (c *conductor) skip(s Step, why string) error {
	c.r.Skipped = append(c.r.Skipped, strings.TrimSpace(s.String())+": "+why)
	return nil
}
