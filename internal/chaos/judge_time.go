package chaos

import (
	"fmt"
	"strings"
	"time"
)

// inTime looks at every spell that lasted longer than its promise: then everything must be where it belongs, and
// stay there.
func (j *judge) inTime() {
	for _, s := range j.t.spells() {
		for _, g := range j.s.Groups {
			words := recorded(g)
			if len(words) == 0 || s.cannotRun(words) {
				continue
			}
			j.group(s, words)
		}
	}
}

// recorded are the words of a group that have a recorder.
func recorded(group []string) []string {
	var words []string
	for _, w := range group[1:] {
		if !isAddress(w) {
			words = append(words, w)
		}
	}
	return words
}

// cannotRun says that a start script is told to fail where the group would have to run.
func (s spell) cannotRun(words []string) bool {
	fails := [2]bool{}
	for i, scripts := range strings.SplitN(s.failing, ";", 2) {
		for _, w := range words {
			fails[i] = fails[i] || strings.Contains(" "+scripts, " "+w+".start.fails")
		}
	}
	switch s.kind {
	case together:
		return fails[0] && fails[1]
	case apart:
		return fails[0] || fails[1]
	}
	return fails[index(s.node)]
}

func (j *judge) group(s spell, words []string) {
	promise := j.s.Promise(s.kind) + j.r.extra(s, words)
	if s.kind != together && j.met(s) {
		promise -= j.s.Initdead - j.s.Deadtime
	}
	promise += j.r.heldUp(s.from, s.from.Add(promise))
	due, ok := s.after(promise)
	j.measure(s, words, due)
	if !ok || j.untrusted(words[0], due) || j.untrusted(words[len(words)-1], due) {
		return
	}
	j.checked("owned-in-time")
	if why := j.wrong(s, words, due); why != "" {
		j.breach("owned-in-time", due, "%s %s for %v (promised after %v): %s",
			s.kind, s.node, due.Sub(s.from).Round(time.Millisecond), promise, why)
		return
	}
	j.goneHome(s, words, due)
	j.checked("nothing-moves")
	for _, span := range j.spans {
		if contains(words, span.Word) {
			j.unmoved(s, span, due)
		}
	}
}

// goneHome: with auto_failback legacy a group is at home wherever it can be.
func (j *judge) goneHome(s spell, words []string, due time.Time) {
	home := ""
	for _, g := range j.s.Groups {
		if contains(g, words[0]) {
			home = g[0]
		}
	}
	due = due.Add(time.Second + j.s.scriptTime())
	if j.s.Failback != "legacy" || s.kind != together || due.After(s.to) || j.r.failedStarts(home, words, s.from.Add(-130*time.Second), s.to) > 0 || strings.Contains(s.failing, ".start.") {
		return
	}
	j.checked("return-in-time")
	if j.has(home, words[0], due) == never {
		j.breach("return-in-time", due, "%s is at home on %s, and does not run there", words[0], home)
	}
}

// met says that who must act in a spell has heard the other in its present life: then no initdead counts.
func (j *judge) met(s spell) bool {
	for _, n := range Nodes {
		if s.node != "" && s.node != n {
			continue
		}
		met := false
		for _, before := range j.t.spells() {
			if before.kind == together && !before.to.After(s.from) && before.to.Sub(before.from) > 2*j.s.Keepalive+time.Second && before.from.After(j.born(n, s.from)) {
				met = true
			}
		}
		if !met {
			return false
		}
	}
	return true
}

// born is when the daemon was started that a node had at a time.
func (j *judge) born(node string, at time.Time) time.Time {
	born := time.Time{}
	for _, c := range j.r.Changes {
		if c.Node == node && c.Fact == factDaemon && (c.Value == "starting" || c.Value == "restarting") && c.Begin.Before(at) && c.Begin.After(born) {
			born = c.Begin
		}
	}
	return born
}

// wrong says what is not as promised at a moment.
func (j *judge) wrong(s spell, words []string, at time.Time) string {
	first := ""
	for _, w := range words {
		var runs, perhaps []string
		for _, span := range j.spans {
			if span.Word != w || !span.perhaps(at) {
				continue
			}
			if perhaps = append(perhaps, span.Node); span.runs(at) {
				runs = append(runs, span.Node)
			}
		}
		ok := len(runs) == 1 && len(perhaps) == 1
		switch s.kind {
		case together:
			ok = ok && (first == "" || first == runs[0])
		case alone, deaf:
			ok = ok && runs[0] == s.node
		case survivor:
			ok = contains(runs, s.node)
		case apart:
			ok = len(runs) == 2
		}
		if !ok {
			return fmt.Sprintf("%s runs on %v, may run on %v", w, runs, perhaps)
		}
		first = runs[0]
	}
	return ""
}

func (j *judge) unmoved(s spell, span Span, due time.Time) {
	for what, at := range map[string]time.Time{"start": span.Start, "stop": span.Stop} {
		if !at.IsZero() && at.After(due) && at.Before(s.to) && !j.cut(span, at) {
			j.breach("nothing-moves", at, "%s %s of %s while all was in order (%s %s since %s)", span.Node, what, span.Word, s.kind, s.node, s.from.Format(clock))
		}
	}
}

// cut says that it was no script that ended a span, but the power.
func (j *judge) cut(span Span, at time.Time) bool {
	return at.Equal(span.Stop) && at.Equal(span.Stopped)
}

// measure notes how long it took until a group came to rest, for the closing figures.
func (j *judge) measure(s spell, words []string, due time.Time) {
	var last time.Time
	for _, span := range j.spans {
		if !contains(words, span.Word) {
			continue
		}
		for _, at := range []time.Time{span.Started, span.Stopped} {
			if at.After(s.from) && at.Before(s.to) && at.Before(due) && at.After(last) {
				last = at
			}
		}
	}
	if !last.IsZero() && !j.r.scriptTrouble(j.s.Words(), s.from.Add(-15*time.Second), last) && j.r.failedStarts(Nodes[0], words, s.from.Add(-130*time.Second), last) == 0 {
		j.longest(s.kind, last.Sub(s.from))
	}
}
