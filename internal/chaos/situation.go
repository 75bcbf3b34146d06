package chaos

import (
	"strings"
	"time"
)

// Situations in which something is promised. The node is the one that must have what.
const (
	together = "together" // both nodes live and hear each other: one owner for each group
	alone    = "alone"    // NODE lives, the other has nothing: NODE has all
	survivor = "survivor" // NODE lives, the daemon of the other was killed or is held up, and left its resources: NODE has all
	apart    = "apart"    // both live, neither hears the other: both have all
	deaf     = "deaf"     // NODE does not hear the other, which hears it: NODE has all, alone
)

// situation is the kind, its node, and the start scripts that are told to fail; the kind is "" where
// nothing is promised.
func (s state) situation() (kind, node, failing string) {
	for _, scripts := range s.scripts {
		failing += scripts + ";"
	}
	if s.lives(0) && s.lives(1) {
		a, b := s.hears(0), s.hears(1)
		switch {
		case a == surely && b == surely:
			return together, "", failing
		case a == never && b == never:
			return apart, "", failing
		case a == never && b == surely:
			return deaf, Nodes[0], failing
		case b == never && a == surely:
			return deaf, Nodes[1], failing
		}
		return "", "", ""
	}
	for i, n := range Nodes {
		if !s.lives(i) {
			continue
		}
		switch {
		case s.gone(1 - i):
			return alone, n, failing
		case s.power[1-i] == "on" && (s.daemon[1-i] == "killed" || s.daemon[1-i] == "up" && s.stall[1-i] == "on"):
			return survivor, n, failing
		}
	}
	return "", "", ""
}

// spell is a time in which the situation stayed the same.
type spell struct {
	kind, node string
	failing    string
	commands   string
	from, to   time.Time
	paused     []segmentTime // when a daemon was held up for a moment
}

type segmentTime struct{ from, to time.Time }

// spells are all times in which something is promised.
func (t *timeline) spells() []spell {
	var all []spell
	joined := false
	for i, s := range t.states {
		from, to := t.cuts[i], t.cuts[i+1]
		kind, node, failing := s.situation()
		if kind == "" {
			joined = false
			continue
		}
		n := len(all) - 1
		if !joined || all[n].kind != kind || all[n].node != node || all[n].failing != failing || all[n].commands != s.commands {
			all = append(all, spell{kind: kind, node: node, failing: failing, commands: s.commands, from: from})
			n++
		}
		joined = true
		all[n].to = to
		if s.stall[0] == short || s.stall[1] == short {
			all[n].paused = append(all[n].paused, segmentTime{from, to})
		}
	}
	return all
}

// after is the moment at which a spell has lasted that long, not counting pauses; false if it did not.
func (s spell) after(d time.Duration) (time.Time, bool) {
	at := s.from.Add(d)
	for _, p := range s.paused {
		if p.from.Before(at) {
			at = at.Add(p.to.Sub(p.from) + 200*time.Millisecond)
		}
	}
	return at, at.Before(s.to)
}

// scriptTime is what it may take to start, or to stop, everything.
func (s Setup) scriptTime() time.Duration {
	d := time.Duration(0)
	for _, g := range s.Groups {
		for _, w := range g[1:] {
			if d += 300 * time.Millisecond; !isAddress(w) {
				d += s.Take
			}
		}
	}
	return d
}

// slack is what the conductor, the kernel and a busy machine may add.
const slack = 2 * time.Second

// Promise is the time after which what is promised in a situation must be so. A clash that a split left
// behind, a death nobody was told of, a node that has just started: all of them are over by then.
func (s Setup) Promise(kind string) time.Duration {
	switch kind {
	case together:
		return 5*s.Keepalive + 2*s.scriptTime() + slack
	case deaf:
		return max(s.Deadtime, s.Initdead) + 3*s.Keepalive + 2*s.scriptTime() + slack
	}
	return max(s.Deadtime, s.Initdead) + s.scriptTime() + slack
}

// healing is how long two owners may last once both nodes hear each other again.
func (s Setup) healing() time.Duration {
	return 4*s.Keepalive + s.scriptTime() + slack
}

// Times that are added to a promise because of what happened before.
const (
	standbyAnswer = 10 * time.Second // a request that is not answered is kept for so long
	stopTries     = 12 * time.Second // a stop that fails is tried ten times, once a second
	retryFailed   = 30 * time.Second // a start that failed on all nodes there are: then twice that, then four times
)

// extra is what is added to the promise of a spell for a group of words. The trouble of other groups costs the time of
// their scripts, which run in between, and of a script that hangs; then nothing is promised anyway.
func (r *Record) extra(s spell, words []string) time.Duration {
	d := time.Duration(0)
	if r.commanded(s.from.Add(-12*time.Second), s.from.Add(-time.Second)) {
		d += standbyAnswer
	}
	setup := r.Plan.Setup
	due := earlier(s.to, s.from.Add(setup.Promise(s.kind)+d))
	switch before := s.from.Add(-15 * time.Second); {
	case r.scriptTrouble(words, before, due):
		d += stopTries
	case r.scriptTrouble(setup.Words(), before, due):
		d += 12 * (setup.Take + 100*time.Millisecond)
	}
	worst := 0
	for _, n := range Nodes {
		worst = max(worst, r.failedStarts(n, words, s.from.Add(-130*time.Second), s.to))
	}
	if worst > 0 {
		d += retryFailed << min(worst-1, 2)
	}
	return d
}

func (r *Record) commanded(from, to time.Time) bool {
	for _, c := range r.Changes {
		if c.Fact == factCommand && c.End.After(from) && !c.Begin.After(to) {
			return true
		}
	}
	return false
}

// scriptTrouble says whether a script of these words failed or was to hang or fail, or one was killed, whosever it was.
func (r *Record) scriptTrouble(words []string, from, to time.Time) bool {
	faulty := map[string]bool{} // nodes where they were so before
	for _, c := range r.Changes {
		if c.Fact == factTrouble && c.End.After(from) && !c.Begin.After(to) {
			return true
		}
		if c.Fact != factScripts || c.Begin.After(to) {
			continue
		}
		was := faulty[c.Node]
		faulty[c.Node] = false
		for _, fault := range strings.Fields(c.Value) {
			word, _, _ := strings.Cut(fault, ".")
			faulty[c.Node] = faulty[c.Node] || contains(words, word)
		}
		if c.End.After(from) && (was || faulty[c.Node]) {
			return true
		}
	}
	for _, c := range r.Calls {
		if strings.HasSuffix(c.What, "-failed") && contains(words, c.Word) && c.At.After(from) && c.At.Before(to) {
			return true
		}
	}
	return false
}

// failedStarts counts the starts that did not end well: told to fail, or killed.
func (r *Record) failedStarts(node string, words []string, from, to time.Time) int {
	n, killed := 0, 0
	for _, c := range r.Calls {
		if c.Node == node && c.What == callStartFailed && contains(words, c.Word) && c.At.After(from) && c.At.Before(to) {
			n++
		}
	}
	for _, c := range r.Changes {
		if c.Node == node && c.Fact == factTrouble && c.Begin.After(from) && c.Begin.Before(to) {
			killed = 1
		}
	}
	return n + killed
}

func contains(all []string, word string) bool {
	for _, w := range all {
		if w == word {
			return true
		}
	}
	return false
}
