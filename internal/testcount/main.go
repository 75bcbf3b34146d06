// Testcount runs the steps of `make test` and counts what they say.
//
//	testcount run  TALLY NAME COMMAND...   run a step; `go test -json` output is counted by test,
//	                                       any other command counts as one test
//	testcount skip TALLY NAME REASON       note a step this machine cannot run
//	testcount sum  TALLY                   print failures, skips and the totals; fail if anything failed
//
// In CI, or with HEARTBEATD_NEED_ROOT=1, a skip counts as a failure too.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

func main() {
	code, err := run(os.Args[1:], os.Stdout, os.Getenv("CI") == "true" || os.Getenv("HEARTBEATD_NEED_ROOT") == "1")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

func run(args []string, stdout io.Writer, strict bool) (int, error) {
	switch {
	case len(args) == 4 && args[0] == "skip":
		s := step{Name: args[2], Skipped: []outcome{{Test: args[2], Why: args[3]}}}
		fmt.Fprintf(stdout, "==> %s: skipped: %s\n", s.Name, args[3])
		return 0, s.save(args[1])
	case len(args) >= 4 && args[0] == "run":
		return runStep(args[1], args[2], args[3:], stdout)
	case len(args) == 2 && args[0] == "sum":
		return sum(args[1], stdout, strict)
	}
	return 0, errors.New("usage: testcount run|skip|sum TALLY ...")
}

// runStep runs a command, shows what is worth seeing and adds the result to the tally. It gives
// 1 if the step failed.
func runStep(tally, name string, command []string, stdout io.Writer) (int, error) {
	fmt.Fprintf(stdout, "==> %s\n", name)
	began := time.Now()
	cmd := exec.Command(command[0], command[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	cmd.Stderr = cmd.Stdout // build errors of go vet and go test
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting step %s: %w", name, err)
	}
	c := newCounter(name, stdout)
	readErr := c.read(out)
	s := c.finish(errors.Join(readErr, cmd.Wait()))
	fmt.Fprintf(stdout, "    %s: %d passed, %d failed, %d skipped in %.0fs\n",
		name, s.Passed, len(s.Failed), len(s.Skipped), time.Since(began).Seconds())
	if err := s.save(tally); err != nil {
		return 0, err
	}
	return min(len(s.Failed), 1), nil
}

// step is the result of one step, one line of the tally.
type step struct {
	Name    string
	Passed  int
	Failed  []outcome
	Skipped []outcome
}

type outcome struct{ Test, Why string }

func (s step) save(tally string) error {
	f, err := os.OpenFile(tally, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("adding to the tally: %w", err)
	}
	return errors.Join(json.NewEncoder(f).Encode(s), f.Close())
}

func sum(tally string, stdout io.Writer, strict bool) (int, error) {
	f, err := os.Open(tally)
	if err != nil {
		return 0, fmt.Errorf("reading the tally: %w", err)
	}
	defer f.Close()
	var passed, failed, skipped int
	for dec := json.NewDecoder(f); ; {
		var s step
		if err := dec.Decode(&s); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, fmt.Errorf("reading the tally: %w", err)
		}
		for _, o := range s.Failed {
			fmt.Fprintf(stdout, "FAILED  %s: %s\n", s.Name, o.Test)
		}
		for _, o := range s.Skipped {
			fmt.Fprintf(stdout, "SKIPPED %s: %s: %s\n", s.Name, o.Test, o.Why)
		}
		passed, failed, skipped = passed+s.Passed, failed+len(s.Failed), skipped+len(s.Skipped)
	}
	if strict && skipped > 0 {
		fmt.Fprintln(stdout, "nothing may be skipped here: the skips above count as failures")
	}
	fmt.Fprintf(stdout, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || strict && skipped > 0 || passed == 0 {
		return 1, nil
	}
	return 0, nil
}
