package children

import (
	"fmt"
	"syscall"
	"time"
)

const (
	// youngest: who lived less long has died young (3.0.6).
	youngest = 30 * time.Second
	// pause before one who died young is started again (3.0.6).
	pause = time.Second
	// tooFast is which death in a row, all young, is the last (3.0.6).
	tooFast = 11
	// neverAgain is the exit status by which a program says that it is not to be started again (3.0.6).
	neverAgain = 100
	// patience is how long a program may take to end after SIGTERM. 3.0.6 waits without limit.
	patience = 30 * time.Second
)

// Never is the answer of [Keeper.Next] when nothing is due.
const Never = time.Duration(1<<63 - 1)

// Program is one line of respawn or failfast.
type Program struct {
	Command  string // with its arguments, as it is written
	Account  Account
	Failfast bool
	Helper   string // not "": this part of the daemon does its work, there is no process
}

// Action is something the daemon must do, in the order given.
type Action interface{ action() }

type (
	// Start starts a program; its beginning or its failure, and later its end, are told to the keeper.
	Start struct{ N int }
	// Signal is for the whole process group of a program.
	Signal struct {
		N   int
		Sig syscall.Signal
	}
	// Log is one line of ha-log.
	Log struct{ Level, Text string }
	// Reboot: a failfast program has failed.
	Reboot struct{ Reason string }
	// Gone: the last program has ended, or none was running.
	Gone struct{}
)

func (Start) action()  {}
func (Signal) action() {}
func (Log) action()    {}
func (Reboot) action() {}
func (Gone) action()   {}

// state is how far a program is.
type state uint8

const (
	idle     state = iota // it does not run, and nobody will start it
	pausing               // it is started when its pause is over
	starting              // Start is on its way
	running
	ending // it has had its SIGTERM
)

type child struct {
	Program
	state state
	since time.Duration // of its last start
	due   time.Duration // pausing: when it is started; ending: when it is killed; starting, while leaving: when it is given up
	young int           // how often in a row it has died young
	pid   int
	told  bool // SIGTERM was sent, because the daemon ends

	bereft  time.Duration // until then its end may be that of its connection to the daemon, see Resume
	removed bool          // its line is no longer in ha.cf: it is only to end
}

// phase is how far all of them are.
type phase uint8

const (
	waiting phase = iota // communication is not up
	keeping
	resting // the daemon releases its resources: nobody is started any more
	leaving // they are ended, one after the other
	gone
)

// Keeper decides. It owns no clock and no process: times are those of the daemon's clock. It is not safe for
// concurrent use.
type Keeper struct {
	children []child
	phase    phase
	now      time.Duration
	out      []Action
}

// NewKeeper returns a keeper of programs in the order of ha.cf.
func NewKeeper(programs []Program) *Keeper {
	k := &Keeper{children: make([]child, len(programs))}
	for i, p := range programs {
		k.children[i].Program = p
	}
	return k
}

// Begin starts all programs. 3.0.6: in the order of the file, as soon as communication is up.
func (k *Keeper) Begin(at time.Duration) []Action {
	return k.step(at, func() {
		if k.phase != waiting {
			return
		}
		k.phase = keeping
		for n := range k.children {
			k.start(n, 0)
		}
	})
}

// Started tells that a program runs.
func (k *Keeper) Started(at time.Duration, n, pid int) []Action {
	return k.step(at, func() {
		c := k.child(n)
		if k.phase >= leaving && (c == nil || c.state == idle) {
			k.out = append(k.out, Signal{n, syscall.SIGKILL}) // it was given up, and nobody ends it any more
			return
		}
		if c == nil || c.state != starting {
			return
		}
		c.state, c.pid = running, pid
		if c.Helper == "" {
			k.log("info", `Starting "%s" as uid %d  gid %d (pid %d)`, c.Command, c.Account.UID, c.Account.GID, pid)
		}
	})
}

// Failed tells that a program could not be started. 3.0.6: it is not tried again. [Keeper.Reconsider] does.
func (k *Keeper) Failed(at time.Duration, n int, why string) []Action {
	return k.step(at, func() {
		c := k.child(n)
		if c == nil || c.state != starting {
			return
		}
		c.state, c.young = idle, tooFast
		k.log("ERROR", "%s", why)
	})
}

// Ended tells how a program has ended.
func (k *Keeper) Ended(at time.Duration, n int, end Ending) []Action {
	return k.step(at, func() {
		c := k.child(n)
		if c == nil || c.state != running && c.state != ending {
			return
		}
		c.state = idle
		if k.phase == leaving {
			return // 3.0.6: not a word
		}
		if c.removed {
			return
		}
		if c.Helper == "" {
			k.log(end.level(), "Managed %s process %d %s", c.Command, c.pid, end)
		}
		if k.phase != keeping || k.failfast(c, end) || end.Signal == 0 && end.Code == neverAgain {
			return
		}
		k.again(n)
	})
}

// failfast asks for a reboot where that is what the program's failure means: 3.0.6, killed, or an exit status
// other than 0. What ends it when the daemon itself is about to end is no failure.
func (k *Keeper) failfast(c *child, end Ending) bool {
	failed := end.Signal != 0 || end.Code != 0
	if !c.Failfast || !failed || k.now < c.bereft {
		return false
	}
	k.log("EMERG", "Rebooting system.  Reason: %s", c.Command)
	k.out = append(k.out, Reboot{Reason: c.Command})
	return true
}

// again starts a program that has ended, unless it does nothing but end.
func (k *Keeper) again(n int) {
	c := &k.children[n]
	wait := time.Duration(0)
	if k.now < c.bereft {
		wait, c.bereft = pause, 0
	} else if k.now-c.since < youngest {
		c.young++
		wait = pause
	} else {
		c.young = 0
	}
	if c.young >= tooFast {
		k.log("ERROR", `Client %s "respawning too fast"`, c.Command)
		return
	}
	k.log("ERROR", `Respawning client "%s":`, c.Command)
	k.start(n, wait)
}

// start begins the start of a program after a pause, which counts as a part of its life (3.0.6: it is the new
// process that waits).
func (k *Keeper) start(n int, wait time.Duration) {
	c := &k.children[n]
	k.log("info", `Starting child client "%s" (%d,%d)`, c.Command, c.Account.UID, c.Account.GID)
	c.since, c.pid = k.now, 0
	if wait > 0 {
		c.state, c.due = pausing, k.now+wait
		return
	}
	c.state = starting
	k.out = append(k.out, Start{n})
}

// Tick does what is due.
func (k *Keeper) Tick(at time.Duration) []Action {
	return k.step(at, func() {
		for n := range k.children {
			c := &k.children[n]
			if c.due > k.now {
				continue
			}
			switch c.state {
			case pausing:
				c.state = starting
				k.out = append(k.out, Start{n})
			case starting:
				if k.phase == leaving {
					k.log("WARN", "%s does not start: going on without it", c.Command)
					c.state = idle
				}
			case ending:
				k.log("WARN", "%s does not end: killing its process group %d with signal %d", c.Command, c.pid, syscall.SIGKILL)
				c.due = k.now + patience
				k.out = append(k.out, Signal{n, syscall.SIGKILL})
			}
		}
	})
}

// Reconsider gives those a new chance that were given up, and forgets how often others have died young. 3.0.6
// gives up until the next start of heartbeat.
func (k *Keeper) Reconsider(at time.Duration) []Action {
	return k.step(at, func() {
		if k.phase != keeping {
			return
		}
		for n := range k.children {
			c := &k.children[n]
			givenUp := c.state == idle && c.young >= tooFast
			c.young = 0
			if givenUp {
				k.start(n, 0)
			}
		}
	})
}

// Rest is for a daemon that was told to end, and releases its resources before it ends the programs: those that
// end meanwhile are not started again, and their failure means nothing any more (3.0.6).
func (k *Keeper) Rest(at time.Duration) []Action {
	return k.step(at, k.rest)
}

func (k *Keeper) rest() {
	switch k.phase {
	case waiting:
		k.children = nil
	case keeping:
		for n := range k.children {
			if c := &k.children[n]; c.state == pausing {
				c.state = idle
			}
		}
	default:
		return
	}
	k.phase = resting
}

// Leave ends all programs, the last one started first, the next when that is gone (3.0.6). Gone comes when
// none is left.
func (k *Keeper) Leave(at time.Duration) []Action {
	return k.step(at, func() {
		k.rest()
		if k.phase != resting {
			return
		}
		k.phase = leaving
		for n := range k.children { // one that hangs holds up the starts of all behind it: all have the same time
			if c := &k.children[n]; c.state == starting {
				c.due = k.now + patience
			}
		}
	})
}

// goOn ends the next program when the one before is gone.
func (k *Keeper) goOn() {
	for n := len(k.children) - 1; n >= 0; n-- {
		c := &k.children[n]
		switch c.state {
		case starting, ending:
			return // it is waited for
		case running:
			if c.Helper == "" {
				k.log("info", "killing %s process group %d with signal %d", c.Command, c.pid, syscall.SIGTERM)
			}
			c.state, c.due, c.told = ending, k.now+patience, true
			k.out = append(k.out, Signal{n, syscall.SIGTERM})
			return
		}
		if !c.told {
			k.log("info", "client [%s] is not running.", c.Command)
		}
		k.children = k.children[:n]
	}
	k.phase = gone
	k.out = append(k.out, Gone{})
}

// Next is when the next [Keeper.Tick] is due.
func (k *Keeper) Next() time.Duration {
	next := Never
	for _, c := range k.children {
		if c.state == pausing || c.state == ending || c.state == starting && k.phase == leaving {
			next = min(next, c.due)
		}
	}
	return next
}

func (k *Keeper) step(at time.Duration, event func()) []Action {
	k.now, k.out = at, nil
	event()
	if k.phase == leaving {
		k.goOn()
	}
	return k.out
}

// child is nil for one that has been ended.
func (k *Keeper) child(n int) *child {
	if n < 0 || n >= len(k.children) {
		return nil
	}
	return &k.children[n]
}

func (k *Keeper) log(level, format string, args ...any) {
	k.out = append(k.out, Log{level, fmt.Sprintf(format, args...)})
}
