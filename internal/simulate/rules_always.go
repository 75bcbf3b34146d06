package simulate

import (
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// oneOwnerOf is the rule one-owner.
func (r *Run) oneOwnerOf(word string) {
	if on := r.w.Owners(word); len(on) > 1 && !r.spoiled[word] && !r.twoHomes(word) {
		r.fail("one-owner", "%s runs on %s without a split", word, strings.Join(on, " and "))
	}
}

// twoHomes says that by the files each node is the home of a word's group: no name can then decide who
// begins when both start together.
func (r *Run) twoHomes(word string) bool {
	if !r.differs || r.edited && !r.strangers {
		return false
	}
	homes := 0
	for _, m := range r.pair {
		for _, g := range r.w.GroupsOf(m) {
			if g.Home == m.Name && slices.Contains(g.Resources, word) {
				homes++
			}
		}
	}
	return homes > 1
}

// declaredDead is the rule false-death. It also keeps that a split began: from now on two owners
// cannot be excluded without fencing.
func (r *Run) declaredDead(m *scenario.Machine, name string) {
	x := r.w.Machine(name)
	if x == nil {
		return
	}
	if !idle(x) {
		r.split = true
	}
	silent, limit := r.w.Now-m.Since, r.deadtime(m)
	if h := r.heard[m.Index()][x.Index()]; h.life == m.Life() && h.at > m.Since { // one that cannot write begins later than its life
		silent, limit = r.w.Now-h.at, r.deadtime(x)
	}
	if m.Core != nil && m.Core.View(r.w.Now).State == "up" {
		limit = max(limit, r.w.OptionsOf(m).Initdead)
	}
	r.sleeperWaits(m, name)
	if silent < limit-slack {
		r.fail("false-death", "%s declares %s dead, whose beat came %s ago", m.Name, name, silent)
	}
}

// sleeperWaits is the rule sleeper-waits: who was held up knows nothing of the others yet. One that is held
// up again and again comes to a verdict all the same.
func (r *Run) sleeperWaits(m *scenario.Machine, name string) {
	k := r.keepalive(m)
	slept := m.Woke - m.Asleep - r.w.Horizon(m) // with its beats handed over it had nothing to do before
	if m.Asleep < m.Since || slept < 2*k+100*time.Millisecond || r.w.Now > r.doubted(m)+r.deadtime(m) {
		return
	}
	if awake := r.w.Now - m.Woke; awake < 2*k-slack {
		r.fail("sleeper-waits", "%s declares %s dead %s after it was held up for %s", m.Name, name, awake, slept)
	}
}

// doubted is since when a node has had reason to distrust what it knows of the other: it woke up, or was replaced, and
// has not heard the other since.
func (r *Run) doubted(m *scenario.Machine) time.Duration {
	heard := r.heard[m.Index()][r.other(m).Index()].at
	since := m.Woke
	for _, at := range r.doubts[m.Index()] {
		if at > max(heard, m.Since) {
			since = min(since, at)
		}
	}
	return max(since, heard+r.deadtime(r.other(m)))
}

// noteDoubt keeps when a node woke up or was replaced: its successor distrusts what it knows of the other, as one that
// was held up does. A replacement that was asked for happens when nothing stands in its way, so it is seen by what the
// successor does.
func (r *Run) noteDoubt(m *scenario.Machine) {
	i := m.Index()
	if i >= len(r.doubts) {
		return
	}
	for k, at := range [2]time.Duration{m.Woke, m.Replaced} {
		if at != r.lastDoubt[i][k] {
			r.lastDoubt[i][k] = at
			r.doubts[i] = append(r.doubts[i], at)
		}
	}
}

// claimTruth is the rule claim-truth: a machine must not claim less than what runs there. A claim may
// be larger: what is about to start, or may not have stopped.
func (r *Run) claimTruth(m *scenario.Machine, where, listing string) {
	if m.Foreign {
		return
	}
	claimed := strings.Fields(listing)
	keys, groups := r.keyed(m)
	held, known := map[string]bool{}, map[string]bool{}
	for i, g := range groups {
		here := slices.ContainsFunc(claimed, func(c string) bool { return strings.HasSuffix(c, ":"+keys[i]) })
		for _, word := range g.Resources {
			held[word], known[word] = held[word] || here, true // after a change two may name it for a while
		}
	}
	for word := range m.Running { // order does not matter: any is wrong
		if strings.Contains(listing, ":-") && r.difference[word] {
			continue // a claim of just before it got another name
		}
		if known[word] && !held[word] && !r.spoiled[word] {
			r.fail("claim-truth", "%s runs on %s, but %s does not name the group: %v", word, m.Name, where, claimed)
		}
	}
}

// statusTruth is the same about what an operator sees.
func (r *Run) statusTruth(m *scenario.Machine) {
	if m.Core == nil || m.Stalled() {
		return
	}
	listing := ""
	for _, g := range m.Core.View(r.w.Now).Groups {
		if g.State == "unknown" || g.State == "probing" {
			return
		}
		if g.Owner == m.Name || g.Owner == "both" {
			listing += " :" + g.Key
		}
	}
	r.claimTruth(m, "its status", listing)
}

// run sees a script begin: the rules one-script, order and nothing-moves.
func (r *Run) run(m *scenario.Machine, a core.Run) {
	working, same := m.Working(a.Group, r.w.Now-r.w.OptionsOf(m).HangReport)
	switch {
	case same > 1:
		r.fail("one-script", "%s %s begins on %s while another script of its group runs", a.Resource, a.Op, m.Name)
	case working > 1:
		r.fail("one-script", "%s %s begins on %s while %d others run that do not hang", a.Resource, a.Op, m.Name, working-1)
	}
	if a.Op == core.Status {
		return
	}
	if m.Foreign {
		return
	}
	if r.moves++; a.Op == core.Stop {
		r.stops[m.Index()][a.Resource] = true
	}
	if r.still {
		r.fail("nothing-moves", "%s %s on %s", a.Resource, a.Op, m.Name)
	}
	r.onlyDifference(m, a)
	if !r.spoiled[a.Resource] {
		r.order(m, a)
	}
}

// order is the rule of that name.
func (r *Run) order(m *scenario.Machine, a core.Run) {
	keys, groups := r.keyed(m)
	for n, g := range groups {
		i := slices.Index(g.Resources, a.Resource)
		if i < 0 || keys[n] != a.Group {
			continue
		}
		for k, word := range g.Resources {
			if a.Op == core.Start && k < i && !m.Running[word] && !r.spoiled[word] {
				r.fail("order", "%s is started on %s before %s runs", a.Resource, m.Name, word)
			}
			if a.Op == core.Stop && k > i && m.Running[word] && !r.spoiled[word] {
				r.fail("order", "%s is stopped on %s while %s runs", a.Resource, m.Name, word)
			}
		}
	}
}

// Bounds on what a core may send and how often it may wake up in a minute, in multiples of its
// beats. Beyond the beats there are acknowledgements, requests for what was lost, claims.
const (
	sentBound   = 4
	wakeupBound = 8
	requests    = 14  // that one lost number may cost in a minute, if no answer comes
	remembered  = 200 // beats, the window of numbers (seqtrack)
)

// atRest looks at what must hold at every moment and is cheaper to look at from time to time.
func (r *Run) atRest() {
	for _, m := range r.pair {
		r.statusTruth(m)
	}
	if span := r.w.Now - r.counted; span >= time.Minute {
		r.traffic(span)
	}
}

// traffic is the rule of that name.
func (r *Run) traffic(span time.Duration) {
	missed := 0.0
	for _, m := range r.pair { // a number that never comes is asked for until the window has passed it
		missed += float64(r.sent[m.Index()].missedSince(r.counted - remembered*r.keepalive(m)))
	}
	for _, m := range r.pair {
		s := &r.sent[m.Index()]
		beats := float64(span) / float64(r.keepalive(m))
		sent, wakeups := float64(m.Sent-s.datagrams)/beats, float64(m.Ticks-s.ticks)/beats
		r.Tally.maxSent, r.Tally.maxWakeup = max(r.Tally.maxSent, sent), max(r.Tally.maxWakeup, wakeups)
		lost := requests*float64(r.w.Net.Loss)/100 + requests*missed/beats + span.Seconds()/beats // a node that is not answered asks once a second
		if sent > sentBound+lost || wakeups > wakeupBound+lost {
			r.fail("traffic", "%s sent %.1f and woke up %.1f times as often as it beats in %s", m.Name, sent, wakeups, span)
		}
		s.datagrams, s.ticks = m.Sent, m.Ticks
	}
	r.counted = r.w.Now
}
