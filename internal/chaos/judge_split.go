package chaos

import (
	"strings"
	"time"
)

// splitKeeps looks at every time in which nothing but the network failed, in both directions, or one daemon was held up, and
// came back: who had a group before it has it afterwards, and did not stop it meanwhile. With auto_failback what is not
// at home may go home.
func (j *judge) splitKeeps() {
	spells := j.t.spells()
	for i, before := range spells {
		if before.kind != together {
			continue
		}
		if after, rule := j.nextTogether(spells[i+1:], before); rule != "" {
			j.kept(rule, before, after)
		}
	}
}

// nextTogether is the spell after a split, or after a stall, if there was one and nothing else happened; and the rule for it.
func (j *judge) nextTogether(later []spell, before spell) (spell, string) {
	split, stall := false, false
	for _, s := range later {
		switch {
		case s.commands != before.commands:
			return spell{}, ""
		case s.kind == apart:
			split = true
		case s.kind == survivor:
			stall = true
		case s.kind == together && split && j.onlyNetwork(before.to, s.from):
			return s, "split-keeps"
		case s.kind == together && stall && j.onlySleep(before.to, s.from):
			return s, "long-stall"
		default:
			return spell{}, ""
		}
	}
	return spell{}, ""
}

// onlyNetwork says that in a time both daemons lived, and each heard the other surely, or not, as the other it.
func (j *judge) onlyNetwork(from, to time.Time) bool {
	return j.throughout(from, to, func(s state) bool {
		return s.lives(0) && s.lives(1) && s.stall == [2]string{"off", "off"} && s.hears(0) == s.hears(1)
	})
}

// onlySleep says that in a time one daemon was held up, always the same, and nothing else was wrong.
func (j *judge) onlySleep(from, to time.Time) bool {
	slept := [2]bool{}
	return j.throughout(from, to, func(s state) bool {
		for i := range Nodes {
			slept[i] = slept[i] || s.stall[i] != "off"
		}
		s.stall = [2]string{"off", "off"}
		return slept != [2]bool{true, true} && s.lives(0) && s.lives(1) && s.hears(0) == surely && s.hears(1) == surely
	})
}

// throughout says that something held all of a time.
func (j *judge) throughout(from, to time.Time, holds func(state) bool) bool {
	for i, s := range j.t.states {
		if j.t.cuts[i+1].After(from) && j.t.cuts[i].Before(to) && !holds(s) {
			return false
		}
	}
	return true
}

// idle says that a group was where it belongs when a spell ended, and had been for as long as a move takes.
func (j *judge) idle(s spell, words []string) bool {
	least := j.s.Promise(s.kind)
	if _, ok := s.after(least); !ok || j.untrusted(words[0], s.to) || j.untrusted(words[len(words)-1], s.to) || j.wrong(s, words, s.to) != "" {
		return false
	}
	_, touched := j.touched(words, s.to.Add(-least), s.to)
	return !touched
}

func (j *judge) kept(rule string, before, after spell) {
	for _, g := range j.s.Groups {
		words := recorded(g)
		if len(words) == 0 || before.bad(words) || !j.idle(before, words) {
			continue // nobody knows who should have it
		}
		for _, span := range j.spans {
			if !contains(words, span.Word) || !span.runs(before.to) || j.untrusted(span.Word, after.from) || j.s.Failback != "off" && span.Node != g[0] {
				continue
			}
			j.checked(rule)
			if limit := earlier(j.healed(after.from, words), after.to); !span.Stop.IsZero() && span.Stop.Before(limit) {
				j.breach(rule, span.Stop, "%s had %s before what began at %s, and has stopped it", span.Node, span.Word, before.to.Format(clock))
			}
		}
	}
}

// bad says that a script of a group was told to fail in a spell.
func (s spell) bad(words []string) bool {
	for _, w := range words {
		if strings.Contains(" "+strings.ReplaceAll(s.failing, ";", " "), " "+w+".") {
			return true
		}
	}
	return false
}
