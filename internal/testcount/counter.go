package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// counter reads the output of one step.
type counter struct {
	step   step
	stdout io.Writer
	goTest bool                // at least one line was an event
	words  map[string][]string // output of tests not yet over
	parent map[string]bool     // tests that have subtests
	passed []string
}

func newCounter(name string, stdout io.Writer) *counter {
	return &counter{step: step{Name: name}, stdout: stdout, words: map[string][]string{}, parent: map[string]bool{}}
}

// read shows lines that are no events at once; the output of a test is shown if it fails.
func (c *counter) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case line == "":
		case line[0] == '{' && json.Unmarshal([]byte(line), &e) == nil && e.Action != "":
			c.goTest = true
			c.take(e)
		default:
			io.WriteString(c.stdout, line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *counter) take(e event) {
	name := e.Package
	if e.Test != "" {
		name += "." + e.Test
		if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
			c.parent[e.Package+"."+e.Test[:i]] = true
		}
	}
	switch e.Action {
	case "build-output": // the package that fails for it follows
		io.WriteString(c.stdout, e.Output)
		return
	case "output":
		c.words[name] = append(c.words[name], e.Output)
		return
	case "pass":
		if e.Test != "" {
			c.passed = append(c.passed, name)
			c.showReplays(name)
		}
	case "skip":
		if e.Test != "" { // a package without tests is no skipped test
			c.step.Skipped = append(c.step.Skipped, outcome{name, reason(c.words[name])})
		}
	case "fail":
		if e.Test == "" {
			c.showUnfinished(name)
		}
		io.WriteString(c.stdout, strings.Join(c.words[name], ""))
		if !c.blamed(name) {
			c.step.Failed = append(c.step.Failed, outcome{Test: name})
		}
	default:
		return
	}
	delete(c.words, name)
}

// replay is in what a test says when a play of it told nothing, and it was played again.
const replay = "tells nothing"

// showReplays shows that a test has passed only at a second try, and why.
func (c *counter) showReplays(name string) {
	for _, line := range c.words[name] {
		if strings.Contains(line, replay) {
			fmt.Fprintf(c.stdout, "    %s: %s\n", name, strings.TrimSpace(line))
		}
	}
}

// showUnfinished shows what the tests of a package had said that were not over when it ended: with a panic, or
// a time limit, one of them has the reason.
func (c *counter) showUnfinished(pkg string) {
	for _, name := range slices.Sorted(maps.Keys(c.words)) {
		if said := c.words[name]; strings.HasPrefix(name, pkg+".") && slices.ContainsFunc(said, telling) {
			fmt.Fprintf(c.stdout, "%s did not come to its end:\n%s", name, strings.Join(said, ""))
			delete(c.words, name)
		}
	}
}

// telling tells a test's own line from those of the testing package about its begin.
func telling(line string) bool {
	return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "=== ")
}

// blamed tells whether a part of name, a subtest or a test of the package, has failed already:
// one failure is not counted twice.
func (c *counter) blamed(name string) bool {
	for _, o := range c.step.Failed {
		if strings.HasPrefix(o.Test, name+"/") || strings.HasPrefix(o.Test, name+".") {
			return true
		}
	}
	return false
}

// reason is what a test said when it skipped itself.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		text := strings.TrimSpace(line)
		if telling(text) && !strings.HasPrefix(text, "--- ") {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// finish ends the step. A command that failed without a failing test, or that is no go test at
// all, counts as one.
func (c *counter) finish(err error) step {
	for _, name := range c.passed {
		if !c.parent[name] {
			c.step.Passed++
		}
	}
	switch {
	case err != nil && len(c.step.Failed) == 0:
		c.step.Failed = append(c.step.Failed, outcome{Test: c.step.Name + ": " + err.Error()})
	case err == nil && !c.goTest:
		c.step.Passed++
	}
	return c.step
}
