package simulate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sort"
	"sync/atomic"
	"syscall"
	"time"

	"heartbeatd/internal/labcmd"
	"heartbeatd/internal/scenario"
)

const usage = `Usage: lab simulate [flags]

Plays seeded lives of a cluster in virtual time, with the real core, and holds every moment against
docs/guarantees.md. A broken guarantee is made small and printed as a scenario; the exit status is then 1.

  lab simulate --seeds 100000      a hundred thousand lives
  lab simulate --seed 17           one again, with a trace
  lab simulate --seed 17 --shrink  made small
  lab simulate --play FILE         a script of testdata/scenarios, judged; --trace says what happens
`

// gcPercent is for lives, which leave much behind and keep little.
const gcPercent = 800

type options struct {
	fenced, replaced   bool
	seeds, first, seed uint64
	workers, faults    int
	shrink, trace      bool
	plain, tally       bool
	play               string
	oneSeed            bool
}

// Command is the command line of `lab simulate`, without these two words. It returns the exit status:
// 0 if no guarantee was broken, 1 if one was, 2 for wrong usage.
func Command(args []string, stdout, stderr io.Writer) int {
	var o options
	flags := labcmd.New("simulate", usage)
	flags.Uint64Var(&o.seeds, "seeds", 10000, "how many seeds")
	flags.Uint64Var(&o.first, "first-seed", 0, "the first of them")
	flags.Uint64Var(&o.seed, "seed", 0, "only this one, with a trace")
	flags.BoolVar(&o.shrink, "shrink", false, "with --seed or --play: make it small and print that")
	flags.StringVar(&o.play, "play", "", "judge a scenario script")
	flags.BoolVar(&o.trace, "trace", false, "with --play: say what happens")
	flags.IntVar(&o.workers, "workers", runtime.NumCPU(), "seeds at once")
	flags.IntVar(&o.faults, "faults", 10, "end after so many broken seeds")
	flags.BoolVar(&o.fenced, "fenced", false, "the nodes have STONITH devices")
	flags.BoolVar(&o.replaced, "replaced", false, "daemons replace themselves, with other files")
	flags.BoolVar(&o.plain, "plain", false, "only name the broken seeds")
	flags.BoolVar(&o.tally, "tally", false, "print how often each case was met and each rule judged")
	if status, done := flags.Read(args, stdout, stderr); done {
		return status
	}
	if err := o.clash(flags); err != nil {
		return flags.Wrong(stderr, err)
	}
	o.oneSeed = flags.Changed("seed")
	ok, err := o.run(stdout)
	switch {
	case err != nil:
		return labcmd.Fail(stderr, err)
	case !ok:
		return 1
	}
	return 0
}

// clash finds flags that would say nothing.
func (o *options) clash(f *labcmd.Flags) error {
	many := []string{"seeds", "first-seed", "workers", "faults", "plain", "tally"}
	switch err := errors.Join(f.Alone("play", append(many, "seed")...), f.Alone("seed", append(many, "trace")...)); {
	case err != nil:
		return err
	case o.fenced && o.replaced:
		return errors.New("--replaced has lives with STONITH devices too: want only one of it and --fenced")
	case o.seeds == 0 || o.workers < 1 || o.faults < 1:
		return errors.New("--seeds, --workers and --faults: want 1 or more")
	case !f.Changed("play") && o.trace:
		return errors.New("--trace is for --play")
	case !f.Changed("play") && !f.Changed("seed") && o.shrink:
		return errors.New("--shrink is for --seed and --play")
	}
	return nil
}

func (o *options) plan(seed uint64) Plan {
	farm := Farm{Fenced: o.fenced, Replaced: o.replaced}
	return farm.plan(seed)
}

func (o *options) run(out io.Writer) (ok bool, err error) {
	switch {
	case o.play != "":
		text, err := os.ReadFile(o.play)
		if err != nil {
			return false, err
		}
		plan, err := ReadPlan(string(text))
		if err != nil {
			return false, fmt.Errorf("%s: %w", o.play, err)
		}
		ok, err := o.one(plan, o.trace, out)
		if err != nil {
			return false, fmt.Errorf("%s: %w", o.play, err)
		}
		return ok, nil
	case o.oneSeed:
		return o.one(o.plan(o.seed), !o.shrink, out)
	}
	return o.many(out), nil
}

// one plays one plan and says how it ended.
func (o *options) one(plan Plan, traced bool, out io.Writer) (bool, error) {
	if o.shrink {
		plan = Shrink(plan)
	}
	var trace func(string, ...any)
	if traced {
		fmt.Fprintln(out, plan.Script(nil))
		trace = func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	}
	r, err := Play(plan, trace)
	if err != nil {
		return false, err
	}
	if o.shrink {
		fmt.Fprint(out, plan.Script(r.Calms))
	}
	if r.Failure != nil {
		fmt.Fprintf(out, "%v\n", r.Failure)
		return false, nil
	}
	fmt.Fprintf(out, "no guarantee broken in %s\n", scenario.Stamp(r.Lived()))
	return true, nil
}

// many plays seeds and prints the closing line.
func (o *options) many(out io.Writer) bool {
	begin := time.Now()
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	var interrupted atomic.Bool
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		if _, more := <-signals; more {
			interrupted.Store(true)
		}
	}()
	farm := Farm{
		Fenced: o.fenced, Replaced: o.replaced,
		First: o.first, Seeds: o.seeds, Workers: o.workers, AtMost: o.faults, Ended: interrupted.Load,
		Found: func(f Fault) { o.report(f, out) },
		Each: func(done uint64) {
			if done%50000 == 0 {
				fmt.Fprintf(out, "%d seeds, %s\n", done, time.Since(begin).Round(time.Second))
			}
		},
	}
	r := farm.Play()
	close(signals)
	if o.tally {
		WriteTally(out, r.Tally)
	}
	for _, c := range Cases {
		if r.Tally.Cases[c] == 0 {
			fmt.Fprintf(out, "never met: %q\n", c)
		}
	}
	fmt.Fprintln(out, Closing(r, time.Since(begin), cpuTime()))
	return len(r.Faults) == 0
}

// report prints a fault as a scenario.
func (o *options) report(f Fault, out io.Writer) {
	fenced := ""
	if o.fenced {
		fenced = " --fenced"
	}
	if o.replaced {
		fenced = " --replaced"
	}
	fmt.Fprintf(out, "%v\n\tbin/lab simulate%s --seed %d\n", f, fenced, f.Seed)
	if o.plain || f.Failure.Rule == "plan" {
		return
	}
	small := Shrink(o.plan(f.Seed))
	r, err := Play(small, nil)
	if err != nil {
		return
	}
	name := fmt.Sprintf("%s/seed-%d.txt", os.TempDir(), f.Seed)
	text := fmt.Sprintf("# seed %d, made small: %v\n%s", f.Seed, r.Failure, small.Script(r.Calms))
	fmt.Fprint(out, text)
	if err := os.WriteFile(name, []byte(text), 0o644); err == nil {
		fmt.Fprintf(out, "\tbin/lab simulate --trace --play %s\n", name)
	}
}

// Closing is the closing line.
func Closing(r Result, wall, cpu time.Duration) string {
	perMinute := r.Lived.Hours() / max(wall.Minutes(), 1e-9)
	return fmt.Sprintf("simulate: %d seeds, %.0f simulated cluster-hours, %d failed, %s wall, %s processor, %.0f hours a minute (%.0f a minute of one processor)",
		r.Seeds, r.Lived.Hours(), len(r.Faults), wall.Round(100*time.Millisecond), cpu.Round(100*time.Millisecond), perMinute, r.Lived.Hours()/max(cpu.Minutes(), 1e-9))
}

// WriteTally prints how often each case was reached and each rule judged.
func WriteTally(out io.Writer, t Tally) {
	for _, c := range Cases {
		fmt.Fprintf(out, "%9d times %q\n", t.Cases[c], c)
	}
	var names []string
	for name := range t.Armed {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(out, "%9d times %s judged, %d begun\n", t.Judged[name], name, t.Armed[name])
	}
	fmt.Fprintf(out, "at most %.1f datagrams and %.1f timers for each beat in a minute; the longest calm took %.0f %% of what is promised\n",
		t.maxSent, t.maxWakeup, 100*t.longestCalm)
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
