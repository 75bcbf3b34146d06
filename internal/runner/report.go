package runner

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unicode/utf8"
)

const (
	// errorLines is how many lines of a failing script reach ha-log at level ERROR.
	errorLines = 20
	// debugLines is how many of any script reach it at level debug, that is, debugfile.
	debugLines = 500
	// lineMax cuts a single line, in bytes; ha-log cuts at 511 with what stands before.
	lineMax = 400
)

// report writes what a script printed: to ha-log if a start or stop failed, else for debugfile
// only, where 3.0.6 sends the output of all scripts. A status has no failure to tell of: its
// exit status means nothing.
func (r *Runner) report(j job, c Command, res *Result) {
	prefix := c.Line(j.op) + ": "
	lines := printable(res.Output)
	failed := j.op != "status" && res.RC != 0
	if res.Err != nil {
		r.config.Log("ERROR", res.Err.Error())
	}
	if failed && res.Err == nil && res.RC > rcSignal && res.RC <= rcSignal+64 {
		// A script may exit with such a status itself; it then means the same to a shell.
		sig := syscall.Signal(res.RC - rcSignal)
		r.config.Log("ERROR", fmt.Sprintf("%sended by signal %d (%s)", prefix, int(sig), sig))
	}
	if failed {
		for _, line := range last(lines, errorLines) {
			r.config.Log("ERROR", prefix+line)
		}
	}
	if !failed || len(lines) > errorLines {
		for _, line := range last(lines, debugLines) {
			r.config.Log("debug", prefix+line)
		}
	}
}

// reportMissing tells of a word without a script, as ResourceManager of 3.0.6 does, and of what was
// found instead. A status asks after every word of every group, so there once a word is enough.
func (r *Runner) reportMissing(j job, err error) {
	r.mu.Lock()
	said := r.missing[j.word]
	r.missing[j.word] = true
	r.mu.Unlock()
	if said && j.op == "status" {
		return
	}
	text := "ERROR: " + err.Error()
	var missing *LocateError
	if errors.As(err, &missing) && missing.Why != "" {
		text += " (" + missing.Why + ")"
	}
	r.config.Script(text)
}

// last keeps the end of a long output, where the reason of a failure stands.
func last(lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	left := len(lines) - (n - 1)
	return append([]string{fmt.Sprintf("... (%d lines before these)", left)}, lines[left:]...)
}

// printable splits output into its non-empty lines without control characters.
func printable(output string) []string {
	var lines []string
	for _, line := range strings.FieldsFunc(output, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if len(line) > lineMax {
			end := lineMax
			for end > lineMax-utf8.UTFMax && !utf8.RuneStart(line[end]) {
				end-- // not within a character
			}
			line = line[:end]
			line += "..."
		}
		line = strings.Map(func(r rune) rune {
			switch {
			case r == '\t':
				return ' '
			case r < ' ', r >= 0x7f && r < 0xa0, r == utf8.RuneError, r == '\u2028', r == '\u2029':
				return '?'
			}
			return r
		}, line)
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
