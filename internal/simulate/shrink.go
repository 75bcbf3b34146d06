package simulate

import (
	"regexp"
	"strings"
	"time"
)

// shrinkAtMost is how many plays a plan is shrunk for.
const shrinkAtMost = 3000

// Shrink makes a failing plan small: it drops steps, shortens pauses and simplifies the cluster for
// as long as the same rule is broken.
func Shrink(plan Plan) Plan {
	return shrink(plan, func(p Plan) (*Failure, error) {
		r, err := Play(p, nil)
		return r.Failure, err
	})
}

func shrink(plan Plan, play func(Plan) (*Failure, error)) Plan {
	f, err := play(plan)
	if err != nil || f == nil {
		return plan
	}
	s := &shrinker{best: plan, play: play, rule: f.Rule, left: shrinkAtMost}
	for size := -1; size != s.size() && s.left > 0; {
		size = s.size()
		s.dropSteps()
		s.dropHeads()
		s.simplify()
		s.shorten()
	}
	return s.best
}

type shrinker struct {
	best Plan
	play func(Plan) (*Failure, error)
	rule string
	left int
}

// size is what gets smaller.
func (s *shrinker) size() int {
	n := 0
	for _, st := range s.best.Steps {
		n += 1000 + int(st.Pause/time.Millisecond)
	}
	return n + len(strings.Join(s.best.Head, ""))
}

// try takes a smaller plan if it breaks the same rule.
func (s *shrinker) try(p Plan) bool {
	if s.left--; s.left < 0 {
		return false
	}
	f, err := s.play(p)
	if err != nil || f == nil || f.Rule != s.rule {
		return false
	}
	s.best = p
	return true
}

// dropSteps drops half of the steps, then a quarter, then each alone. Their pauses are kept by the
// step before, if that is what it takes.
func (s *shrinker) dropSteps() {
	for n := len(s.best.Steps) / 2; n > 0; n /= 2 {
		for i := len(s.best.Steps) - n; i >= 0; i -= n {
			if i+n > len(s.best.Steps) || i < 0 {
				continue
			}
			p := s.best.clone()
			gone := p.Steps[i : i+n]
			var pause time.Duration
			for _, st := range gone {
				pause += st.Pause
			}
			p.Steps = append(p.Steps[:i:i], p.Steps[i+n:]...)
			if s.try(p) || i == 0 {
				continue
			}
			p = p.clone()
			p.Steps[i-1].Pause += pause
			s.try(p)
		}
	}
}

// dropHeads drops lines of the head.
func (s *shrinker) dropHeads() {
	for i := len(s.best.Head) - 1; i >= 0; i-- {
		p := s.best.clone()
		if strings.HasPrefix(p.Head[i], "nodes") {
			p.Head[i] = "nodes alpha beta"
		} else {
			p.Head = append(p.Head[:i:i], p.Head[i+1:]...)
		}
		if strings.Join(p.Head, "") != strings.Join(s.best.Head, "") {
			s.try(p)
		}
	}
}

var (
	option   = regexp.MustCompile(` [a-z_]+=[^ ]+`)
	resource = regexp.MustCompile(` [a-z]+\d`)
)

// simplify drops single options and single resources.
func (s *shrinker) simplify() {
	for i := range s.best.Head {
		words := option
		if strings.HasPrefix(s.best.Head[i], "group") || strings.HasPrefix(s.best.Head[i], "file") {
			words = resource
		}
		for _, w := range words.FindAllString(s.best.Head[i], -1) {
			if strings.HasPrefix(w, " keepalive=") || strings.HasPrefix(w, " deadtime=") {
				continue // the promises presuppose that the two fit together
			}
			p := s.best.clone()
			p.Head[i] = strings.Replace(p.Head[i], w, "", 1)
			s.try(p)
		}
	}
}

// shorten tries shorter and rounder pauses.
func (s *shrinker) shorten() {
	for i := range s.best.Steps {
		for _, d := range []time.Duration{0, 100 * time.Millisecond, time.Second, 10 * time.Second, 30 * time.Second, s.best.Steps[i].Pause.Truncate(time.Second)} {
			if d >= s.best.Steps[i].Pause {
				continue
			}
			p := s.best.clone()
			p.Steps[i].Pause = d
			if s.try(p) {
				break
			}
		}
	}
}
