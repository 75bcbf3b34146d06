package core

import (
	"regexp"
	"time"
)

// script is a running resource script.
type script struct {
	id       uint64
	group    *group
	index    int
	op       Op
	since    time.Duration
	reported time.Duration // next time to say that it hangs
	hung     bool
}

// run starts the script of the current resource unless another one is running.
func (c *Core) run(g *group, op Op) {
	for _, s := range c.scripts {
		if !s.hung || s.group.key == g.key {
			return
		}
	}
	c.lastRun++
	s := &script{id: c.lastRun, group: g, index: g.index, op: op, since: c.now.At, reported: c.now.At + c.cfg.HangReport}
	g.script = s
	c.scripts = append(c.scripts, s)
	c.do(Run{ID: s.id, Group: g.key, Resource: g.resources[g.index], Op: op})
}

// scriptDone takes in the end of a script.
func (c *Core) scriptDone(e ScriptDone) {
	s := c.dropScript(e.ID)
	if s == nil {
		return
	}
	g, word := s.group, s.group.resources[s.index]
	if s.hung {
		c.logf(Info, "%s %s has ended after %d s with code %d", word, s.op, (c.now.At-s.since)/time.Second, e.RC)
	}
	switch g.state {
	case groupProbing:
		c.probeDone(g, e)
	case groupStarting:
		c.startDone(g, s.op, e)
	case groupStopping:
		c.stopDone(g, s.op, e)
	}
}

// probeDone takes in what a status says. One that was killed or could not be run is asked
// again; if it never answers, its resource counts as running, for stopping what does not run
// costs nothing and overlooking what does costs everything.
func (c *Core) probeDone(g *group, e ScriptDone) {
	if e.Unsure && g.tries < 3 {
		g.tries++
		g.waitTo = c.now.At + time.Second
		return
	}
	if e.Unsure || Held(e.RC, e.Output) {
		g.found = append(g.found, g.resources[g.index])
	}
	g.index, g.tries = g.index+1, 0
}

func (c *Core) dropScript(id uint64) *script {
	for i, s := range c.scripts {
		if s.id == id {
			c.scripts = append(c.scripts[:i], c.scripts[i+1:]...)
			s.group.script = nil
			return s
		}
	}
	return nil
}

// scriptTimes names scripts that hang.
func (c *Core) scriptTimes() {
	for _, s := range c.scripts {
		if c.now.At < s.reported {
			continue
		}
		s.hung = true
		if s.group.state == groupProbing && !s.group.doubtful {
			s.group.doubtful = true
			s.group.term, s.group.oursSince = term{n: 1, blind: true}, c.now.At
		}
		s.reported = c.now.At + 10*c.cfg.HangReport
		c.logf(Warn, "%s %s has been running for %d s: it seems to hang; group %s waits for it",
			s.group.resources[s.index], s.op, (c.now.At-s.since)/time.Second, s.group.key)
	}
}

func (c *Core) scriptDeadline() time.Duration {
	next := NoTick
	for _, s := range c.scripts {
		next = min(next, s.reported)
	}
	for _, g := range c.groups {
		if g.waitTo > c.now.At {
			next = min(next, g.waitTo)
		}
	}
	return next
}

var (
	notRunning = regexp.MustCompile(`(?i)not[ \t].*running`)
	isRunning  = regexp.MustCompile(`[Rr]unning|OK`)
)

// Held judges the answer of a script to `status`. 3.0.6: only the words on stdout count. Here
// the exit codes that say "not running" beyond doubt (LSB 3, OCF 7) go first, for a script
// that prints "mysqld was running but is dead" would otherwise count as running.
func Held(rc int, output string) bool {
	if rc == 3 || rc == 7 || notRunning.MatchString(output) {
		return false
	}
	return isRunning.MatchString(output)
}
