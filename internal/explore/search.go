package explore

import (
	"time"
)

// Found is a broken guarantee and the way to it.
type Found struct {
	Wrong string
	Calm  bool // it shows when everything is mended
	Steps []string
}

// Result is what the search of one scope came to.
type Result struct {
	Scope       *Scope
	States      int
	Transitions int
	Depth       int
	Calmed      int
	Longest     time.Duration // from the end of the faults to one owner
	Cut         string        // why the search did not end by itself; "": it is complete
	Fresh       int           // of the last 100,000 choices, how many led to new states
	Found       *Found
	Took        time.Duration
}

// Limits bound a search. Zero: no bound.
type Limits struct {
	States int
	Until  func() bool // says that the time is over
	Calm   int         // one quiet state in so many is calmed, see unfinished
}

const freshOf = 100000

type search struct {
	result  *Result
	limits  Limits
	seen    map[uint64]uint64        // states, and the budget with which they were gone on from
	settles map[uint64]time.Duration // calm states, and how long they take to come right
	scratch numbering
	path    []choice
	before  int                     // states, some choices ago: see Result.Fresh
	look    func(p *pair, h uint64) // for a test that looks on
}

// Search goes through a scope.
func Search(s *Scope, l Limits, met *Coverage) *Result {
	s.spares = nil // those of another search, where the scope is a copy: a core must not be given to two
	x := newSearch(s, l)
	first := s.first(met)
	x.visit(first)
	if f := x.result.Found; f != nil {
		f.Steps = describe(s, x.path)
		if f.Calm {
			f.Steps = append(f.Steps, calmStep)
		}
	}
	return x.result
}

func newSearch(s *Scope, l Limits) *search {
	return &search{result: &Result{Scope: s}, limits: l, seen: map[uint64]uint64{}, settles: map[uint64]time.Duration{}}
}

// visit goes on from a state, and says whether the search goes on.
func (x *search) visit(p *pair) bool {
	if p.wrong != "" {
		x.result.Found = &Found{Wrong: p.wrong}
		return false
	}
	h := p.digest(&x.scratch)
	known, again := x.known(h, p.left.pack())
	if known {
		return true
	}
	if x.over() {
		return false
	}
	if x.look != nil {
		x.look(p, h)
	}
	r := x.result
	r.Depth = max(r.Depth, len(x.path))
	if !again {
		r.States++
		if x.limits.Calm > 0 && h%uint64(x.limits.Calm) == 0 && !p.unfinished() && !x.calm(p) {
			return false
		}
	}
	all := p.choices(make([]choice, 0, 16))
	for n, q := range p.next(all) {
		if q == nil {
			continue // see next
		}
		if r.Transitions++; r.Transitions%freshOf == 0 {
			r.Fresh, x.before = r.States-x.before, r.States
		}
		x.path = append(x.path, all[n])
		if !x.visit(q) {
			return false
		}
		p.drop(q)
		x.path = x.path[:len(x.path)-1]
	}
	return true
}

// known says whether a state was gone on from with at least that budget; if not, that it now will be.
// Less budget allows nothing that more does not. again: it was gone on from with another one.
func (x *search) known(h, budget uint64) (known, again bool) {
	for k := h; ; k = mix(h, k) {
		was, there := x.seen[k]
		switch {
		case there && covers(was, budget):
			return true, true
		case !there || covers(budget, was):
			x.seen[k] = budget
			return false, there || k != h
		}
	}
}

func (x *search) over() bool {
	switch {
	case x.limits.States > 0 && x.result.States >= x.limits.States:
		x.result.Cut = "the number of states"
	case x.limits.Until != nil && x.result.States%64 == 0 && x.limits.Until():
		x.result.Cut = "time"
	}
	return x.result.Cut != ""
}

// describe turns a way into words.
func describe(s *Scope, path []choice) []string {
	p := s.first(nil)
	var steps []string
	for _, c := range path {
		steps = append(steps, p.describe(c))
		p = p.take(c)
	}
	return steps
}
