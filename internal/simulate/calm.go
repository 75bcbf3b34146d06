package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// calm ends every fault, starts both daemons and waits until all is as it must be.
func (r *Run) calm() {
	w := r.w
	r.Trace("%s       --- calm", scenario.Stamp(w.Now))
	r.drop()
	r.still = false
	if r.lying {
		for _, m := range r.pair {
			w.Crash(m) // what runs there nobody knows: a reboot is certain
		}
	}
	w.Mend()
	r.sameAgain()
	r.settledBefore, r.reloading = false, false
	begin := w.Now
	patience := begin + r.calmTime()
	soon := r.soon()
	for {
		r.renew()
		r.endOutside()
		for _, m := range w.Machines() {
			r.strangerBoots(m)
			if !r.resetting() { // who boots in between is reset once more
				w.Boot(m) // one may still have been stopping
			}
		}
		w.Advance(r.deadtime(r.pair[0]))
		r.filesDiffer()
		if r.Failure != nil {
			return
		}
		err := r.asItMustBe()
		if err != nil && soon != 0 && w.Now > soon {
			r.fail("converges", "%s after nothing but scripts that work: %v", w.Now-begin, err)
			return
		}
		if err == nil && r.anyFailback() {
			w.Advance(1100 * time.Millisecond) // one that was broken off begins again after a second
			err = r.asItMustBe()
		}
		if err == nil {
			break
		}
		if w.Now >= patience {
			r.fail("converges", "%v", err)
			return
		}
	}
	r.endOutside() // of a group that only one file names too, which was in transition before
	r.Calms = append(r.Calms, w.Now-begin)
	r.Tally.longestCalm = max(r.Tally.longestCalm, float64(w.Now-begin)/float64(r.calmTime()))
	r.split, r.outsider, r.lying, r.scripted, w.Both = false, false, false, false, nil
	clear(r.spoiled)
	clear(r.difference)
	r.strangers = false
	r.answered = 0
	r.doubts = [2][]time.Duration{}
	r.slowest = r.travel()
	r.still = !r.unpeaceful() && !r.wordUnderWay()
	r.atRest()
}

// renew restarts a daemon that the other holds for an old recording: what an operator does who reads
// "attempted replay attack" in ha-log.
func (r *Run) renew() {
	for _, m := range r.pair {
		if m.Core != nil && !r.fresh(m) {
			r.w.Renew(m, r.newest(m))
			r.w.Kill(m)
		}
	}
}

// endOutside stops what somebody has started past the cluster: nothing watches what runs, so only who
// did it can end it.
func (r *Run) endOutside() {
	for _, m := range r.pair {
		if !r.outsider || m.Core == nil || m.Jobs() > 0 {
			continue
		}
		v := m.Core.View(r.w.Now)
		listed := map[string]bool{}
		for _, g := range r.w.GroupsOf(m) {
			for _, word := range g.Resources {
				listed[word] = true
			}
			if o := ownerIn(v, g); v.Holding != "transition" && o != m.Name && o != "both" {
				for _, word := range g.Resources {
					delete(m.Running, word)
				}
			}
		}
		for _, word := range slices.Collect(maps.Keys(m.Running)) { // order does not matter: each is looked at alone
			if !listed[word] {
				delete(m.Running, word)
			}
		}
	}
}

// unpeaceful says that by the configuration the nodes may go on moving a group.
func (r *Run) unpeaceful() bool { return r.differs }

// asItMustBe says what is not: each group runs, all of it, on exactly one node, and both agree which.
func (r *Run) asItMustBe() error {
	if r.resetting() {
		return fmt.Errorf("a STONITH device is at work")
	}
	var views [2]core.View
	for i, m := range r.pair {
		if m.Core == nil {
			return fmt.Errorf("no daemon on %s", m.Name)
		}
		views[i] = m.Core.View(r.w.Now)
		if views[i].State != "active" || views[i].Holding == "transition" {
			return fmt.Errorf("%s is %s and holds %s", m.Name, views[i].State, views[i].Holding)
		}
		if m.Jobs() > 0 {
			return fmt.Errorf("scripts are at work on %s", m.Name)
		}
		for _, g := range views[i].Groups {
			if g.State == "stop-failed" {
				return fmt.Errorf("%s is to be stopped once more on %s", g.Key, m.Name)
			}
		}
	}
	if err := r.unlistedRuns(); err != nil {
		return err
	}
	for i, m := range r.pair {
		for _, g := range r.w.GroupsOf(m) {
			if err := r.oneOwner(g, m, ownerIn(views[i], g), ownerIn(views[1-i], g)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Run) oneOwner(g core.GroupConfig, m *scenario.Machine, here, there string) error {
	key := g.Resources[0]
	if r.differs && here == "" && !r.calledHome(key) {
		return nil
	}
	if there != unlisted && here != there || here == "" || here == "both" {
		return fmt.Errorf("%s is owned by %q for %s, by %q for the other", key, here, m.Name, there)
	}
	if here != m.Name {
		return nil // looked at there
	}
	for _, word := range g.Resources {
		if on := r.w.Owners(word); len(on) != 1 || on[0] != here {
			return fmt.Errorf("%s runs on [%s], its owner is %s", word, strings.Join(on, " "), here)
		}
	}
	return nil
}

// calledHome says whether a node calls itself the home of a group. Where the files differ, there may be
// none, and then nobody takes it.
func (r *Run) calledHome(key string) bool {
	for _, m := range r.pair {
		for _, g := range r.w.GroupsOf(m) {
			if g.Resources[0] == key && g.Home == m.Name {
				return true
			}
		}
	}
	return false
}

const unlisted = "unlisted"

func ownerIn(v core.View, g core.GroupConfig) string {
	for _, o := range v.Groups {
		if o.Key == g.Resources[0] {
			return o.Owner
		}
	}
	return unlisted
}

// calmTime is the longest that all may take to come right: see the guarantees, "when all is well".
func (r *Run) calmTime() time.Duration {
	var scripts, dead time.Duration
	for _, m := range r.pair {
		scripts = max(scripts, r.startTime(m)+r.stopTime(m)+r.statusTime(m))
		dead = max(dead, r.initdead(m)+r.deadtime(m))
	}
	return dead + 3*scripts + longestRetry + time.Minute
}

// soon is when all must have come right where no script gave trouble, 0 where one did: no start and no stop is to be
// tried again. A request for a standby that nobody could answer, an operator's or a failback's, is kept for ten seconds.
func (r *Run) soon() time.Duration {
	if r.scripted || r.lying || r.outsider || r.differs || r.fenced() {
		return 0
	}
	var after time.Duration
	for _, m := range r.pair {
		if m.Core == nil || m.Core.View(r.w.Now).State == "stopping" {
			return 0
		}
		after = max(after, r.joinTime(m)+r.stopTime(m)+r.startTime(r.other(m)))
	}
	if r.answered > r.w.Now {
		after += answer
	}
	if r.anyFailback() {
		after += answer
	}
	return r.w.Now + after
}

// answer is how long a word of an operator may wait for the other node's (core: standbyAnswer).
const answer = 10 * time.Second

// longestRetry is how long a failed start is not tried again at most (core: retryFailed, doubled twice).
const longestRetry = 2 * time.Minute
