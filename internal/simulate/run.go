package simulate

import (
	"fmt"
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// Run is one plan being played.
type Run struct {
	Failure *Failure
	Tally   Tally
	Calms   []time.Duration // how long each calm took
	Trace   func(format string, args ...any)

	tracing bool
	plan    Plan
	play    *scenario.Player
	w       *scenario.World
	pair    [2]*scenario.Machine
	heard   [][]heard // by receiver and sender
	sent    []sending // by machine

	split    bool // somebody was declared dead who is not: two owners cannot be excluded without fencing
	outsider bool // something outside the cluster has started a resource
	lying    bool // a status script lies: no word of who runs what can be expected to be true
	scripted bool // a script was told to behave in another way since the last calm
	differs  bool // the nodes have not the same haresources
	still    bool // nothing has happened since all came right
	duties   []*duty
	spoiled  map[string]bool // words of groups of which outsiders or liars made something that no node can know
	answered time.Duration   // when an operator's word that was given since the last calm has its answer, or none

	edited        bool                  // a haresources was changed on the way
	strangers     bool                  // a daemon has begun with another file than the other's, or has lost what its file no longer has
	reloading     bool                  // nothing has happened to settled nodes since but changes of their files
	settledBefore bool                  // the nodes were settled when the first of these began
	was           [2][]core.GroupConfig // what each daemon went by when the last calm began
	difference    map[string]bool       // the words that changes of a haresources are about, since all came right

	disturbed time.Duration // when the last step was that was not quiet: a word may be under way
	recorded  time.Duration // until when a recording may still be under way
	slowest   time.Duration // the longest way of a datagram since the last calm
	healing   *split
	sleeper   *scenario.Machine // see act
	wakes     time.Duration
	moves     uint64              // starts and stops that were run on the pair
	stops     [2]map[string]bool  // what was stopped on each, since somebody cleared it
	counted   time.Duration       // since when traffic is counted
	doubts    [2][]time.Duration  // when each woke up, or was replaced, since all came right
	lastDoubt [2][2]time.Duration // of these, of each kind
	words     []word              // of operators, that have not arrived
}

// Failure is a broken guarantee.
type Failure struct {
	Rule string
	At   time.Duration
	Text string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s broken at %s: %s", f.Rule, scenario.Stamp(f.At), f.Text)
}

// Play plays a plan to its end or to the first broken guarantee. Wrong commands are errors.
func Play(plan Plan, trace func(format string, args ...any)) (*Run, error) {
	return playWith(plan, trace, func(*Run) {})
}

// playWith lets somebody see the world before the first step.
func playWith(plan Plan, trace func(format string, args ...any), see func(*Run)) (r *Run, err error) {
	r = &Run{plan: plan, play: scenario.NewPlayer(), Trace: trace, Tally: newTally(), tracing: trace != nil, spoiled: map[string]bool{}, difference: map[string]bool{}}
	if trace == nil {
		r.Trace = func(string, ...any) {}
	}
	for _, l := range plan.Head {
		if err := r.play.Do(l); err != nil {
			return r, fmt.Errorf("%s: %w", l, err)
		}
	}
	if r.play.World == nil || len(r.play.World.Machines()) < 2 {
		return r, fmt.Errorf("the plan names no two nodes")
	}
	r.watch(r.play.World)
	see(r)
	defer func() {
		if p := recover(); p != nil {
			r.fail("no-panic", "%v", p)
		}
	}()
	for _, s := range plan.Steps {
		if err := r.step(s); err != nil || r.Failure != nil {
			return r, err
		}
	}
	return r, nil
}

// Lived is the simulated time.
func (r *Run) Lived() time.Duration {
	if r.w == nil {
		return 0
	}
	return r.w.Now
}

func (r *Run) watch(w *scenario.World) {
	r.w = w
	r.pair = [2]*scenario.Machine(w.Machines()[:2])
	r.heard = make([][]heard, len(w.Machines()))
	r.sent = make([]sending, len(w.Machines()))
	for i := range r.heard {
		r.heard[i] = make([]heard, len(w.Machines()))
	}
	r.stops = [2]map[string]bool{{}, {}}
	r.differs = len(w.Files) > 0 && !sameGroups(w.GroupsOf(r.pair[0]), w.GroupsOf(r.pair[1]))
	emit := w.Emit
	w.Emit = func(m *scenario.Machine, a core.Action) {
		emit(m, a)
		r.action(m, a)
	}
	w.Arrived, w.Changed = r.arrived, r.changed
}

func sameGroups(a, b []core.GroupConfig) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// step does one thing and lets time pass.
func (r *Run) step(s Step) error {
	if s.Line == Calm {
		r.calm()
		r.w.Advance(s.Pause)
		return nil
	}
	r.filesDiffer()
	f := strings.Fields(s.Line)
	act := r.before(f)
	r.reload(act)
	r.Trace("%s       --- %s, then %s", scenario.Stamp(r.w.Now), s.Line, s.Pause)
	if err := r.play.Do(s.Line); err != nil {
		return fmt.Errorf("%s: %w", s.Line, err)
	}
	r.filesDiffer()
	r.after(act)
	r.w.Advance(s.Pause)
	r.atRest()
	return nil
}

func (r *Run) fail(rule, format string, args ...any) {
	if r.Failure == nil {
		r.Failure = &Failure{rule, r.w.Now, fmt.Sprintf(format, args...)}
	}
}

// other is the other node of the pair; nil for a third machine.
func (r *Run) other(m *scenario.Machine) *scenario.Machine {
	switch m {
	case r.pair[0]:
		return r.pair[1]
	case r.pair[1]:
		return r.pair[0]
	}
	return nil
}
