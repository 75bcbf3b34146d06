package main

import (
	"bufio"
	"encoding/json"
	"io"
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
		}
	case "skip":
		if e.Test != "" { // a package without tests is no skipped test
			c.step.Skipped = append(c.step.Skipped, outcome{name, reason(c.words[name])})
		}
	case "fail":
		io.WriteString(c.stdout, strings.Join(c.words[name], ""))
		if !c.blamed(name) {
			c.step.Failed = append(c.step.Failed, outcome{Test: name})
		}
	default:
		return
	}
	delete(c.words, name)
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
		if text != "" && !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- ") {
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
