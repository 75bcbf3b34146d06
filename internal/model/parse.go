package model

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Figures is what a verifier says of its search.
type Figures struct {
	Errors      int
	Broken      string // what the counterexample breaks, in the verifier's words
	States      uint64 // stored
	Transitions uint64
	Depth       uint64
	Memory      float64 // megabytes
	Seconds     float64
}

var (
	errorsLine     = regexp.MustCompile(`errors: (\d+)`)
	statesLine     = regexp.MustCompile(`(?m)^ *(\S+) states, stored`)
	transitionLine = regexp.MustCompile(`(?m)^ *(\S+) transitions`)
	depthLine      = regexp.MustCompile(`depth reached (\d+)`)
	memoryLine     = regexp.MustCompile(`(?m)^ *(\S+)\s+total actual memory usage`)
	secondsLine    = regexp.MustCompile(`elapsed time (\S+) seconds`)
	brokenLine     = regexp.MustCompile(`(?m)^pan:1: (.*) \(at depth`)
	unreachedLine  = regexp.MustCompile(`(?m)^\t(\S+:\d+), state \d+, (".*")$`)
)

// What the verifier prints when it has not seen everything.
var truncations = []string{
	"max search depth too small",
	"error: max search depth",
	"out of memory",
	"reached -DMEMLIM",
	"memory exceeded",
	"Bit statespace search",
	"Hash-Compact",
	"vector too long",
	"VECTORSZ too small",
}

// Parse reads the output of a verifier. An incomplete search is an error unless it stopped at a
// counterexample.
func Parse(output string) (Figures, error) {
	for _, sign := range truncations {
		if strings.Contains(output, sign) {
			return Figures{}, fmt.Errorf("the search was cut short: %s", sign)
		}
	}
	m := errorsLine.FindStringSubmatch(output)
	if m == nil {
		return Figures{}, fmt.Errorf("the verifier did not end its search:\n%s", output)
	}
	var f Figures
	f.Errors, _ = strconv.Atoi(m[1])
	if strings.Contains(output, "Search not completed") != (f.Errors > 0) {
		return Figures{}, fmt.Errorf("the search was not completed:\n%s", output)
	}
	if b := brokenLine.FindStringSubmatch(output); b != nil {
		f.Broken = b[1]
	}
	states, err := number(statesLine, output)
	if err != nil {
		return Figures{}, err
	}
	transitions, err := number(transitionLine, output)
	if err != nil {
		return Figures{}, err
	}
	depth, err := number(depthLine, output)
	if err != nil {
		return Figures{}, err
	}
	if f.Memory, err = number(memoryLine, output); err != nil {
		return Figures{}, err
	}
	if f.Seconds, err = number(secondsLine, output); err != nil {
		return Figures{}, err
	}
	f.States, f.Transitions, f.Depth = uint64(states), uint64(transitions), uint64(depth)
	return f, nil
}

// Unreached lists the statements of the model that a search has not executed.
func Unreached(output string) map[string]bool {
	statements := map[string]bool{}
	for _, m := range unreachedLine.FindAllStringSubmatch(output, -1) {
		statements[m[1]+" "+m[2]] = true
	}
	return statements
}

// number reads a figure: 1234 or 1.2345678e+08.
func number(line *regexp.Regexp, output string) (float64, error) {
	m := line.FindStringSubmatch(output)
	if m == nil {
		return 0, fmt.Errorf("the verifier gives no figure for %q:\n%s", line, output)
	}
	return strconv.ParseFloat(m[1], 64)
}
