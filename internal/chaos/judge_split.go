package chaos

import "time"

// splitKeeps looks at every time in which nothing but the network failed, in both directions, and came back: who
// had a group before it has it afterwards, and did not stop it meanwhile. With auto_failback groups may go home.
func (j *judge) splitKeeps() {
	if j.s.Failback != "off" {
		return
	}
	spells := j.t.spells()
	for i, before := range spells {
		if before.kind != together || before.failing != ";;" {
			continue
		}
		if after, ok := j.nextTogether(spells[i+1:], before); ok {
			j.kept(before, after)
		}
	}
}

// nextTogether is the spell after a split, if there was one and nothing else happened.
func (j *judge) nextTogether(later []spell, before spell) (spell, bool) {
	split := false
	for _, s := range later {
		switch {
		case s.commands != before.commands:
			return spell{}, false
		case s.kind == apart:
			split = true
		case s.kind == together:
			return s, split && j.onlyNetwork(before.to, s.from)
		default:
			return spell{}, false
		}
	}
	return spell{}, false
}

// onlyNetwork says that in a time both daemons lived, and each heard the other surely, or not, as the other it.
func (j *judge) onlyNetwork(from, to time.Time) bool {
	for i, s := range j.t.states {
		if !j.t.cuts[i+1].After(from) || !j.t.cuts[i].Before(to) {
			continue
		}
		if !s.lives(0) || !s.lives(1) || s.stall != [2]string{"off", "off"} || s.hears(0) != s.hears(1) {
			return false
		}
	}
	return true
}

func (j *judge) kept(before, after spell) {
	for _, g := range j.s.Groups {
		words := recorded(g)
		if len(words) == 0 || !j.still(before, words) {
			continue // nobody knows who should have it
		}
		for _, span := range j.spans {
			if !contains(words, span.Word) || !span.runs(before.to) || j.untrusted(span.Word, after.from) {
				continue
			}
			j.checked("split-keeps")
			if limit := earlier(j.healed(after.from), after.to); !span.Stop.IsZero() && span.Stop.Before(limit) {
				j.breach("split-keeps", span.Stop, "%s had %s before the split of %s, and has stopped it", span.Node, span.Word, before.to.Format(clock))
			}
		}
	}
}
