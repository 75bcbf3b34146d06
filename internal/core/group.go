package core

import (
	"strconv"
	"strings"
	"time"
)

// groupState is where a group stands on this node.
type groupState uint8

const (
	groupUnknown    groupState = iota // not asked yet
	groupProbing                      // asking each resource whether it runs
	groupStopped                      // nothing of it runs here
	groupFound                        // some of it was found running at our start, and nothing is decided yet
	groupStarting                     // left to right
	groupRunning                      // all of it
	groupStopping                     // right to left
	groupStopFailed                   // a stop script failed for good: it may still run
)

var groupStateNames = [...]string{"unknown", "probing", "stopped", "found", "starting", "running", "stopping", "stop-failed"}

func (s groupState) String() string {
	if int(s) < len(groupStateNames) {
		return groupStateNames[s]
	}
	return "unknown"
}

// group is one line of haresources on this node. want is what ownership.go decided; the
// functions here bring the scripts there, one at a time.
type group struct {
	key       string
	home      string
	resources []string
	virtual   bool // a node without a line of its own still owns its (empty) side, as in 3.0.6

	state   groupState
	changed Stamp
	want    bool
	index   int      // the resource being worked on
	asked   bool     // starting: its status is known to be stopped; stopping: status after the last retry
	tries   int      // failed stops of the current resource
	found   []string // probing: the resources that run
	cold    bool     // nothing of it ran when the last start began
	begun   int      // how many resources, from the left, may run since the last start; all, if that came to its end
	script  *script
	waitTo  time.Duration // no script before this (a pause between retries)

	doubtful  bool // probing hangs: it may run here
	yield     bool // it was found running, and another node that does not hear us runs it
	partial   bool // only a part of it was found running
	failed    bool // its start failed here
	failures  int  // how often in a row
	retryAt   time.Duration
	term      term
	oursSince time.Duration
	failback  bool          // taken in the other's absence: auto_failback gives it back
	clashAt   time.Duration // since when the clash lasts: both claimed it, and the other has not let go yet; 0: there is none
	orphanAt  time.Duration // since when a C node leaves it to nobody; 0: it does not

	barred bool // a node that may have it is dead, and was not reset yet

	// After a change of haresources, see change.go.
	leaving bool // it is no longer in the file, and is being stopped
	fresh   bool // it is new, or has another home: the other node may not know, or may have it by another name
	careful bool // it is held here, and has got resources from another group
	pending bool // what has changed about it is not in force yet
	waits   bool // it was said that it waits for the other node
	stays   bool // not at home by a change of the file: auto_failback leaves it where it is
	given   bool // the giver had it when it asked to go standby

	orphanAsked bool // it was asked in vain to take it

	// With a C node and auto_failback legacy, see legacy.go.
	request request // ours: the other node is asked for it
	owed    bool    // the other node has asked for it and is to be answered
	owedHad bool    // and we had it then
	theirs  bool    // the other node has it, as far as can be told
}

func newGroups(cfg Config) []*group {
	var groups []*group
	homes := map[string]bool{}
	for _, gc := range cfg.Groups {
		homes[gc.Home] = true
		groups = append(groups, &group{key: gc.Resources[0], home: gc.Home, resources: gc.Resources, begun: len(gc.Resources)})
	}
	for _, name := range cfg.Order {
		if !homes[name] {
			groups = append(groups, &group{home: name, virtual: true})
		}
	}
	return groups
}

// ours says whether this node answers for the group: it holds it, is about to, or cannot
// exclude that part of it still runs here. That is what a claim says; never less.
func (g *group) ours() bool {
	switch g.state {
	case groupUnknown, groupStopped:
		return g.want
	case groupProbing:
		return g.doubtful || g.want
	}
	return true
}

// unfinished says that the group is not yet where it is wanted.
func (g *group) unfinished() bool {
	if g.want {
		return g.state != groupRunning
	}
	return g.state != groupStopped
}

// probed says whether the start-time question "what runs here already?" is answered. A status
// that hangs must not keep the other groups waiting: its group counts as running till it ends.
func (c *Core) probed() bool {
	for _, g := range c.groups {
		if g.state == groupUnknown || g.state == groupProbing && !g.doubtful {
			return false
		}
	}
	return true
}

func (c *Core) setGroup(g *group, s groupState) {
	g.doubtful, g.yield = false, false
	g.state, g.changed, c.moved = s, c.now, true
	g.index, g.asked, g.tries = 0, false, 0
}

// runGroups moves every group on as far as it goes without waiting. Scripts run one at a time,
// as in 3.0.6; one that hangs does not hold up the other groups for ever.
func (c *Core) runGroups() {
	// What is to go goes first: the other node may be waiting for it, or run it already.
	c.moveGroups(false)
	c.moveGroups(true)
}

func (c *Core) moveGroups(wanted bool) {
	for _, g := range c.groups {
		if g.want != wanted {
			continue
		}
		for moved := true; moved; {
			was := g.state
			c.moveGroup(g)
			moved = g.state != was
		}
	}
}

// moveGroup makes one move: a script, or a new state.
func (c *Core) moveGroup(g *group) {
	if g.script != nil || c.now.At < g.waitTo {
		return
	}
	switch g.state {
	case groupUnknown:
		c.setGroup(g, groupProbing)
	case groupProbing:
		c.probe(g)
	case groupStopped:
		if g.want {
			c.beginStart(g)
		}
	case groupFound:
		c.moveFound(g)
	case groupStarting:
		c.start(g)
	case groupRunning:
		if !g.want {
			c.beginStop(g)
		}
	case groupStopping:
		c.stopNext(g)
	case groupStopFailed:
		if c.now.At >= g.retryAt {
			c.beginStop(g) // the reboot did not happen: all that is left is to try again
		}
	}
}

func (c *Core) moveFound(g *group) {
	switch {
	case c.phase < phaseStable && !g.yield:
	case g.want:
		c.beginStart(g)
	default:
		c.beginStop(g)
	}
}

// probe asks what runs here already: a daemon that was killed leaves its resources behind.
func (c *Core) probe(g *group) {
	if g.index < len(g.resources) {
		c.run(g, Status)
		return
	}
	if len(g.found) == 0 {
		c.setGroup(g, groupStopped)
		return
	}
	c.logf(Warn, "Running here already, of group %s: %s (left by a heartbeat that was killed, or started by somebody else)",
		g.key, strings.Join(g.found, " "))
	g.term, g.oursSince = term{n: 1, blind: true}, c.now.At
	g.partial = len(g.found) < len(g.resources)
	c.adoptFound(g)
	c.setGroup(g, groupFound)
}

func (c *Core) beginStart(g *group) {
	g.cold, g.begun = g.state == groupStopped, len(g.resources)
	c.setGroup(g, groupStarting)
	if !g.virtual {
		c.scriptLogf("ResourceManager", Info, "info: Acquiring resource group: %s %s", g.home, g.words())
	}
}

// start goes left to right: a resource that runs already is left alone.
func (c *Core) start(g *group) {
	switch {
	case !g.want:
		c.breakOff(g, g.index)
	case g.index == len(g.resources):
		g.failures, g.partial = 0, false
		c.setGroup(g, groupRunning)
	case c.mustLetGo(g):
		// The end of a stop here, or the other's next claim, moves us on.
	case !g.asked:
		c.run(g, Status)
	case g.barred, c.heldBack(g):
		// The other's next claim, or its death, moves us on.
	default:
		c.run(g, Start)
	}
}

func (c *Core) beginStop(g *group) {
	c.setGroup(g, groupStopping)
	g.index = len(g.resources) - 1
	if !g.virtual {
		c.scriptLogf("ResourceManager", Info, "info: Releasing resource group: %s %s", g.home, g.words())
	}
}

// stopNext goes right to left. The parts that were never started are stopped too (3.0.6).
func (c *Core) stopNext(g *group) {
	switch {
	case g.index < 0:
		g.partial = false
		c.setGroup(g, groupStopped)
	case g.want && g.tries == 0:
		// It is to run here after all (the other node died while we were giving it to it).
		c.beginStart(g)
	case g.asked:
		c.run(g, Status)
	default:
		c.run(g, Stop)
	}
}

func (c *Core) startDone(g *group, op Op, e ScriptDone) {
	switch {
	case op == Status && Held(e.RC, e.Output), op == Start && e.RC == 0:
		g.index, g.asked = g.index+1, false
	case op == Status:
		g.asked = true
	default:
		c.startFailed(g, e)
	}
}

// startFailed gives the whole group up (3.0.6), and remembers that this node could not run it
// so that ownership.go looks for one that can.
func (c *Core) startFailed(g *group, e ScriptDone) {
	word := g.resources[g.index]
	c.scriptLogf("ResourceManager", Error, "ERROR: Return code %d from %s", e.RC, e.Path)
	c.scriptLogf("ResourceManager", Crit, "CRIT: Giving up resources due to failure of %s", word)
	c.noteTransition(word+" start returned "+strconv.Itoa(e.RC), "%s could not be started here", g.key)
	g.release()
	g.failed = true
	g.retryAt = c.now.At + retryFailed<<min(g.failures, 2)
	g.failures++
	begun := g.index + 1
	if e.Missing {
		begun = g.index
	}
	c.breakOff(g, begun)
}

// breakOff stops a group in the middle of its start. What stands right of the begun ones does not run
// if nothing of it ran before.
func (c *Core) breakOff(g *group, begun int) {
	if g.cold {
		g.begun = begun
	}
	c.beginStop(g)
}

// stopDone retries a failed stop once a second. After the last try the status decides: what
// has stopped all the same is only worth a warning; what still runs needs a reboot, because
// the other node must not start it before it is surely gone from here.
func (c *Core) stopDone(g *group, op Op, e ScriptDone) {
	word := g.resources[g.index]
	switch {
	case op == Stop && (e.RC == 0 || e.Missing && g.index >= g.begun):
		// What was never started needs no script to be stopped.
		g.index, g.tries = g.index-1, 0
	case op == Stop:
		c.scriptLogf("ResourceManager", Error, "ERROR: Return code %d from %s", e.RC, e.Path)
		if g.tries++; g.tries > c.cfg.StopRetries && c.cfg.StopRetries > 0 {
			g.asked = true
			return
		}
		c.scriptLogf("ResourceManager", Info, "info: Retrying failed stop operation [%s]", word)
		g.waitTo = c.now.At + time.Second
	case e.Unsure || Held(e.RC, e.Output):
		c.stopFailed(g, word)
	default:
		c.scriptLogf("ResourceManager", Error, "ERROR: Resource script for %s probably not LSB-compliant.", word)
		c.scriptLogf("ResourceManager", Warn, "WARN: it (%s) MUST succeed on a stop when already stopped", word)
		c.scriptLogf("ResourceManager", Warn, "WARN: Machine reboot narrowly avoided!")
		g.index, g.tries, g.asked = g.index-1, 0, false
	}
}

func (c *Core) stopFailed(g *group, word string) {
	if g.leaving && c.phase < phaseStopping {
		// Nobody is to start it elsewhere, and a change of a file is no reason to take all services away.
		c.logf(Error, "%s, which haresources no longer has, could not be stopped: it is tried again every minute", word)
		c.noteTransition(word+" could not be stopped", "%s may still run here", g.key)
		c.setGroup(g, groupStopFailed)
		g.retryAt = c.now.At + retryStop
		return
	}
	c.scriptLogf("ResourceManager", Crit, "CRIT: Resource STOP failure. Reboot required!")
	c.noteTransition(word+" could not be stopped", "%s may still run here: reboot", g.key)
	c.setGroup(g, groupStopFailed)
	g.retryAt = c.now.At + retryStop
	c.do(Reboot{Reason: "resource " + word + " could not be stopped"})
}

func (g *group) words() string {
	s := ""
	for i, r := range g.resources {
		if i > 0 {
			s += " "
		}
		s += r
	}
	return s
}
