package mutate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/labcmd"
)

const usage = `Usage: lab mutate [flags]

Makes small faults in internal/core, one at a time, and sees whether the pure tests notice. The exit
status is 1 if less than 95 % are noticed, if one that is not has no reason in
testdata/mutate/survivors.txt, and if an entry there matches no mutant or one that a test notices.

  lab mutate --only 'claim.go | Core.mute'    the mutants whose names match
  lab mutate --results R                      keep each outcome; a second run with it plays what was left
`

type options struct {
	root, only, results string
	layers              []string
	jobs                int
	list                bool
}

// Command is the command line of `lab mutate`, without these two words. It returns the exit status.
func Command(args []string, stdout, stderr io.Writer) int {
	var o options
	flags := labcmd.New("mutate", usage)
	flags.StringVar(&o.root, "root", ".", "the module")
	flags.StringVar(&o.only, "only", "", "only mutants whose names match this regular expression")
	flags.StringVar(&o.results, "results", "", "read and write the outcome of each mutant here; what was noticed is not played again")
	flags.StringSliceVar(&o.layers, "layers", nil, "only these, of units, scenarios, messages and simulation")
	flags.IntVar(&o.jobs, "jobs", runtime.NumCPU(), "how many at once")
	flags.BoolVar(&o.list, "list", false, "only list the mutants")
	if status, done := flags.Read(args, stdout, stderr); done {
		return status
	}
	for _, name := range o.layers {
		if !slices.ContainsFunc(layers, func(l layer) bool { return l.name == name }) {
			return flags.Wrong(stderr, fmt.Errorf("--layers: there is no %q, only units, scenarios, messages and simulation", name))
		}
	}
	ok, err := o.run(stdout, stderr)
	if err != nil {
		return labcmd.Fail(stderr, err)
	}
	if !ok {
		return 1
	}
	return 0
}

func (o *options) run(stdout, stderr io.Writer) (bool, error) {
	began := time.Now()
	root, err := filepath.Abs(o.root)
	if err != nil {
		return false, err
	}
	only, err := regexp.Compile(o.only)
	if err != nil {
		return false, fmt.Errorf("--only: %w", err)
	}
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	ctx := context.Background()
	b, err := newBench(root, work)
	if err != nil {
		return false, err
	}
	reasons, err := readSurvivors(filepath.Join(root, survivorsFile))
	if err != nil {
		return false, err
	}
	old := stale(reasons, b.in.mutants)
	for _, key := range old {
		fmt.Fprintf(stdout, "listed in %s, but there is no such mutant: %s\n", survivorsFile, key)
	}
	list, known, err := o.choose(b, only)
	if err != nil {
		return false, err
	}
	if len(list)+len(known) == 0 {
		return false, fmt.Errorf("--only: no mutant matches %q; see lab mutate --list", o.only)
	}
	if o.list {
		for _, m := range list {
			fmt.Fprintf(stdout, "%d %s\n", m.Line, m.Key())
		}
		fmt.Fprintf(stdout, "%d mutants\n", len(list))
		return len(old) == 0, nil
	}
	for _, l := range layers {
		if len(o.layers) > 0 && !slices.Contains(o.layers, l.name) {
			continue
		}
		if _, err := b.prepare(ctx, l); err != nil {
			return false, err
		}
	}
	outcomes, err := b.playAll(ctx, list, o.jobs, stderr)
	if err != nil {
		return false, err
	}
	if err := o.keep(append(known, outcomes...)); err != nil {
		return false, err
	}
	r := &report{outcomes: append(known, outcomes...), reasons: reasons, whole: o.only == ""}
	names, used := b.names()
	r.print(stdout, names)
	fmt.Fprintln(stdout, r.closing(names, used, time.Since(began)))
	return r.ok() && len(old) == 0, nil
}

// names are the layers, and how much processor time their tests took.
func (b *bench) names() (names []string, used time.Duration) {
	for _, l := range b.layers {
		names = append(names, l.name)
		used += l.used
	}
	return names, used
}

// choose returns what is to be played, and what was noticed in an earlier run.
func (o *options) choose(b *bench, only *regexp.Regexp) (list []*Mutant, known []outcome, err error) {
	before := map[string]string{}
	if o.results != "" {
		f, err := os.Open(o.results)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, nil, err
		}
		if err == nil {
			defer f.Close()
			for s := bufio.NewScanner(f); s.Scan(); {
				by, key, _ := strings.Cut(s.Text(), "\t")
				before[key] = by
			}
		}
	}
	for _, m := range b.in.mutants[1:] {
		if !only.MatchString(m.Key()) {
			continue
		}
		if o := (outcome{mutant: m, by: before[m.Key()]}); o.by != "" && o.killed() {
			known = append(known, o)
			continue
		}
		list = append(list, m)
	}
	return list, known, nil
}

func (o *options) keep(outcomes []outcome) error {
	if o.results == "" {
		return nil
	}
	var b strings.Builder
	for _, out := range outcomes {
		fmt.Fprintf(&b, "%s\t%s\n", out.by, out.mutant.Key())
	}
	return os.WriteFile(o.results, []byte(b.String()), 0o644)
}
