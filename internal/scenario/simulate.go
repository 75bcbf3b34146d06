package scenario

import (
	"fmt"
	"math/rand"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// Simulation is one seeded run: a pair with random options, faults and operators, and a
// judge. The same seed gives the same run.
type Simulation struct {
	World *World
	Trace func(format string, args ...any)

	rnd      *rand.Rand
	lossy    bool
	failing  bool // scripts fail and hang
	lying    bool // status lies: no word of who runs what can be expected to be true
	split    bool // a living node may look dead: two owners cannot be excluded without fencing
	verdict  error
	said     map[*wire.Message]bool
	start    time.Duration // of the minute being counted
	sent     map[*Machine]uint64
	ticks    map[*Machine]uint64
	maxSent  float64 // most datagrams in a minute, in multiples of the beats
	maxTicks float64
	Tally    map[string]int // how often the cases were reached that the simulation is for
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
	o.HangReport = time.Duration(1+r.Intn(30)) * time.Second
	groups := []core.GroupConfig{{Home: "alpha", Resources: []string{"ip1", "web"}}}
	for i := 0; i < r.Intn(3); i++ {
		groups = append(groups, core.GroupConfig{Home: []string{"alpha", "beta"}[r.Intn(2)], Resources: []string{fmt.Sprintf("ip%d", i+2), fmt.Sprintf("svc%d", i)}})
	}
	s := &Simulation{
		World: NewWorld(o, groups, "alpha", "beta"), rnd: r, Trace: func(string, ...any) {},
		Tally: map[string]int{}, said: map[*wire.Message]bool{}, sent: map[*Machine]uint64{}, ticks: map[*Machine]uint64{},
	}
	s.failing, s.lying = r.Intn(2) == 0, r.Intn(10) == 0
	s.World.Rand = r.Uint64
	s.World.Emit = s.watch
	s.normalScripts()
	if o.Deadtime >= 8*o.Keepalive { // a path that loses, doubles and delays, by far not enough to look dead
		s.roughPath(r.Intn(12), r.Intn(6), time.Duration(1+r.Intn(300))*time.Millisecond)
	}
	return s
}

func (s *Simulation) normalScripts() {
	for _, m := range s.World.Machines() {
		m.Scripts = map[string]Script{}
		for _, op := range []string{"start", "stop"} {
			m.Scripts[op] = Script{Take: time.Duration(10+s.rnd.Intn(400)) * time.Millisecond}
		}
	}
}

// roughPath loses and doubles some in a hundred, and lets one in ten be overtaken.
func (s *Simulation) roughPath(loss, double int, late time.Duration) {
	r := s.rnd
	delay := func() time.Duration {
		if r.Intn(10) == 0 {
			return time.Duration(r.Int63n(int64(late)))
		}
		return time.Duration(r.Intn(2000)) * time.Microsecond
	}
	s.lossy = true
	s.World.Path = func(_, _, _ string, _ *wire.Message) []time.Duration {
		switch n := r.Intn(100); {
		case n < loss:
			return nil
		case n < loss+double:
			return []time.Duration{delay(), delay()}
		}
		return []time.Duration{delay()}
	}
}

// Run plays rounds of faults and operations, each ended by a calm in which everything must
// come right, and returns the first broken guarantee.
func (s *Simulation) Run(rounds, steps int) error {
	w := s.World
	for range rounds {
		for range steps {
			s.act()
			w.Advance(s.pause())
			if err := s.guarantees(); err != nil {
				return err
			}
		}
		if err := s.calm(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulation) pause() time.Duration {
	switch s.rnd.Intn(8) {
	case 0, 1, 2:
		return time.Duration(s.rnd.Intn(100)) * time.Millisecond
	case 3: // failed stops are tried for ten seconds, failed starts again after thirty
		return time.Duration(s.rnd.Intn(40)) * time.Second
	case 4, 5:
		return time.Duration(s.rnd.Int63n(int64(s.World.Options.Deadtime)))
	}
	return time.Duration(s.rnd.Int63n(int64(3 * s.World.Options.Deadtime)))
}

var words = []core.Which{core.All, core.Local, core.Foreign, core.Failback}

// act does one thing to the pair.
func (s *Simulation) act() {
	w, r := s.World, s.rnd
	m, other := w.Machines()[0], w.Machines()[1]
	if r.Intn(2) == 0 {
		m, other = other, m
	}
	n := r.Intn(22)
	s.Trace("%s %s action %d", stamp(w.Now), m.Name, n)
	switch n {
	case 9, 11, 12, 13, 14, 15:
		s.hurt(n, m, other)
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
	case 16, 17, 20, 21:
		s.breakScript(m)
	case 18:
		s.normalScripts()
		w.Unhang(m)
	case 19:
		m.Clock += time.Duration(r.Int63n(int64(4*time.Hour))) - 2*time.Hour
	case 10:
		s.mend()
	}
}

// hurt does what may make a living node look dead to the other.
func (s *Simulation) hurt(n int, m, other *Machine) {
	w, r := s.World, s.rnd
	switch n {
	case 9:
		if s.split = s.split || len(w.Options.Links) == 1; !s.split && w.cutAny() {
			s.split = true
		}
		w.Cut(m, w.Options.Links[r.Intn(len(w.Options.Links))], true)
	case 11:
		w.Kill(m)
		s.split = true
	case 12:
		w.Deafen(m, other, true)
		s.split = true
	case 13:
		s.split = true
		s.stall(m, 2*w.Options.Deadtime)
	case 14: // too short to look dead
		s.split = s.split || s.lossy
		s.stall(m, w.Options.Deadtime-2*w.Options.Keepalive)
	case 15: // killed, and started again at once by its supervisor
		if s.split = s.split || s.lossy; m.Core != nil {
			w.Kill(m)
			w.Boot(m)
		}
	}
}

func (w *World) cutAny() bool {
	for _, m := range w.nodes {
		for _, l := range w.Options.Links {
			if w.cut[m.Name+" "+l] {
				return true
			}
		}
	}
	return false
}

func (s *Simulation) stall(m *Machine, longest time.Duration) {
	s.World.Stall(m)
	s.World.At(s.World.Now+time.Duration(s.rnd.Int63n(int64(longest))), func() { s.World.Resume(m) })
}

// breakScript makes one of a machine's scripts fail, hang or lie from now on.
func (s *Simulation) breakScript(m *Machine) {
	g := s.World.Groups[s.rnd.Intn(len(s.World.Groups))]
	word := g.Resources[s.rnd.Intn(len(g.Resources))]
	n := s.rnd.Intn(4)
	switch {
	case s.lying && n < 2:
		m.Scripts[word+" status"] = Script{Lie: true, Take: time.Millisecond}
	case s.failing && n < 2:
		m.Scripts[word+" start"] = Script{RC: 1 + s.rnd.Intn(5), Take: 50 * time.Millisecond}
	case s.failing && n == 2:
		m.Scripts[word+" stop"] = Script{RC: 1, Take: 50 * time.Millisecond}
	case s.failing && n == 3:
		m.Scripts[word+[]string{"", " start", " stop", " status"}[s.rnd.Intn(4)]] = Script{Hang: true}
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
