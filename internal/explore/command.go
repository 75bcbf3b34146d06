package explore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

const usage = `usage: lab explore [flags]

Searches, completely within small scopes, what two nodes can come to: every order of messages, timers,
scripts, crashes, partitions, stalls and an operator's command, over the real core. A broken guarantee
is written as a list of steps, to be seen again with --replay. What the figures mean stands in the
documentation of the package internal/explore. The exit status is 1 if a guarantee is broken.

  lab explore                         every scope but those that --list says are searched only if they are named
  lab explore --scope crash,cut       some
  lab explore --replay steps.txt      one way again, with what both nodes say

`

type options struct {
	only, replay, out string
	states, calm      int
	limit             time.Duration
	list, pairs       bool
}

// Command is the command line of `lab explore`, without these two words. It returns the exit status: 0
// if no guarantee was broken, 1 if one was, 2 for wrong usage.
func Command(args []string, stdout, stderr io.Writer) int {
	var o options
	flags := pflag.NewFlagSet("lab explore", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(stderr)
	flags.StringVar(&o.only, "scope", "", "only these scopes, separated by commas")
	flags.BoolVar(&o.list, "list", false, "name the scopes and their budgets")
	flags.IntVar(&o.states, "states", 0, "end a scope after so many states (0: no end)")
	flags.DurationVar(&o.limit, "limit", 0, "end a scope after so much processor time (0: no end)")
	flags.IntVar(&o.calm, "calm", 1, "leave the pair alone, and see it come right, in one of so many quiet states")
	flags.StringVar(&o.out, "out", "explore-found.txt", "the file for the steps to a broken guarantee")
	flags.StringVar(&o.replay, "replay", "", "play the steps in this file")
	flags.BoolVar(&o.pairs, "pairs", false, "list how often each event met each state")
	flags.Usage = func() { fmt.Fprint(stderr, usage+flags.FlagUsages()) }
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && o.calm < 1:
		err = errors.New("--calm must be at least 1")
	}
	broken := false
	if err == nil {
		broken, err = o.run(stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "lab: error: %v\n", err)
		return 2
	case broken:
		return 1
	}
	return 0
}

func (o *options) run(w io.Writer) (broken bool, err error) {
	if o.replay != "" {
		return o.again(w)
	}
	chosen, err := choose(o.only)
	if err != nil {
		return false, err
	}
	if o.list {
		list(w, chosen, "")
		if o.only == "" {
			list(w, pointers(vast), " (only if it is named)")
		}
		return false, nil
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // cores are made and forgotten all the time
	return o.search(w, chosen)
}

func (o *options) again(w io.Writer) (bool, error) {
	text, err := os.ReadFile(o.replay)
	if err != nil {
		return false, err
	}
	wrong, err := Replay(string(text), w)
	switch {
	case err != nil:
		return false, err
	case wrong == "":
		fmt.Fprintln(w, "Nothing is wrong after these steps.")
		return false, nil
	}
	fmt.Fprintf(w, "WRONG: %s\n", wrong)
	return true, nil
}

func choose(only string) ([]*Scope, error) {
	if only == "" {
		return append(pointers(quick), pointers(wide)...), nil
	}
	var chosen []*Scope
	for _, name := range strings.Split(only, ",") {
		s := scopeOf(name)
		if s == nil {
			return nil, fmt.Errorf("there is no scope %q: see --list", name)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

func pointers(scopes []Scope) (p []*Scope) {
	for i := range scopes {
		p = append(p, &scopes[i])
	}
	return p
}

func list(w io.Writer, scopes []*Scope, note string) {
	for _, s := range scopes {
		fmt.Fprintf(w, "%-18s %s%s\n", s.Name, s.words(), note)
	}
}

func (o *options) search(w io.Writer, chosen []*Scope) (broken bool, err error) {
	met, total := NewCoverage(), total{}
	fmt.Fprintln(w, header)
	for _, s := range chosen {
		began := cpuTime()
		l := Limits{States: o.states, Calm: o.calm}
		if o.limit > 0 {
			l.Until = func() bool { return cpuTime()-began > o.limit }
		}
		r := Search(s, l, met)
		r.Took = cpuTime() - began
		fmt.Fprintln(w, r)
		total.add(r)
		if r.Found != nil {
			broken = true
			if err := o.report(w, s, r.Found); err != nil {
				return broken, err
			}
		}
	}
	if o.pairs {
		met.list(w)
	}
	reached, all := met.count()
	fmt.Fprintf(w, "%s\nexplore: %s, %d of %d pairs of a state and an event met\n", meaning, total, reached, all)
	return broken, nil
}

// cpuTime is the processor time of this process: the machine may have other work.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (o *options) report(w io.Writer, s *Scope, f *Found) error {
	short := shrink(s, f)
	file, err := os.Create(o.out)
	if err != nil {
		return err
	}
	short.Write(file, s.Name)
	if err := file.Close(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nBROKEN in scope %s: %s\n", s.Name, short.Wrong)
	for n, step := range short.Steps {
		fmt.Fprintf(w, "%4d  %s\n", n+1, step)
	}
	fmt.Fprintf(w, "See it again: bin/lab explore --replay %s\n\n", o.out)
	return nil
}
