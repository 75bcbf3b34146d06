package duel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/chaos"
	"heartbeatd/internal/lab"
	"heartbeatd/internal/labcmd"
)

const usageText = `Usage: lab duel [flags]

Measures Heartbeat 3.0.6 (C), keepalived and heartbeatd side by side in private hosts, in turns on the same
processors, and writes docs/performance.md. The exit status is 1 if a target was missed. It needs root and, the
first time, a Debian package source. A run takes about twenty minutes; nothing else should run meanwhile.

  lab duel                        everything but the million beats
  lab duel --only moves,idle      some of it: moves, vrrp, idle, flood, late, million; or rows, by their names
  lab duel --only million         a million beats with deadtime 50 ms (20 minutes)
  lab duel --quick                everything once and short, to see that it can be measured; nothing is written

What was measured before is kept in the raw file, and the document has the last three runs of everything.
`

type options struct {
	only, raw, out, binary, trace, hog string
	repeat, pairs, sentry              int
	beats                              int64
	quick, render                      bool
	outGiven                           bool
}

// Command is the command line of `lab duel`, without these two words. It returns the exit status.
func Command(args []string, stdout, stderr io.Writer) int {
	o, status, done := parse(args, stdout, stderr)
	if done {
		return status
	}
	if o.hog != "" {
		return labcmd.Fail(stderr, hog(o.hog))
	}
	if o.sentry >= 0 {
		return labcmd.Fail(stderr, sentry(o.sentry))
	}
	missed, err := o.run(stdout)
	if err != nil {
		return labcmd.Fail(stderr, err)
	}
	if missed > 0 {
		return labcmd.Found
	}
	return labcmd.OK
}

func parse(args []string, stdout, stderr io.Writer) (o *options, status int, done bool) {
	o = &options{}
	flags := labcmd.New("duel", usageText)
	flags.StringVar(&o.only, "only", "", "only these stages or rows, separated by commas")
	flags.IntVar(&o.repeat, "repeat", 30, "how often each move is made by each software")
	flags.BoolVar(&o.quick, "quick", false, "everything once and short")
	flags.StringVar(&o.out, "out", "docs/performance.md", "the document to write")
	flags.StringVar(&o.raw, "raw", "bin/duel.json", "file for all that was measured")
	flags.BoolVar(&o.render, "render", false, "measure nothing: write the document from the raw file")
	flags.StringVar(&o.trace, "trace", "", "file for what happened when in each move")
	flags.Int64Var(&o.beats, "beats", 1_000_000, "how many beats are a million")
	flags.IntVar(&o.pairs, "pairs", 4, "how many pairs of nodes send them")
	flags.StringVar(&o.binary, "heartbeatd", "bin/heartbeatd", "the daemon to measure")
	flags.StringVar(&o.hog, "hog", "", "be a load on this machine: cpu, memory, disk or fork")
	flags.Lookup("hog").Hidden = true
	flags.IntVar(&o.sentry, "sentry", -1, "watch this processor")
	flags.Lookup("sentry").Hidden = true
	if status, done := flags.Read(args, stdout, stderr); done {
		return nil, status, true
	}
	o.outGiven = flags.Changed("out")
	err := flags.Alone("render", "only", "quick", "repeat", "trace")
	if o.repeat < 1 || o.pairs < 1 || o.beats < 1 {
		err = errors.New("--repeat, --pairs and --beats: want 1 or more")
	}
	if _, bad := o.chosen(); bad != nil {
		err = errors.Join(err, bad)
	}
	if err != nil {
		return nil, flags.Wrong(stderr, err), true
	}
	return o, labcmd.OK, false
}

// chosen are the stages to be played.
func (o *options) chosen() ([]string, error) {
	want := map[string]bool{}
	for _, word := range strings.FieldsFunc(o.only, func(r rune) bool { return r == ',' || r == ' ' }) {
		known := slices.ContainsFunc(rows, func(r row) bool {
			if r.stage == word || string(r.key) == word {
				want[r.stage] = true
				return true
			}
			return false
		})
		if !known {
			return nil, fmt.Errorf("--only: no stage or row %q", word)
		}
	}
	var all []string
	for _, s := range stages {
		if want[s.name] || o.only == "" && s.name != "million" {
			all = append(all, s.name)
		}
	}
	return all, nil
}

func (o *options) run(stdout io.Writer) (missed int, err error) {
	project, err := lab.ProjectDir()
	if err != nil {
		return 0, err
	}
	raw := absolute(project, o.raw)
	h, err := readHistory(raw)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if !o.render {
		if h, err = o.measure(stdout, project, h); err != nil {
			return 0, err
		}
	}
	if !o.quick {
		if err := h.write(raw); err != nil {
			return 0, err
		}
	}
	if !o.quick || o.outGiven {
		if err := os.WriteFile(absolute(project, o.out), []byte(h.document()), 0o644); err != nil {
			return 0, fmt.Errorf("writing the document: %w", err)
		}
	}
	text, missed := h.closing(time.Since(begin))
	fmt.Fprint(stdout, text)
	return missed, nil
}

// measure plays the stages and adds what they measured to the history.
func (o *options) measure(stdout io.Writer, project string, h *history) (*history, error) {
	d, err := o.duel(stdout, project)
	if err != nil {
		return nil, err
	}
	defer d.procs.close()
	b := &book{out: stdout}
	if o.trace != "" {
		f, err := os.Create(o.trace)
		if err != nil {
			return nil, fmt.Errorf("--trace: %w", err)
		}
		defer f.Close()
		b.story = f
	}
	m := chaos.StartMetronome()
	defer m.Stop()
	chosen, err := o.chosen()
	if err != nil {
		return nil, err
	}
	if o.quick {
		h = &history{}
	}
	for _, s := range stages {
		if !slices.Contains(chosen, s.name) {
			continue
		}
		b.samples = nil
		d.spoiled.Store(0)
		begin := time.Now()
		fmt.Fprintf(stdout, "%s:\n", s.name)
		if err := s.run(d, b); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		r := stageRun{Stage: s.name, When: begin.UTC().Truncate(time.Second), Took: time.Since(begin).Seconds(), Spoiled: int(d.spoiled.Load()), Samples: b.samples}
		for _, l := range m.Between(begin, time.Now()) {
			r.Held++
			r.HeldBy = max(r.HeldBy, milliseconds(int64(l.By)))
		}
		h.add(r)
	}
	return h, nil
}

// duel makes ready what a run needs.
func (o *options) duel(stdout io.Writer, project string) (*duel, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("duel needs root: run it with sudo")
	}
	if err := lab.Available(); err != nil {
		return nil, fmt.Errorf("no private hosts on this machine: %w", err)
	}
	cache, err := lab.CacheDir()
	if err != nil {
		return nil, err
	}
	ours, err := lab.Heartbeatd(absolute(project, o.binary), project)
	if err != nil {
		return nil, err
	}
	c, err := lab.GenuineSoftware(cache)
	if err != nil {
		return nil, err
	}
	procs, err := watchProcesses()
	if err != nil {
		return nil, err
	}
	return &duel{cache: cache, ours: &ours, c: &c, procs: procs, repeat: o.repeat, beats: o.beats, millionPairs: o.pairs, quick: o.quick, out: stdout}, nil
}

func absolute(project, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(project, path)
}
