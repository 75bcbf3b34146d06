package chaos

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// endings looks at daemons and hosts that ended though nobody made them.
func (j *judge) endings() {
	j.checked("daemon-lives")
	for _, e := range j.r.Ended {
		if e.What == "daemon" {
			j.breach("daemon-lives", e.At, "the daemon of %s has ended by itself", e.Node)
			continue
		}
		j.checked("no-needless-reboot")
		if !j.stopTrouble(e.Node, e.At) {
			j.breach("no-needless-reboot", e.At, "%s rebooted itself, and no stop had failed", e.Node)
		}
	}
}

// stopTrouble says whether a stop script of a node failed or was killed in the time before.
func (j *judge) stopTrouble(node string, at time.Time) bool {
	for _, c := range j.r.Calls {
		if c.Node == node && c.What == callStopFailed && c.At.Before(at) && at.Sub(c.At) < time.Minute {
			return true
		}
	}
	for _, c := range j.r.Changes {
		if c.Node == node && c.Fact == factTrouble && c.Begin.Before(at) && at.Sub(c.Begin) < time.Minute {
			return true
		}
	}
	return false
}

// commandLimit is how long an operator may have to wait for the end of a command that moves nothing itself.
const commandLimit = 12 * time.Second

// commands looks at the operator's commands. Those to a daemon that is stopped by a signal, or killed
// meanwhile, have no time.
func (j *judge) commands() {
	for _, c := range j.r.Commands {
		limit := commandLimit
		if c.Text == "stop" {
			limit += 2*j.s.scriptTime() + stopTries + j.s.Promise(together)
		}
		end := ending(c.End, j.r.End)
		if end.Sub(c.Begin) <= limit || !j.livedAll(c.Node, c.Begin, end) {
			continue
		}
		j.breach("commands-return", c.Begin, "%s on %s did not return within %v", c.Text, c.Node, limit)
	}
	j.out.Checked["commands-return"] += len(j.r.Commands)
}

// livedAll says that a node's daemon worked, and stopped in order, for a whole time.
func (j *judge) livedAll(node string, from, to time.Time) bool {
	i := index(node)
	for n, s := range j.t.states {
		if !j.t.cuts[n+1].After(from) || !j.t.cuts[n].Before(to) {
			continue
		}
		if s.daemon[i] == "stopping" {
			s.daemon[i] = "up"
		}
		if !s.lives(i) {
			return false
		}
	}
	return true
}

func (j *judge) calms() {
	for _, c := range j.r.Calms {
		j.checked("converges")
		if c.Settled.IsZero() {
			j.breach("converges", c.End, "%v after everything was mended: %s", c.End.Sub(c.Begin).Round(time.Millisecond), c.Why)
			continue
		}
		j.longest("calm", c.Settled.Sub(c.Begin))
	}
}

// Bounds of what a daemon of two nodes and a few groups may use, at any age: about twice what it was seen to use.
// The memory is that of a program of 5 MB, mapped, and its heap. One that lived from one calm to another may have
// grown by no more than the second kind.
var (
	mostUsed  = usage{files: 40, threads: 20, memory: 24 << 10, goroutines: 45}
	mostGrown = usage{files: 8, threads: 8, memory: 8 << 10}
)

// usage is what a daemon has; memory is in KiB.
type usage struct{ files, threads, memory, goroutines int }

func (s Sample) usage() usage { return usage{s.Files, s.Threads, s.Memory, s.Goroutines} }

// over names what is more than a bound allows.
func (u usage) over(most usage) string {
	switch {
	case u.files > most.files:
		return fmt.Sprintf("%d descriptors", u.files)
	case u.threads > most.threads:
		return fmt.Sprintf("%d threads", u.threads)
	case u.memory > most.memory:
		return fmt.Sprintf("%d KiB", u.memory)
	case most.goroutines > 0 && u.goroutines > most.goroutines:
		return fmt.Sprintf("%d goroutines", u.goroutines)
	}
	return ""
}

func (j *judge) growth() {
	first := map[string]Sample{}
	for _, s := range j.r.Samples {
		j.checked("no-growth")
		u := s.usage()
		for what, n := range map[string]int{"files": u.files, "threads": u.threads, "KiB": u.memory, "goroutines": u.goroutines} {
			j.out.Checked["most "+what] = max(j.out.Checked["most "+what], n)
		}
		if over := u.over(mostUsed); over != "" {
			j.breach("no-growth", s.At, "the daemon of %s uses %s", s.Node, over)
		}
		life := fmt.Sprintf("%s %d", s.Node, s.PID)
		f, ok := first[life]
		if !ok {
			first[life] = s
			continue
		}
		j.checked("no-growth, same daemon")
		grown := usage{s.Files - f.Files, s.Threads - f.Threads, s.Memory - f.Memory, 0}
		if over := grown.over(mostGrown); over != "" {
			j.breach("no-growth", s.At, "the daemon of %s uses %s more than %v before", s.Node, over, s.At.Sub(f.At).Round(time.Second))
		}
	}
}

// crash is what the Go runtime prints when a program fails.
var crash = regexp.MustCompile(`panic: |panic\(|runtime error|fatal error: |goroutine \d+ \[|DATA RACE|\.go:\d+ \+0x`)

func (j *judge) logs() {
	j.checked("clean-log")
	look := func(at time.Time, node, text string) {
		switch {
		case crash.MatchString(text):
			j.breach("clean-log", at, "%s says: %s", node, text)
		case strings.Contains(text, j.s.Secret):
			j.breach("clean-log", at, "%s gives its secret away: %s", node, text)
		}
	}
	for _, l := range j.r.Lines {
		look(l.At, l.Node, l.Text)
	}
	for node, text := range j.r.Console {
		for _, line := range strings.Split(text, "\n") {
			look(j.r.End, node, line)
		}
	}
}
