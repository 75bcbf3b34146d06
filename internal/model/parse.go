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

// interrupted is what the verifier prints when it is told to end.
const interrupted = "Interrupted"

// What the verifier prints when it has not seen everything.
var truncations = []string{
	interrupted,
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

// Parse reads the output of a verifier. An incomplete search is an error, beside the figures it gives, unless it stopped at
// a counterexample.
func Parse(output string) (Figures, error) {
	m := errorsLine.FindStringSubmatch(output)
	if m == nil {
		return Figures{}, fmt.Errorf("the verifier did not end its search:\n%s", output)
	}
	f, err := figures(output)
	if err != nil {
		return Figures{}, err
	}
	f.Errors, _ = strconv.Atoi(m[1])
	for _, sign := range truncations {
		if strings.Contains(output, sign) {
			return f, fmt.Errorf("the search was cut short: %s", sign)
		}
	}
	if strings.Contains(output, "Search not completed") != (f.Errors > 0) {
		return f, fmt.Errorf("the search was cut short:\n%s", output)
	}
	if b := brokenLine.FindStringSubmatch(output); b != nil {
		f.Broken = b[1]
	}
	return f, nil
}

func figures(output string) (f Figures, err error) {
	for _, figure := range []struct {
		line *regexp.Regexp
		to   func(float64)
	}{
		{statesLine, func(n float64) { f.States = uint64(n) }},
		{transitionLine, func(n float64) { f.Transitions = uint64(n) }},
		{depthLine, func(n float64) { f.Depth = uint64(n) }},
		{memoryLine, func(n float64) { f.Memory = n }},
		{secondsLine, func(n float64) { f.Seconds = n }},
	} {
		n, err := number(figure.line, output)
		if err != nil {
			return Figures{}, err
		}
		figure.to(n)
	}
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
