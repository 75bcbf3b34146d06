package interop

import (
	"regexp"
	"slices"
	"strings"
)

// rule explains a systematic difference with an entry of docs/differences.md.
type rule struct {
	name  string
	entry int
}

var (
	// unexplained is what no rule explains: a fault, unless the scenario allows it.
	unexplained = rule{}
	// noDifference is for what C+C itself does in one run and not in the next.
	noDifference = rule{name: "="}

	statusAtStart = rule{"status at the start", 8}
	idleStops     = rule{"stops of what does not run", 10}
	linesInOrder  = rule{"order of lines", 18}
	sideBySide    = rule{"groups side by side", 38}
	scriptEnv     = rule{"variables of the scripts on the way", 39}
	messageEnv    = rule{"fields of the message", 41}
	commandsSay   = rule{"hb_standby and hb_takeover say what happens", 45}
	idlePasses    = rule{"passes without need", 55}
)

// rules are all with an entry.
var rules = []rule{statusAtStart, idleStops, linesInOrder, sideBySide, scriptEnv, messageEnv, commandsSay, idlePasses}

// callRule explains a call that only the judge ('-') or only the other run ('+') made.
func (c *comparison) callRule(i int, node string, e edit) rule {
	with, without := c.sides(e.sign)
	cWith, cWithout := is(with, i, node, C), is(without, i, node, C)
	switch {
	case e.call.idle() && cWith && cWithout:
		// 3.0.6 runs the passes of a takeover (go_standby, req_resource, mach_down) at the same time:
		// whether two of them meet at a script is chance.
		return noDifference
	case e.call.idle() && e.call.Action == "stop" && cWith && is(without, i, node, H):
		return idleStops
	}
	return unexplained
}

// orderRule explains that the groups' calls are in another order, each group's own being the same.
func (c *comparison) orderRule(i int, node string) rule {
	if is(c.judge, i, node, H) || is(c.other, i, node, H) {
		return sideBySide
	}
	return unexplained
}

// statusRule explains that a resource was asked for its status in one run only.
func (c *comparison) statusRule(i int, node string, e edit) rule {
	with, without := c.sides(e.sign)
	switch {
	case is(with, i, node, C) && is(without, i, node, C):
		return noDifference // see callRule: the later pass asks again
	case is(with, i, node, H):
		return statusAtStart
	case is(with, i, node, C):
		return idlePasses
	}
	return unexplained
}

// released and acquired are 3.0.6's lines about a group, and about one resource of it.
var (
	released = regexp.MustCompile(`^Releasing resource group: \w+ (.*)$`)
	acquired = regexp.MustCompile(`^Acquiring resource group: \w+ (.*)$`)
	stopped  = regexp.MustCompile(`^Running /etc/ha\.d/+resource\.d/(\S+) +(.*?) *stop$`)
)

// passRule explains lines about groups and resources to which nothing was done: 3.0.6 writes them at
// each pass. What was done is known from the calls, and for addresses from their owners.
func (c *comparison) passRule(i int, node string, sign byte, l LogLine) rule {
	with, without := c.sides(sign)
	if !is(with, i, node, C) {
		return unexplained
	}
	equal, found := is(without, i, node, C), unexplained
	moved := func(words []string, action string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return did(with, i, node, w, action) })
	}
	if m := released.FindStringSubmatch(l.Text); m != nil && !moved(strings.Fields(m[1]), "stop") {
		found = idleStops
	}
	if m := stopped.FindStringSubmatch(l.Text); m != nil && !moved([]string{wordOf(m[1], m[2])}, "stop") {
		found = idleStops
	}
	if m := acquired.FindStringSubmatch(l.Text); m != nil && !moved(strings.Fields(m[1]), "start") {
		found = idlePasses
	}
	if found != unexplained && equal {
		return noDifference
	}
	return found
}

// wordOf is the resource of a line "Running .../SCRIPT ARGUMENTS stop".
func wordOf(script, arguments string) string {
	if script == "IPaddr" {
		return arguments
	}
	return strings.Join(append([]string{script}, strings.Fields(arguments)...), "::")
}

// did tells whether a node really started or stopped a resource in a segment.
func did(o *Observation, i int, node, word, action string) bool {
	s := o.Segments[i]
	if _, ok := recorded(word); ok {
		return slices.ContainsFunc(s.Calls[node], func(c Call) bool { return c.word() == word && c.Action == action && !c.idle() })
	}
	before := i > 0 && strings.Contains(o.Segments[i-1].Owners[word], node)
	after := strings.Contains(s.Owners[word], node)
	if action == "stop" {
		return before && !after // it may have gone and come back, but then the lines are there as well
	}
	return !before && after
}

// sides are the run that has something and the run that has not.
func (c *comparison) sides(sign byte) (with, without *Observation) {
	if sign == '+' {
		return c.other, c.judge
	}
	return c.judge, c.other
}

// stamp is what changes from run to run in a line that programs of 3.0.6 write on a terminal:
// "Nov 22 14:36:47 node1 cl_status: [246]: ERROR: ..."
var stamp = regexp.MustCompile(`(?m)^\w{3} \d\d \d\d:\d\d:\d\d (?:(\S+ \S+) \[\d+\]: )?`)

// outputRule explains that a command printed or returned something else.
func (c *comparison) outputRule(i int, want, got Output) rule {
	if want.Code == got.Code && stamp.ReplaceAllString(want.Text, "$1 ") == stamp.ReplaceAllString(got.Text, "$1 ") {
		return noDifference
	}
	move := strings.Contains(got.Command, "hb_standby") || strings.Contains(got.Command, "hb_takeover")
	if move && is(c.judge, i, want.Node, C) && is(c.other, i, got.Node, H) {
		return commandsSay
	}
	return unexplained
}
