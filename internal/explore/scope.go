package explore

import (
	"time"

	"heartbeatd/internal/core"
)

// Scope is a small world to be searched completely.
type Scope struct {
	Name     string
	Groups   []core.GroupConfig
	Next     []core.GroupConfig // another haresources, which a node gets by a reload; nil: there is none
	Failback bool               // auto_failback on; else off
	early    time.Duration      // the cores declare dead too early by this: so that a test sees it found
	Cold     bool               // the machines are off at first; else the pair is settled
	NoReboot bool               // what asks for a reboot gets none
	full     bool               // every order is tried, see next
	Commands []core.Event
	Budget   Budget
	Begin    []string // steps that are taken first

	spoil  func(*core.Snapshot)                // what a replacement gets wrong: so that a test sees it found
	spares []*core.Core                        // memory to be used again
	tell   func(p *pair, i int, a core.Action) // for one who looks on
}

func scopeOf(name string) *Scope {
	for _, list := range [][]Scope{quick, wide, vast} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// one is a group whose home is alpha.
var one = []core.GroupConfig{{Home: "alpha", Resources: []string{"web"}}}

var stop = []core.Event{core.StopCommand{}}

var moves = []core.Event{
	core.StandbyCommand{Which: core.All}, core.TakeoverCommand{Which: core.All}, core.StopCommand{},
}

// two are two groups with different homes.
var two = []core.GroupConfig{{Home: "alpha", Resources: []string{"web"}}, {Home: "beta", Resources: []string{"db"}}}

// quick are the scopes of `make test`: each closes within seconds, and together they meet every pair that
// can be met.
var quick = []Scope{
	{Name: "start", Groups: one, Cold: true, Budget: Budget{Order: 1}},
	{Name: "crash", Groups: one, Budget: Budget{Crash: 1}},
	{Name: "cut", Groups: one, Budget: Budget{Cut: 1}},
	{Name: "stall", Groups: one, Budget: Budget{Stall: 1}},
	{Name: "moves", Groups: one, Commands: moves, Budget: Budget{Command: 1}},
	{Name: "fails", Groups: one, Cold: true, Budget: Budget{Fail: 1}},
	{Name: "failback-crash", Groups: one, Failback: true, Budget: Budget{Crash: 1}},
	{Name: "failback-cut", Groups: one, Failback: true, Budget: Budget{Cut: 1}},
	{Name: "standby-crash", Groups: one, Commands: moves, Budget: Budget{Command: 1, Crash: 1}, Begin: []string{"command alpha standby-all"}},
	{Name: "standby-cut", Groups: one, Commands: moves, Budget: Budget{Command: 1, Cut: 1}, Begin: []string{"command alpha standby-all"}},
	{Name: "releasing-hangs", Groups: one, Commands: moves, Budget: Budget{Command: 1, Hang: 1, Crash: 1}, Begin: []string{
		"command alpha standby-all", "deliver alpha ask_resources:me", "deliver beta ask_resources:other", "hang alpha web stop"}},
	{Name: "taking-hangs", Groups: one, Commands: moves, Budget: Budget{Command: 1, Hang: 1, Crash: 1}, Begin: []string{
		"command alpha standby-all", "deliver alpha ask_resources:me", "deliver beta ask_resources:other", "script alpha web stop ends",
		"deliver alpha resource:standby", "deliver alpha resource:standby", "deliver alpha ask_resources:done", "script beta web status ends", "hang beta web start"}},
	{Name: "found", Groups: one, Commands: moves, Budget: Budget{Crash: 1, Cut: 1}, Begin: []string{
		"kill alpha", "boot alpha", "script alpha web status ends", "cut beta"}},
	{Name: "stop-failed", Groups: one, NoReboot: true, Commands: moves, Budget: Budget{Command: 1, Fail: 1, Crash: 1}, Begin: []string{
		"command alpha stop", "deliver alpha resource:shutdown", "deliver beta NS_ackmsg", "script alpha web stop fails-for-good", "tick alpha", "deliver alpha status",
		"tick beta", "deliver beta status", "script alpha web stop ends", "script alpha web status ends"}},
	{Name: "two-moves", Groups: two, Commands: moves, Budget: Budget{Command: 1}},
	{Name: "replaced", Groups: one, Budget: Budget{Replace: 2}},
	{Name: "reload-merged", Groups: two, Next: merged, Budget: Budget{Replace: 2}},
}

// merged, added, renamed and moved, and one, are what a reload makes of two: see docs/guarantees.md, Reload and replacement.
var (
	merged  = []core.GroupConfig{{Home: "alpha", Resources: []string{"web", "db"}}}
	added   = []core.GroupConfig{two[0], {Home: "beta", Resources: []string{"db", "ip"}}, {Home: "alpha", Resources: []string{"new"}}}
	renamed = []core.GroupConfig{two[0], {Home: "beta", Resources: []string{"ip", "db"}}}
	moved   = []core.GroupConfig{two[0], {Home: "alpha", Resources: []string{"db"}}}
)

// wide are the scopes of `make explore`, beside the quick ones.
var wide = []Scope{
	// Two troubles, at any two moments.
	{Name: "crash-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Crash: 1}},
	{Name: "cut-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Cut: 1}},
	{Name: "stall-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Stall: 1}},
	{Name: "crash-cut", Groups: one, Budget: Budget{Crash: 1, Cut: 1}},
	{Name: "crash-stall", Groups: one, Budget: Budget{Crash: 1, Stall: 1}},
	{Name: "cut-stall", Groups: one, Budget: Budget{Cut: 1, Stall: 1}},
	{Name: "moves-twice", Groups: one, Commands: moves, Budget: Budget{Command: 2}},
	{Name: "crash-twice", Groups: one, Budget: Budget{Crash: 2}},
	{Name: "stall-twice", Groups: one, Budget: Budget{Stall: 2}},
	// A trouble, and something that goes wrong on the way.
	{Name: "start-lost", Groups: one, Cold: true, Budget: Budget{Lose: 1}},
	{Name: "crash-lost", Groups: one, Budget: Budget{Crash: 1, Lose: 1}},
	{Name: "cut-lost", Groups: one, Budget: Budget{Cut: 1, Lose: 1}},
	{Name: "stall-lost", Groups: one, Budget: Budget{Stall: 1, Lose: 1}},
	{Name: "moves-lost", Groups: one, Commands: moves, Budget: Budget{Command: 1, Lose: 1}},
	{Name: "moves-doubled", Groups: one, Commands: moves, Budget: Budget{Command: 1, Double: 1}},
	{Name: "start-late", Groups: one, Cold: true, Budget: Budget{Order: 1, Delay: 1, Slow: 1}},
	{Name: "crash-late", Groups: one, Budget: Budget{Crash: 1, Order: 1, Delay: 1, Slow: 1}},
	{Name: "cut-late", Groups: one, Budget: Budget{Cut: 1, Order: 1, Delay: 1, Slow: 1}},
	{Name: "stall-late", Groups: one, Budget: Budget{Stall: 1, Order: 1, Delay: 1, Slow: 1}},
	{Name: "moves-late", Groups: one, Commands: moves, Budget: Budget{Command: 1, Order: 1, Delay: 1, Slow: 1}},
	{Name: "wide-stall", Groups: one, Budget: Budget{Stall: 1, Order: 1, Lose: 1, Delay: 1, Slow: 1}},
	// A trouble, and a script.
	{Name: "crash-fails", Groups: one, Budget: Budget{Crash: 1, Fail: 1}},
	{Name: "hangs-moves", Groups: one, Commands: moves, Budget: Budget{Hang: 1, Command: 1}},
	{Name: "fails-moves", Groups: one, Commands: moves, Budget: Budget{Fail: 1, Hang: 1, Command: 1}},
	{Name: "no-reboot", Groups: one, NoReboot: true, Commands: stop, Budget: Budget{Fail: 1, Command: 1}},
	{Name: "no-reboot-moves", Groups: one, NoReboot: true, Commands: moves, Budget: Budget{Fail: 1, Command: 1}},
	// auto_failback on; two groups.
	{Name: "failback-stall", Groups: one, Failback: true, Budget: Budget{Stall: 1, Slow: 1}},
	{Name: "two-crash", Groups: two, Budget: Budget{Crash: 1}},
	{Name: "two-cut", Groups: two, Failback: true, Budget: Budget{Cut: 1}},
	// A daemon replaces itself, and something else happens.
	{Name: "replaced-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Replace: 1}},
	{Name: "replaced-crash", Groups: one, Budget: Budget{Crash: 1, Replace: 1}},
	{Name: "replaced-cut", Groups: one, Budget: Budget{Cut: 1, Replace: 1}},
	{Name: "replaced-stall", Groups: one, Budget: Budget{Stall: 1, Replace: 1}},
	{Name: "replaced-lost", Groups: one, Budget: Budget{Lose: 1, Replace: 1}},
	{Name: "replaced-fails", Groups: one, Commands: moves, Budget: Budget{Command: 1, Fail: 1, Replace: 1}},
	{Name: "reload-added", Groups: two, Next: added, Budget: Budget{Replace: 2}},
	{Name: "reload-removed", Groups: two, Next: one, Budget: Budget{Replace: 2}},
	{Name: "reload-renamed", Groups: two, Next: renamed, Budget: Budget{Replace: 2}},
	{Name: "reload-moved", Groups: two, Next: moved, Budget: Budget{Replace: 2}},
	{Name: "reload-merged-lost", Groups: two, Next: merged, Budget: Budget{Lose: 1, Replace: 2}},
}

// vast are scopes that are searched only if they are named: they are not known to close (see the package documentation).
var vast = []Scope{
	{Name: "cut-twice", Groups: one, Budget: Budget{Cut: 2}},
	{Name: "wide-start", Groups: one, Cold: true, Budget: Budget{Order: 2, Lose: 1, Double: 1, Delay: 1, Slow: 1}},
	{Name: "wide-crash", Groups: one, Budget: Budget{Crash: 1, Order: 1, Lose: 1, Delay: 1, Slow: 1}},
	{Name: "wide-cut", Groups: one, Budget: Budget{Cut: 1, Order: 1, Lose: 1, Delay: 1, Slow: 1}},
	{Name: "wide-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Order: 1, Lose: 1, Double: 1, Delay: 1, Slow: 1}},
	{Name: "crash-cut-stall", Groups: one, Budget: Budget{Crash: 1, Cut: 1, Stall: 1}},
	{Name: "crash-cut-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Crash: 1, Cut: 1}},
	{Name: "crash-stall-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Crash: 1, Stall: 1}},
	{Name: "cut-stall-moves", Groups: one, Commands: moves, Budget: Budget{Command: 1, Cut: 1, Stall: 1}},
	{Name: "reload-merged-moves", Groups: two, Next: merged, Commands: moves, Budget: Budget{Command: 1, Replace: 2}},
	{Name: "reload-added-crash", Groups: one, Next: two, Budget: Budget{Crash: 1, Replace: 2}},
	{Name: "reload-removed-cut", Groups: two, Next: one, Budget: Budget{Cut: 1, Replace: 2}},
	{Name: "all", Groups: one, Commands: moves, Budget: Budget{Command: 1, Crash: 1, Cut: 1, Stall: 1}},
}

// first is where the search of a scope begins.
func (s *Scope) first(met *Coverage) *pair {
	if s.Next != nil {
		met = nil // it is about groups that stay what they are
	}
	p := newPair(s, met)
	if s.Cold {
		return p
	}
	for range 20 {
		p.quiet()
		if p.settled() == "" {
			break
		}
		p.pass()
	}
	p.quiet()
	for i := range p.nodes {
		p.nodes[i].blamed = false
	}
	for n, step := range s.Begin {
		c, ok := p.choiceOf(step)
		if !ok {
			p.fail("step %d of the beginning, %q, cannot happen; what can: %s", n+1, step, p.menu(p.choices(nil)))
			return p
		}
		p = p.take(c)
	}
	return p
}

func (s *Scope) spare() *core.Core {
	n := len(s.spares) - 1
	if n < 0 {
		return nil
	}
	c := s.spares[n]
	s.spares = s.spares[:n]
	return c
}

// recycle takes a core back that nobody looks at any more.
func (s *Scope) recycle(c *core.Core) {
	if c != nil && len(s.spares) < 256 {
		s.spares = append(s.spares, c)
	}
}
