package scenario

import (
	"fmt"
	"math/rand"
	"time"

	"heartbeatd/internal/core"
)

// Simulation is one seeded run: a pair with random options, faults and operators, and a
// judge. The same seed gives the same run.
type Simulation struct {
	World *World
	rnd   *rand.Rand
	// faults that allow two owners for a while, for without fencing nobody can exclude it
	split bool
	Trace func(format string, args ...any)
}

// NewSimulation makes the world of a seed.
func NewSimulation(seed int64) *Simulation {
	r := rand.New(rand.NewSource(seed))
	o := DefaultOptions()
	o.Links = [][]string{{"eth0"}, {"eth0", "eth1"}}[r.Intn(2)]
	o.Failback = []core.AutoFailback{core.FailbackOff, core.FailbackOn, core.FailbackLegacy}[r.Intn(3)]
	o.Keepalive = []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, time.Second}[r.Intn(3)]
	o.Deadtime = o.Keepalive * time.Duration(3+r.Intn(8))
	o.Warntime = o.Deadtime / 2
	o.Initdead = 2*o.Deadtime + time.Duration(r.Intn(5000))*time.Millisecond
	groups := []core.GroupConfig{{Home: "alpha", Resources: []string{"ip1", "web"}}}
	for i := 0; i < r.Intn(3); i++ {
		groups = append(groups, core.GroupConfig{Home: []string{"alpha", "beta"}[r.Intn(2)], Resources: []string{fmt.Sprintf("ip%d", i+2), fmt.Sprintf("svc%d", i)}})
	}
	s := &Simulation{World: NewWorld(o, groups, "alpha", "beta"), rnd: r, Trace: func(string, ...any) {}}
	s.World.Rand = r.Uint64
	for _, m := range s.World.Machines() {
		for _, op := range []string{"start", "stop"} {
			m.Scripts[op] = Script{Take: time.Duration(10+r.Intn(400)) * time.Millisecond}
		}
	}
	if o.Deadtime >= 8*o.Keepalive { // a path that loses and delays, by far not enough to look dead
		loss := r.Intn(10)
		s.World.Lose = func(_, _, _ string) (bool, time.Duration) {
			return r.Intn(100) < loss, time.Duration(r.Intn(20)) * time.Millisecond
		}
	}
	return s
}

// Run plays the given number of faults and operations and returns the first broken guarantee.
func (s *Simulation) Run(steps int) error {
	w := s.World
	for i := 0; i < steps; i++ {
		s.act()
		w.Advance(s.pause())
		if len(w.Both) > 0 && !s.split {
			return fmt.Errorf("two owners without a split: %v", w.Both)
		}
	}
	return s.calm()
}

func (s *Simulation) pause() time.Duration {
	switch s.rnd.Intn(3) {
	case 0:
		return time.Duration(s.rnd.Intn(100)) * time.Millisecond
	case 1:
		return time.Duration(s.rnd.Int63n(int64(s.World.Options.Deadtime)))
	}
	return time.Duration(s.rnd.Int63n(int64(3 * s.World.Options.Deadtime)))
}

var words = []core.Which{core.All, core.Local, core.Foreign, core.Failback}

func (s *Simulation) act() {
	w, r := s.World, s.rnd
	m := w.Machines()[r.Intn(2)]
	other := w.Machines()[0]
	if other == m {
		other = w.Machines()[1]
	}
	n := r.Intn(14)
	s.Trace("%s %s action %d", stamp(w.Now), m.Name, n)
	switch n {
	case 0, 1, 2, 3:
		w.Boot(m)
		if r.Intn(2) == 0 {
			w.Boot(other)
		}
	case 4:
		w.Crash(m)
	case 5:
		w.Step(m, core.StopCommand{})
	case 6, 7:
		w.Step(m, core.StandbyCommand{Which: words[r.Intn(4)]})
	case 8:
		w.Step(m, core.TakeoverCommand{Which: words[r.Intn(4)]})
	case 9:
		w.Cut(m, w.Options.Links[r.Intn(len(w.Options.Links))], true)
		s.split = true
	case 10:
		s.mend()
	case 11:
		w.Kill(m)
		s.split = true
	case 12:
		w.Deafen(m, other, true)
		s.split = true
	case 13:
		w.Stall(m)
		s.split = true
		w.At(w.Now+time.Duration(r.Int63n(int64(2*w.Options.Deadtime))), func() { w.Resume(m) })
	}
}

func (s *Simulation) mend() {
	w := s.World
	for _, m := range w.Machines() {
		for _, l := range w.Options.Links {
			w.Cut(m, l, false)
		}
		for _, o := range w.Machines() {
			w.Deafen(m, o, false)
		}
	}
}

// calm mends everything, starts both nodes and lets time pass: each group must then run, all
// of it, on exactly one node, and both nodes must agree which.
func (s *Simulation) calm() error {
	w := s.World
	s.mend()
	w.Lose = nil
	for _, m := range w.Machines() {
		w.Resume(m)
		w.Boot(m)
	}
	w.Advance(3*w.Options.Initdead + 90*time.Second)
	for _, m := range w.Machines() {
		if m.Core == nil { // it was still stopping
			w.Boot(m)
		}
	}
	w.Advance(3*w.Options.Initdead + 90*time.Second)
	return s.judge()
}

func (s *Simulation) judge() error {
	w := s.World
	var views []core.View
	for _, m := range w.Machines() {
		views = append(views, m.Core.View(w.Now))
	}
	for i, g := range w.Groups {
		for _, r := range g.Resources {
			if on := w.Owners(r); len(on) != 1 {
				return fmt.Errorf("%s runs on %v when all is calm", r, on)
			}
		}
		owner := w.Owners(g.Resources[0])[0]
		for n, v := range views {
			if v.Groups[i].Owner != owner {
				return fmt.Errorf("%s thinks %s is owned by %q, it runs on %s", w.Machines()[n].Name, g.Resources[0], v.Groups[i].Owner, owner)
			}
			if v.Holding == "transition" {
				return fmt.Errorf("%s is still in transition when all is calm: %+v", w.Machines()[n].Name, v)
			}
		}
		if w.Options.Failback == core.FailbackLegacy && owner != g.Home {
			return fmt.Errorf("%s runs on %s in spite of legacy failback", g.Resources[0], owner)
		}
	}
	return nil
}
