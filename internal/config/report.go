package config

import (
	"cmp"
	"fmt"
)

// Level is how bad a problem is.
type Level uint8

// Only an Error stops the start.
const (
	Error Level = iota
	Warning
	Info
)

// String is the word an operator sees.
func (l Level) String() string {
	switch l {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Info:
		return "info"
	}
	return "unknown"
}

// Problem is one thing to tell about a file.
type Problem struct {
	File  string // "ha.cf", "authkeys", "haresources"
	Line  int    // from 1; 0 when the file could not be read at all
	Level Level
	Text  string
	Hint  string // how to mend it, may be empty

	denied bool // the cause was EPERM or EACCES
}

// String is "ha.cf:17: text". A complaint about something that is nowhere in the file names its
// last line.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Report is everything found, in the order of the stages of 3.0.6: lines of ha.cf, authkeys, cross
// checks, haresources.
type Report []Problem

// Exit statuses of a refused configuration.
const (
	ExitOK     = 0
	ExitDenied = 4 // a file could not be read for lack of permission
	ExitConfig = 6
)

// Fatal says whether the configuration is refused.
func (r Report) Fatal() bool { return r.ExitCode() != ExitOK }

// ExitCode is the exit status of 3.0.6 for this report. 3.0.6 stops at the first stage that fails,
// so the first error decides.
func (r Report) ExitCode() int {
	for _, p := range r {
		if p.Level != Error {
			continue
		}
		if p.denied {
			return ExitDenied
		}
		return ExitConfig
	}
	return ExitOK
}

// Count is the number of problems of a level.
func (r Report) Count(level Level) int {
	n := 0
	for _, p := range r {
		if p.Level == level {
			n++
		}
	}
	return n
}

// Lines is the report for a terminal: "error: ha.cf:17: text", then "hint: …" where there is one.
// A hint that the next problem has too is printed once, at the last of them.
func (r Report) Lines() []string {
	var out []string
	for i, p := range r {
		out = append(out, p.Level.String()+": "+p.String())
		repeated := i+1 < len(r) && r[i+1].Hint == p.Hint
		if p.Hint != "" && !repeated {
			out = append(out, "hint: "+p.Hint)
		}
	}
	return out
}

// unreadable is the problem of a needed file that could not be read.
func unreadable(name string, f File, text, hint string) Problem {
	p := Problem{File: name, Level: Error, Text: text, Hint: hint}
	switch f.State {
	case Denied:
		p.denied = true
		p.Text += ": " + cmp.Or(f.Reason, "permission denied")
		p.Hint = "run this as root"
	case Failed:
		p.Text += ": " + cmp.Or(f.Reason, "unknown reason")
	}
	return p
}
