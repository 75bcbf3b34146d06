package interop

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"heartbeatd/internal/lab"
)

// recorder is the resource script behind every word of letters.
//
//go:embed recorder.sh
var recorder string

// Softwares are the two daemons.
type Softwares map[Kind]lab.Software

// player plays one scenario on one pairing.
type player struct {
	script   *Script
	software Softwares
	lab      *lab.Lab
	hosts    map[string]*lab.Host
	kinds    map[string]Kind
	runs     map[string]bool // the daemon was started and not ended since
	frozen   map[string]bool // the daemon was stopped by a signal
	boots    map[string]int  // host to how often it was booted
	logged   map[string]int  // bytes of ha-log read
	read     int             // bytes of the calls file read
	open     map[string]*Call
	calls    map[string][]*Call
	since    time.Time // the last command
	patience time.Duration
	waits    []func() error // commands that were not waited for
	segment  Segment
	seen     *Observation
}

// Play plays a scenario on a pairing, in a lab of its own. An error means that the lab or the
// scenario is at fault, not a daemon.
func Play(s *Script, p Pairing, software Softwares) (*Observation, error) {
	l, err := lab.New(s.Links)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	pl := &player{
		script: s, software: software, lab: l, hosts: map[string]*lab.Host{}, kinds: map[string]Kind{}, runs: map[string]bool{}, frozen: map[string]bool{},
		boots: map[string]int{}, logged: map[string]int{}, open: map[string]*Call{}, calls: map[string][]*Call{},
		seen: &Observation{Script: s.Name, Pairing: p, Env: map[string]map[string]string{}},
	}
	if err := pl.setUp(p); err != nil {
		return nil, &playError{pairings: []Pairing{p}, err: fmt.Errorf("%s: %w", s.at(0), err)}
	}
	if err := pl.play(); err != nil {
		return nil, &playError{pairings: []Pairing{p}, err: err}
	}
	return pl.seen, nil
}

func (p *player) setUp(pairing Pairing) error {
	if err := os.Mkdir(filepath.Join(p.lab.Shared(), "env"), 0o777); err != nil {
		return err
	}
	for _, name := range Nodes {
		kind := pairing.Of(name)
		h, err := p.lab.Node(name, p.software[kind], lab.HostOptions{})
		if err != nil {
			return err
		}
		p.hosts[name], p.kinds[name] = h, kind
		if err := p.configure(h); err != nil {
			return err
		}
	}
	return nil
}

// configure writes the three files and the recording scripts.
func (p *player) configure(h *lab.Host) error {
	files := lab.Files{HACF: strings.Join(p.script.CF, "\n") + "\n"}
	if p.script.Keys != nil {
		files.Authkeys = strings.Join(p.script.Keys, "\n") + "\n"
	}
	for _, g := range p.script.Groups {
		files.Haresources += strings.Join(g, " ") + "\n"
	}
	if err := h.Configure(files); err != nil {
		return err
	}
	for _, r := range p.script.Resources() {
		if name, ok := recorded(r); ok {
			if err := h.WriteFile("/etc/ha.d/resource.d/"+name, recorder, 0o755); err != nil {
				return err
			}
		}
	}
	return nil
}

// recorded tells whether a resource word is a recording script, and of what name.
func recorded(word string) (name string, ok bool) {
	name, _, _ = strings.Cut(word, "::")
	return name, strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == ""
}

func (p *player) play() error {
	p.begin()
	for _, st := range p.script.Steps {
		if st.Verb == "differs" {
			continue
		}
		if len(p.segment.Steps) == 0 {
			p.segment.Begin = time.Now()
		}
		p.segment.Steps = append(p.segment.Steps, st.String())
		if err := p.step(st); err != nil {
			return fmt.Errorf("%s: %s: %w", p.script.at(st.Line), st, err)
		}
	}
	p.outages()
	return p.environments()
}

func (p *player) begin() {
	p.segment = Segment{
		Owners: map[string]string{}, State: map[string]string{}, Calls: map[string][]Call{}, Log: map[string][]LogLine{},
		Kinds: map[string]Kind{}, Gaps: map[string][]time.Duration{}, Overlaps: map[string][]time.Duration{},
	}
	p.patience = 0
}

// moved notes a command, and how long its effect may take to show.
func (p *player) moved(patience time.Duration) {
	p.since = time.Now()
	p.patience = max(p.patience, patience)
}

// deadtime is how long a node may be missed before the other acts on it, with what both daemons
// need to notice. 3.0.6 adds 2 s for a node in its first 5 s.
func (p *player) deadtime() time.Duration {
	for _, l := range p.script.CF {
		f := strings.Fields(l)
		if f[0] != "deadtime" || len(f) < 2 {
			continue
		}
		word := f[1]
		if strings.Trim(word, "0123456789.") == "" {
			word += "s"
		}
		if d, err := time.ParseDuration(word); err == nil {
			return d + 3500*time.Millisecond
		}
	}
	return 33 * time.Second
}

// endless is how long two owners last who are still there when the scenario ends.
const endless = time.Hour

// outages sorts what had no owner, or two, into the segments.
func (p *player) outages() error {
	events, err := p.lab.Events()
	if err != nil {
		return err
	}
	now := time.Now()
	for _, word := range p.script.Resources() {
		if _, ok := recorded(word); !ok {
			continue
		}
		history := lab.Ownership(events, word)
		for _, g := range history.Gaps() {
			s := p.seen.at(g.From)
			s.Gaps[word] = append(s.Gaps[word], g.For)
		}
		for _, o := range history.Overlaps(now) {
			if o.From.Add(o.For).Equal(now) {
				o.For = endless
			}
			s := p.seen.at(o.From)
			s.Overlaps[word] = append(s.Overlaps[word], o.For)
		}
	}
	return nil
}

// at is the segment of a time.
func (o *Observation) at(t time.Time) *Segment {
	for i := range o.Segments {
		if !t.After(o.Segments[i].End) {
			return &o.Segments[i]
		}
	}
	return &o.Segments[len(o.Segments)-1]
}

// environments reads what the scripts found around them.
func (p *player) environments() error {
	files, err := filepath.Glob(filepath.Join(p.lab.Shared(), "env", "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		env := map[string]string{}
		for _, pair := range strings.Split(string(data), "\x00") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				env[name] = value
			}
		}
		p.seen.Env[strings.ReplaceAll(filepath.Base(file), ".", " ")] = env
	}
	return nil
}

var errDown = errors.New("the host has no power")
