package children

import (
	"slices"
	"syscall"
	"time"
)

// Saved is a program for the image of the daemon that comes after this one. The process stays its child.
type Saved struct {
	Command  string
	User     string
	Failfast bool
	Helper   string
	Runs     bool // as a process, of this number
	PID      int
	Start    string // when it was started, by the kernel's clock: it tells two processes of one number apart
	Paused   bool   // it is to be started soon
	Idle     bool   // it has ended for good, or was given up
	Young    int
	Since    time.Duration
}

// Busy says what has to end before [Keeper.Save]; "" if nothing.
func (k *Keeper) Busy() string {
	if k.phase > keeping {
		return "the programs of ha.cf are being ended"
	}
	for _, c := range k.children {
		if c.state == starting || c.state == ending {
			return c.Command + " is being started or ended"
		}
	}
	return ""
}

// Save is how the programs stand, in the order of ha.cf. begun is false before [Keeper.Begin].
func (k *Keeper) Save() (all []Saved, begun bool) {
	for _, c := range k.children {
		s := Saved{Command: c.Command, User: c.Account.Name, Failfast: c.Failfast, Helper: c.Helper, Young: c.young, Since: c.since}
		switch c.state {
		case running:
			s.Runs, s.PID = true, c.pid
		case pausing:
			s.Paused = true
		case idle:
			s.Idle = k.phase == keeping
		}
		all = append(all, s)
	}
	return all, k.phase == keeping
}

// Adopted is a process that goes on as the program of number N.
type Adopted struct {
	N   int
	PID int
}

// Resume goes on with programs that another image of the daemon has begun: those whose line is still in ha.cf run
// on, those whose line has gone are ended, and new lines are begun. It says which processes are which program's;
// those of helpers have no process, and are begun anew. It comes in the place of [Keeper.Begin].
//
// What ends soon afterwards has not died young, and the end of a failfast program is no reason to reboot: all of
// them have lost their connection to the daemon, and many end over that.
func (k *Keeper) Resume(at time.Duration, old []Saved) (adopted []Adopted, actions []Action) {
	actions = k.step(at, func() {
		if k.phase != waiting {
			return
		}
		k.phase = keeping
		rest := slices.Clone(old)
		for n := range k.children {
			if s, was := k.find(&rest, n); was {
				adopted = append(adopted, k.resume(n, s)...)
			} else {
				k.start(n, 0)
			}
		}
		for _, s := range rest {
			if !s.Runs || s.Helper != "" {
				continue
			}
			k.log("info", "killing %s process group %d with signal %d", s.Command, s.PID, syscall.SIGTERM)
			n := len(k.children)
			k.children = append(k.children, child{
				Program: Program{Command: s.Command}, state: ending, pid: s.PID, due: k.now + patience, told: true, removed: true,
			})
			adopted = append(adopted, Adopted{n, s.PID})
			k.out = append(k.out, Signal{n, syscall.SIGTERM})
		}
	})
	return adopted, actions
}

// find takes the first of the saved programs that is the same line as program n.
func (k *Keeper) find(rest *[]Saved, n int) (Saved, bool) {
	p := k.children[n].Program
	i := slices.IndexFunc(*rest, func(s Saved) bool {
		return s.Command == p.Command && s.User == p.Account.Name && s.Failfast == p.Failfast && s.Helper == p.Helper
	})
	if i < 0 {
		return Saved{}, false
	}
	s := (*rest)[i]
	*rest = slices.Delete(*rest, i, i+1)
	return s, true
}

func (k *Keeper) resume(n int, s Saved) []Adopted {
	c := &k.children[n]
	c.young, c.since = s.Young, s.Since
	switch {
	case s.Idle:
		return nil
	case s.Runs && s.Helper == "":
		c.state, c.pid, c.bereft = running, s.PID, k.now+youngest
		return []Adopted{{n, s.PID}}
	case s.Runs: // a part of the daemon: it begins anew without a word
		c.state = starting
		k.out = append(k.out, Start{n})
	default:
		k.start(n, pause)
	}
	return nil
}
