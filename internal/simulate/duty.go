package simulate

import (
	"time"

	"heartbeatd/internal/scenario"
)

// duty is what a step has promised: at a certain time something is true, unless somebody
// interferes before.
type duty struct {
	rule  string
	at    time.Duration
	check func() error
	void  bool
}

// act is one step about to be done.
type act struct {
	f      []string
	m, o   *scenario.Machine // whom it is done to, and the other of the pair; nil if to nobody
	before facts
	quiet  bool          // it interferes with no duty
	since  time.Duration // the last step before it that was not

	healing *split            // the split that it may end
	sleeper *scenario.Machine // the node that was settled until it was held up by the step before
	wakes   time.Duration     // and when it wakes up
}

// owe begins a duty.
func (r *Run) owe(rule string, after time.Duration, check func() error) *duty {
	d := &duty{rule: rule, at: r.w.Now + after + slack, check: check}
	r.Tally.Armed[rule]++
	r.duties = append(r.duties, d)
	r.w.At(d.at, func() { r.judge(d) })
	return d
}

func (r *Run) judge(d *duty) {
	if d.void || r.Failure != nil {
		return
	}
	d.void = true
	r.Tally.Judged[d.rule]++
	if err := d.check(); err != nil {
		r.fail(d.rule, "%v", err)
		return
	}
	if ends[d.rule] && r.facts().settled {
		r.still = true
	}
}

// ends are the rules after whose time nothing moves any more, until the next step.
var ends = map[string]bool{"move-in-time": true, "restart-keeps": true, "return-in-time": true, "start-together": true}

// drop ends all duties, because something else has happened.
func (r *Run) drop() {
	for _, d := range r.duties {
		d.void = true
	}
	r.duties, r.healing, r.sleeper = r.duties[:0], nil, nil
}
