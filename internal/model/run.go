package model

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The properties of the model, as testdata/model/pair.pml numbers them.
const (
	Safety = ""      // 1 and 2, checked after every step
	Owner  = "owner" // 3
	Talk   = "talk"  // 4
	Stop   = "stop"  // 5
)

// Config is one complete search: what may happen, and which property is checked.
type Config struct {
	Name     string
	Property string   // Safety, or the name of a formula
	Bounds   []string // NAME=VALUE of pair.pml
	Breaks   string   // with a planted fault: what the verifier says is broken
}

// Result is a search and its figures.
type Result struct {
	Config
	Figures
	Trail  string // the steps of a counterexample, if there is one
	Output string // all that the verifier said
}

// maxDepth is far above what any configuration reaches; one that does is an error.
const maxDepth = 1000000

// Run searches one configuration. If the context ends before the search, what it came to is returned beside the error.
func (v *Verifier) Run(ctx context.Context, c Config, dir string) (Result, error) {
	program, args := v.safety, []string{"-m" + strconv.Itoa(maxDepth), "-w20"}
	if c.Property != Safety {
		program, args = v.liveness, append(args, "-a", "-N", c.Property)
	}
	output, err := v.play(ctx, c, program, dir, args)
	r := Result{Config: c, Output: output}
	if err != nil {
		return r, fmt.Errorf("%s: %w\n%s", c.Name, err, output)
	}
	if r.Figures, err = Parse(output); err != nil {
		return r, fmt.Errorf("%s: %w", c.Name, err)
	}
	if r.Errors > 0 {
		r.Trail = v.replay(ctx, c, program, dir, args)
	}
	return r, nil
}

// play runs a verifier. Its exit status says nothing that its output does not.
func (v *Verifier) play(ctx context.Context, c Config, program, dir string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), c.Bounds...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it gives its figures
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil && strings.Contains(string(out), interrupted) {
		err = nil // Parse says so
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	return string(out), err
}

// replay prints the counterexample that the verifier has just written.
func (v *Verifier) replay(ctx context.Context, c Config, program, dir string, args []string) string {
	trails, _ := filepath.Glob(filepath.Join(dir, "*.trail"))
	if len(trails) == 0 {
		return ""
	}
	defer os.Remove(trails[0])
	out, err := v.play(ctx, c, program, dir, append(args, "-r", trails[0]))
	if err != nil {
		return err.Error()
	}
	return steps(out)
}

// steps keeps the lines that the model itself prints, one a step: the node, what happened, and how things stand.
func steps(output string) string {
	var kept strings.Builder
	for line := range strings.Lines(output) {
		event, state, ok := strings.Cut(strings.TrimSpace(line), " | ")
		node, number, _ := strings.Cut(event, " ")
		if n, err := strconv.Atoi(number); ok && err == nil && n > 0 && n <= len(events) {
			fmt.Fprintf(&kept, "%s %-11s | %s\n", node, events[len(events)-n], state)
		}
	}
	return kept.String()
}

// events are the names of pair.pml's mtype. Spin counts them from the last, and a verifier prints numbers only.
var events = strings.Fields(`takeBeat take0 take1 take2 sendBeat scriptEnds scriptErrs scriptHangs verdict answered ask deafFor
	giveUp retry retryStop leave failbackDue standbyCmd stopCmd
	bootNode crash kill killQuiet cutOne cutBoth mendOne mendBoth stall resume lose0 loseLast calmDown`)
