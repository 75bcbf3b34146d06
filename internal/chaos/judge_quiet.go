package chaos

import (
	"strings"
	"time"
)

// What is promised of a single thing that is done to a pair at rest is judged where nothing else happened for as
// long as the promise takes.

// promptly is what the conductor and a busy machine may add where a pair at rest is looked at.
const promptly = 1200 * time.Millisecond

// rested is the spell that a moment ends, in which the pair was at rest: together, each group where it belongs, with
// nothing on its way that began before.
func (j *judge) rested(at time.Time) (spell, bool) {
	for _, s := range j.t.spells() {
		if s.kind != together || s.failing != ";;" || s.from.After(at) || s.to.Before(at) {
			continue
		}
		s.to = at
		for _, g := range j.s.Groups {
			if words := recorded(g); len(words) > 0 && !j.still(s, words) {
				return spell{}, false
			}
		}
		return s, true
	}
	return spell{}, false
}

// still says that a group was at rest where it belongs at the end of a spell.
func (j *judge) still(s spell, words []string) bool {
	due, ok := s.after(j.s.Promise(s.kind) + j.r.extra(s, words))
	if !ok || j.untrusted(words[0], s.to) || j.untrusted(words[len(words)-1], s.to) || j.wrong(s, words, due) != "" || j.wrong(s, words, s.to) != "" {
		return false
	}
	_, touched := j.touched(words, due, s.to)
	return !touched
}

// only says that in a time nothing was changed but one fact of one node.
func (j *judge) only(from, to time.Time, node, fact string) bool {
	if to.After(j.r.End) {
		return false
	}
	for _, c := range j.r.Changes {
		if c.End.After(from) && c.Begin.Before(to) && (c.Node != node || c.Fact != fact) {
			return false
		}
	}
	return true
}

// touched is the first script that started or stopped something of a group in a time.
func (j *judge) touched(words []string, from, to time.Time) (deed, bool) {
	for _, d := range j.r.deeds() {
		if contains(words, d.word) && d.begin.After(from) && d.begin.Before(to) {
			return d, true
		}
	}
	return deed{}, false
}

// single looks at what was done to a pair at rest.
func (j *judge) single() {
	for i, c := range j.r.Changes {
		switch {
		case c.Fact == factDaemon && c.Value == "killed":
			j.restartKeeps(c)
		case c.Fact == factDaemon && c.Value == "stopping":
			j.stopInTime(c)
		case c.Fact == factCommand:
			j.moveInTime(j.r.Changes[i])
		}
	}
}

// restartKeeps: what runs on a daemon that was killed and started again at once goes on untouched.
func (j *judge) restartKeeps(killed Change) {
	up, ok := j.next(killed, "up")
	end := up.Add(j.s.Promise(together))
	if !ok || up.Sub(killed.Begin) >= j.s.shortest() || !j.only(killed.Begin, end, killed.Node, factDaemon) {
		return
	}
	if second, again := j.next(killed, "killed"); again && second.Before(end) {
		return
	}
	if _, ok := j.rested(killed.Begin); !ok {
		return
	}
	j.checked("restart-keeps")
	for _, g := range j.s.Groups {
		if d, ok := j.touched(recorded(g), killed.Begin, end); ok {
			j.breach("restart-keeps", d.begin, "the daemon of %s was killed and back within %v, and %s ran %s %s",
				killed.Node, up.Sub(killed.Begin).Round(time.Millisecond), d.node, d.word, d.what)
		}
	}
}

// next is when a daemon comes to a state after a change of it.
func (j *judge) next(after Change, value string) (time.Time, bool) {
	for _, c := range j.r.Changes {
		if c.Node == after.Node && c.Fact == factDaemon && c.Value == value && c.Begin.After(after.End) {
			return c.End, true
		}
	}
	return time.Time{}, false
}

// stopInTime: who stops in order gives all, and ends.
func (j *judge) stopInTime(c Change) {
	limit := c.Begin.Add(2*j.s.scriptTime() + promptly)
	limit = limit.Add(j.r.heldUp(c.Begin, limit))
	over := limit.Add(2 * time.Second)
	if !j.only(c.Begin, over, c.Node, factDaemon) {
		return
	}
	for _, value := range []string{"killed", "starting"} {
		if at, ok := j.next(c, value); ok && at.Before(over) {
			return
		}
	}
	if _, ok := j.rested(c.Begin); !ok {
		return
	}
	j.checked("stop-in-time")
	for _, g := range j.s.Groups {
		for _, w := range recorded(g) {
			if j.has(other(c.Node), w, limit) != surely || j.has(c.Node, w, limit) != never {
				j.breach("stop-in-time", limit, "%s was told to stop %v before, and %s does not have %s alone", c.Node, limit.Sub(c.Begin), other(c.Node), w)
			}
		}
	}
	if at, ok := j.next(c, "stopped"); !ok || at.After(over) {
		j.breach("exit-in-time", over, "the daemon of %s was told to stop %v before, and has not ended", c.Node, over.Sub(c.Begin))
	}
}

// moveInTime: what an operator's word names moves, and nothing else does; no other fault that comes meanwhile changes that
// before it comes. A word that is refused moves nothing, and a node that gives nothing away by its auto_failback refuses.
func (j *judge) moveInTime(c Change) {
	o, given := j.ordered(c)
	limit := c.End.Add(2*j.s.scriptTime() + promptly)
	limit = limit.Add(j.r.heldUp(c.Begin, limit))
	until := j.r.undisturbed(c, limit)
	if !given || until.Before(c.Begin.Add(promptly/4)) {
		return
	}
	before, ok := j.rested(c.Begin)
	if !ok {
		return
	}
	j.checked("move-in-time")
	if refuses := j.s.Failback == "legacy" && strings.HasPrefix(o.Text, "standby"); refuses {
		j.checked("move-in-time, refused")
		if o.Code == 0 {
			j.breach("move-in-time", o.End, "%s on %s was not refused, with auto_failback legacy", o.Text, c.Node)
		}
	}
	for _, g := range j.s.Groups {
		words := recorded(g)
		if len(words) == 0 {
			continue
		}
		owner := Nodes[0]
		if j.has(Nodes[1], words[0], before.to) == surely {
			owner = Nodes[1]
		}
		if j.s.Failback == "legacy" || o.Code != 0 || !gives(o.Text, c.Node, owner, g[0]) {
			if d, ok := j.touched(words, c.Begin, until); ok {
				j.breach("move-in-time", d.begin, "%s on %s (code %d) does not move %s, and %s ran %s %s", o.Text, c.Node, o.Code, g[1], d.node, d.word, d.what)
			}
			continue
		}
		j.movedOnce(o, words, owner, c.Begin, until)
		if until.Before(limit) {
			continue
		}
		for _, w := range words {
			if want := other(owner); j.has(want, w, limit) != surely || j.has(owner, w, limit) != never {
				j.breach("move-in-time", limit, "%v after %s on %s, %s does not have %s alone", limit.Sub(c.Begin), o.Text, c.Node, want, w)
			}
		}
	}
}

// movedOnce: what moves is stopped by its owner and started by the other, and neither does it the other way.
func (j *judge) movedOnce(o Order, words []string, owner string, from, to time.Time) {
	for _, d := range j.r.deeds() {
		if contains(words, d.word) && d.begin.After(from) && d.begin.Before(to) && (d.what == callStop) != (d.node == owner) {
			j.breach("move-in-time", d.begin, "%s on %s moves %s away from %s, and %s ran %s %s", o.Text, o.Node, d.word, owner, d.node, d.word, d.what)
		}
	}
}

// ordered is the operator's word that a change is about, if it came to an end.
func (j *judge) ordered(c Change) (Order, bool) {
	for _, o := range j.r.Commands {
		if d := o.Begin.Sub(c.Begin); o.Node == c.Node && d >= 0 && d < 20*time.Millisecond && !o.End.IsZero() {
			return o, true
		}
	}
	return Order{}, false
}

// undisturbed is until when, at most, nothing else was changed since a change began.
func (r *Record) undisturbed(c Change, until time.Time) time.Time {
	until = earlier(until, r.End)
	for _, o := range r.Changes {
		if o != c && o.End.After(c.Begin) && o.Begin.Before(until) {
			until = later(o.Begin, c.Begin)
		}
	}
	return until
}

// gives says whether a word, given on node, makes the owner give away a group with that home.
func gives(text, node, owner, home string) bool {
	word, which, _ := strings.Cut(text, " ")
	giver := node
	if word == "takeover" {
		giver = other(node)
	}
	if giver != owner {
		return false
	}
	switch which {
	case "all":
		return true
	case "local": // of standby the giver's own groups, of takeover those of who takes
		return home == node
	case "failback":
		if word == "takeover" {
			return home == node
		}
	}
	return home != node
}
