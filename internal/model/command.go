package model

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/labcmd"
)

const usage = `Usage: lab model [flags]

Searches every configuration of the Promela model completely with Spin, and every planted fault, which must
break what it is planted for. The exit status is 1 if one is not as it must be. It needs spin and gcc.
`

// Command is `lab model`: every configuration of [Short] and [Long], and every planted fault.
func Command(args []string, stdout, stderr io.Writer) int {
	flags := labcmd.New("model", usage)
	source := flags.String("model", "testdata/model/pair.pml", "the model")
	only := flags.String("only", "", "only configurations whose name contains this")
	limit := flags.Duration("limit", 0, "end a search after so long, and say so (0: no end)")
	memory := flags.Int("memory", 6000, "megabytes that a search may use; one that needs more ends, and says so")
	list := flags.Bool("list", false, "only list the configurations")
	if status, done := flags.Read(args, stdout, stderr); done {
		return status
	}
	var chosen []Config
	for _, c := range slices.Concat(Short, Long, Planted) {
		if strings.Contains(c.Name, *only) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return flags.Wrong(stderr, fmt.Errorf("--only: no configuration has %q in its name: see --list", *only))
	}
	if *list {
		for _, c := range chosen {
			fmt.Fprintf(stdout, "%-36s %s\n", c.Name, strings.Join(c.Bounds, " "))
		}
		return labcmd.OK
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if name := Missing(); name != "" {
		return labcmd.Fail(stderr, fmt.Errorf("the model cannot be checked: %s is not installed", name))
	}
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		return labcmd.Fail(stderr, err)
	}
	defer os.RemoveAll(dir)
	v, err := Build(ctx, *source, dir, *memory)
	if err != nil {
		return labcmd.Fail(stderr, err)
	}
	t := total{}
	for _, c := range chosen {
		r, err := runFor(ctx, *limit, v, c, dir)
		switch {
		case err != nil && r.States > 0 && ctx.Err() == nil:
			fmt.Fprintln(stdout, cutLine(r, err))
			t.cut++
			continue
		case err != nil:
			fmt.Fprintln(stderr, err)
			t.failed++
			continue
		}
		t.add(r)
		fmt.Fprintln(stdout, line(r))
		if r.Verdict() != "" {
			fmt.Fprintf(stdout, "%s\n%s", r.Verdict(), r.Trail)
		}
	}
	for _, statement := range slices.Sorted(maps.Keys(t.unreached)) {
		fmt.Fprintln(stdout, "never executed:", statement)
	}
	fmt.Fprintln(stdout, t)
	if t.failed+t.cut > 0 {
		return 1
	}
	return 0
}

// runFor ends a search that takes too long.
func runFor(ctx context.Context, limit time.Duration, v *Verifier, c Config, dir string) (Result, error) {
	if limit > 0 {
		var end func()
		ctx, end = context.WithTimeout(ctx, limit)
		defer end()
	}
	return v.Run(ctx, c, dir)
}

// Verdict says what is wrong with a result; "" if it is what it must be.
func (r Result) Verdict() string {
	switch {
	case r.Breaks == "" && r.Errors > 0:
		return fmt.Sprintf("%s: %s", r.Name, r.Broken)
	case r.Breaks != "" && r.Errors == 0:
		return fmt.Sprintf("%s: the planted fault breaks nothing", r.Name)
	case r.Breaks != "" && !strings.Contains(r.Broken, r.Breaks):
		return fmt.Sprintf("%s: the planted fault breaks %q, not %q", r.Name, r.Broken, r.Breaks)
	}
	return ""
}

func line(r Result) string {
	what := "holds"
	if r.Errors > 0 {
		what = "broken: " + r.Broken
	}
	return lineOf(r, what)
}

// cutLine is the line of a search that did not end by itself.
func cutLine(r Result, err error) string {
	why, _, _ := strings.Cut(err.Error(), "\n")
	return lineOf(r, "CUT SHORT, not complete: "+why)
}

func lineOf(r Result, what string) string {
	property := "1, 2"
	if n, ok := map[string]string{Owner: "3", Talk: "4", Stop: "5"}[r.Property]; ok {
		property = n
	}
	return fmt.Sprintf("%-28s %-44s property %-4s %10d states %11d transitions depth %5d %6.0f MB %7.1f s  %s",
		r.Name, strings.Join(r.Bounds, " "), property, r.States, r.Transitions, r.Depth, r.Memory, r.Seconds, what)
}

// total is the closing line.
type total struct {
	searches, planted, cut, failed int
	states, transitions            uint64
	depth                          uint64
	memory, seconds                float64
	unreached                      map[string]bool // by no search without a formula
}

func (t *total) add(r Result) {
	if r.Verdict() != "" {
		t.failed++
	}
	if r.Breaks != "" {
		t.planted++
		return
	}
	if r.Property == Safety {
		t.reach(Unreached(r.Output))
	}
	t.searches++
	t.states += r.States
	t.transitions += r.Transitions
	t.depth = max(t.depth, r.Depth)
	t.memory = max(t.memory, r.Memory)
	t.seconds += r.Seconds
}

func (t *total) reach(unreached map[string]bool) {
	if t.unreached == nil {
		t.unreached = unreached
		return
	}
	for statement := range t.unreached {
		if !unreached[statement] {
			delete(t.unreached, statement)
		}
	}
}

func (t total) String() string {
	return fmt.Sprintf("model: %d complete searches, %d states, %d transitions, depth %d, %.0f MB, %.0f s; %d planted faults; %d cut short; %d failed",
		t.searches, t.states, t.transitions, t.depth, t.memory, t.seconds, t.planted, t.cut, t.failed)
}
