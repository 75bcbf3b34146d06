package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// quiet is how long no script may have run for a cluster to count as settled. 3.0.6 passes
// every word on at its next tick, at most half a second later; a dialogue needs up to three.
const quiet = 1700 * time.Millisecond

// settle waits until nothing moves any more and takes stock.
func (p *player) settle(st Step, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		if err := p.readCalls(); err != nil {
			return err
		}
		pause := 200 * time.Millisecond
		if p.calm() {
			if p.steady() {
				p.segment.Settled = true
				break
			}
			pause = time.Second // to ask takes half a dozen programs, and dozens of plays ask at once
		}
		if time.Now().After(deadline) {
			break
		}
		time.Sleep(pause)
	}
	for _, wait := range p.waits {
		if err := wait(); err != nil && p.segment.Settled {
			return err
		}
	}
	p.waits = nil
	return p.takeStock(st)
}

// calm says that the last command has had time to show, and that no script runs, or ran a moment ago.
func (p *player) calm() bool {
	if time.Since(p.since) < p.patience || len(p.open) > 0 {
		return false
	}
	for _, calls := range p.calls {
		if n := len(calls); n > 0 && time.Since(calls[n-1].At.Add(calls[n-1].For)) < quiet {
			return false
		}
	}
	return true
}

// steady says that every daemon that should run does, calls itself settled, and knows that a
// stopped one is gone: 3.0.6 logs `is dead` deadtime after the last beat, be it a planned stop or not.
func (p *player) steady() bool {
	words := map[string]string{}
	for _, name := range Nodes {
		word := p.state(name)
		if p.runs[name] && (word == "stopped" || word == "starting" || word == "transition") {
			return false
		}
		words[name] = word
	}
	for i, name := range Nodes {
		other := Nodes[1-i]
		gone := words[other] == "stopped" || words[other] == "off"
		if p.runs[name] && !p.frozen[name] && gone && !p.missed(name, other) {
			return false
		}
	}
	return true
}

// missed says that a node's daemon holds the other node for dead.
func (p *player) missed(name, other string) bool {
	out, err := p.hosts[name].Run("timeout", "5", "/usr/bin/cl_status", "nodestatus", other)
	return err != nil && strings.TrimSpace(out) == "dead"
}

// state is what an operator is told of a node.
func (p *player) state(name string) string {
	h := p.hosts[name]
	if !h.Up() {
		return "off"
	}
	if p.frozen[name] {
		return "frozen" // nobody there to be asked
	}
	out, err := h.Run("timeout", "5", "/usr/bin/cl_status", "rscstatus")
	if err == nil {
		return strings.TrimSpace(out)
	}
	if _, err := h.Run(daemonPath, "-s"); err != nil {
		return "stopped"
	}
	return "starting"
}

func (p *player) takeStock(st Step) error {
	s := &p.segment
	s.Line, s.End = st.Line, time.Now()
	for _, name := range Nodes {
		s.State[name] = p.state(name)
		s.Kinds[name] = p.kinds[name]
		if err := p.readLog(name); err != nil {
			return err
		}
	}
	for _, word := range p.script.Resources() {
		s.Owners[word] = p.owner(word)
	}
	if err := p.readCalls(); err != nil {
		return err
	}
	for name, calls := range p.calls {
		for _, c := range calls {
			s.Calls[name] = append(s.Calls[name], *c)
		}
	}
	p.calls = map[string][]*Call{}
	p.seen.Segments = append(p.seen.Segments, *s)
	p.begin()
	return nil
}

// owner is where a resource really runs, whoever believes what.
func (p *player) owner(word string) string {
	var owners []string
	for _, name := range Nodes {
		h := p.hosts[name]
		if !h.Up() {
			continue
		}
		if _, ok := recorded(word); ok {
			if _, err := os.Stat(h.Path("/run/lab." + word)); err == nil {
				owners = append(owners, name)
			}
			continue
		}
		out, _ := h.Run("ip", "-oneline", "address")
		if strings.Contains(out, " "+address(word)+"/") {
			owners = append(owners, name)
		}
	}
	if len(owners) == 0 {
		return "nobody"
	}
	return strings.Join(owners, "+")
}

// address is the address in 10.77.0.100/24/eth0 or IPaddr::10.77.0.100/24.
func address(word string) string {
	if _, rest, ok := strings.Cut(word, "::"); ok {
		word = rest
	}
	a, _, _ := strings.Cut(word, "/")
	return a
}

// readCalls reads on in the file the recorders write. Its lines:
//
//	NANOSECONDS HOST PID begin held|free PATH NAME ACTION WORD...
//	NANOSECONDS HOST PID end CODE
func (p *player) readCalls() error {
	data, err := os.ReadFile(filepath.Join(p.lab.Shared(), "calls"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	fresh := string(data[p.read:])
	fresh = fresh[:strings.LastIndexByte(fresh, '\n')+1]
	p.read += len(fresh)
	for _, line := range strings.Split(strings.TrimSpace(fresh), "\n") {
		if line == "" {
			continue
		}
		if err := p.call(strings.Fields(line)); err != nil {
			return fmt.Errorf("%w: %q", err, line)
		}
	}
	for key := range p.open {
		if host := strings.Fields(key)[0]; !p.hosts[host].Up() || strings.Fields(key)[1] != strconv.Itoa(p.boots[host]) {
			delete(p.open, key) // it went with the power
		}
	}
	return nil
}

func (p *player) call(f []string) error {
	if len(f) < 5 {
		return fmt.Errorf("recorder: line cut short")
	}
	ns, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	at, key := time.Unix(0, ns), fmt.Sprintf("%s %d %s", f[1], p.boots[f[1]], f[2])
	switch {
	case f[3] == "end":
		c := p.open[key]
		if c == nil {
			return nil // begun before the stock was taken
		}
		c.For = at.Sub(c.At)
		c.RC, _ = strconv.Atoi(f[4])
		delete(p.open, key)
	case len(f) >= 9:
		c := &Call{Held: f[4] == "held", Path: f[5], Name: f[6], Action: f[7], Args: f[8 : len(f)-1], At: at, For: -1}
		p.calls[f[1]] = append(p.calls[f[1]], c)
		p.open[key] = c
	default:
		return fmt.Errorf("recorder: line cut short")
	}
	return nil
}

func (p *player) readLog(name string) error {
	h := p.hosts[name]
	text, err := h.ReadFile("/var/log/ha-log")
	if err != nil {
		return nil // not started yet
	}
	fresh := text[min(p.logged[name], len(text)):]
	fresh = fresh[:strings.LastIndexByte(fresh, '\n')+1]
	p.logged[name] += len(fresh)
	p.segment.Log[name] = parseLog(fresh)
	return nil
}
