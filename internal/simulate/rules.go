package simulate

import (
	"slices"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// Rule is a guarantee that is checked, by the name that docs/guarantees.md gives it.
type Rule struct {
	Name string
	Says string
	// arm begins the duties of a step; nil for what is checked all the time.
	arm func(r *Run, a *act)
}

// Rules are all of them.
var Rules = []Rule{
	{"one-owner", "no resource runs on two machines unless a node was declared dead that was not", nil},
	{"fenced-one-owner", "with STONITH devices that do what they say, no resource ever runs on two machines", nil},
	{"false-death", "nobody is declared dead of whom a beat came within its deadtime (initdead at the start)", nil},
	{"sleeper-waits", "a node that was held up declares nobody dead for 2 keepalives", nil},
	{"claim-truth", "no claim, no goodbye and no status names less than what runs here", nil},
	{"one-script", "scripts run one at a time unless one hangs, and never two of a group", nil},
	{"order", "starts go from left to right, stops from right to left", nil},
	{"nothing-moves", "no script but status is run while nothing happens", nil},
	{"traffic", "datagrams and timers stay within a multiple of the beats", nil},
	{"converges", "when all faults have ended, each group runs on one node and both agree", nil},
	{"no-panic", "the core neither panics nor stands still", nil},
	{"takeover-in-time", "after a crash, or kill -9, the other has everything", takeoverInTime},
	{"trouble-stays-local", "groups without a bad script are taken over in spite of those with one", troubleStaysLocal},
	{"stop-in-time", "after a stop the other has everything", stopInTime},
	{"exit-in-time", "a daemon that was told to stop ends", exitInTime},
	{"restart-keeps", "a daemon that is killed and restarted keeps what runs, untouched", restartKeeps},
	{"return-in-time", "a node that comes back is settled, and auto_failback is obeyed", returnInTime},
	{"start-alone", "a node that starts alone takes everything after initdead", startAlone},
	{"start-together", "two nodes that start together take their own", startTogether},
	{"move-in-time", "hb_standby and hb_takeover move what they name", moveInTime},
	{"short-stall", "a node held up for less than deadtime loses nothing", shortStall},
	{"long-stall", "one held up for longer is taken over, and gets its own back", longStall},
	{"split-serves", "in a split each side runs everything", splitServes},
	{"split-fences", "with STONITH, in a split one node is reset and the other runs everything", splitFences},
	{"split-ends", "whatever was before, two owners end when both nodes hear each other", splitEnds},
	{"split-heals", "after it who held a group before goes on with it, untouched", splitHeals},
	{"replace-unnoticed", "a daemon that replaces itself touches nothing, and the other node notices nothing", replaceKeeps},
	{"reload-difference", "a change of haresources starts and stops nothing but the difference", nil},
	{"reload-in-time", "a haresources that both nodes have is in force", reloadInTime},
	{"one-direction", "who is not heard by a node that it hears releases everything", oneDirection},
}

// RuleNames are the names of all rules.
func RuleNames() []string {
	var names []string
	for _, r := range Rules {
		names = append(names, r.Name)
	}
	return names
}

// before looks at how things stand and says what the step interferes with.
func (r *Run) before(f []string) *act {
	a := &act{f: f, before: r.facts()}
	if len(f) > 1 {
		a.m = r.w.Machine(f[1])
	}
	if a.m != nil {
		a.o = r.other(a.m)
	}
	if a.before.settled {
		r.split = false // it is over: two owners would need another one
	}
	r.note(a)
	r.noteFiles(a)
	if a.quiet = r.isQuiet(a); !a.quiet {
		a.healing, a.sleeper, a.wakes = r.healing, r.sleeper, r.wakes
		r.drop()
		r.still = false
	}
	return a
}

// after lets every rule see a step that was done.
func (r *Run) after(a *act) {
	r.slowest = max(r.slowest, r.travel())
	if a.quiet {
		return
	}
	a.since, r.disturbed = r.w.Now-r.disturbed, r.w.Now
	for _, rule := range Rules {
		if rule.arm != nil && !(unfenced[rule.Name] && r.fenced()) {
			rule.arm(r, a)
		}
	}
}

// note keeps what excuses a rule until the next calm.
func (r *Run) note(a *act) {
	switch a.f[0] {
	case "script":
		r.scripted = true
	case "standby", "takeover", "replay":
		if r.answered = max(r.answered, r.w.Now+time.Second+r.travel()+answer); a.m.Stalled() {
			r.answered = core.NoTick // it hears it when it is awake
		}
	}
	switch {
	case a.f[0] == "run":
		r.outsider = true
		r.spoil(a.f[2])
	case a.f[0] == "replay":
		r.recorded = r.w.Now + time.Second + r.travel()
		if o := r.other(a.m); o != nil && !r.everHeard(o, a.m) {
			r.spoilAll() // docs/security.md: a node that has just been started cannot tell it from the node itself
		}
	case a.f[0] == "script" && slices.Contains(a.f, "lie"):
		r.lying = true
		r.spoil(a.f[2])
	case a.f[0] == "script" && slices.Contains(a.f, "missing") && (a.m.Running[a.f[2]] || a.m.Jobs() > 0 || a.m.Scripts[a.f[2]+" start"] != scenario.Script{}):
		r.lying = true // without its script nobody can say whether it runs, nor end it
		r.spoil(a.f[2])
	case a.f[0] == "script" && a.m.Scripts[a.f[2]].Missing:
		r.lying = true // one of its actions works without the script
		r.spoil(a.f[2])
	}
}

// everHeard says whether a life of one node knows what the other's numbers are.
func (r *Run) everHeard(m, from *scenario.Machine) bool {
	h := r.heard[m.Index()][from.Index()]
	return h.life == m.Life() && h.at > m.Since
}

// spoilAll excuses all groups.
func (r *Run) spoilAll() {
	for _, m := range r.pair {
		for _, g := range append(r.groups(m), r.w.GroupsOf(m)...) {
			for _, word := range g.Resources {
				r.spoiled[word] = true
			}
		}
	}
}

// spoil excuses the groups that a word is in, and no other.
func (r *Run) spoil(word string) {
	r.spoiled[word] = true // it may be in no file any more
	for _, m := range r.pair {
		for _, g := range r.groups(m) {
			if slices.Contains(g.Resources, word) {
				for _, w := range g.Resources {
					r.spoiled[w] = true
				}
			}
		}
	}
}

// isQuiet says that a step changes nothing for anybody: then whatever was promised still holds.
func (r *Run) isQuiet(a *act) bool {
	switch verb := a.f[0]; {
	case verb == "edit":
		return true
	case verb == "clock" || verb == "disk" || verb == "foreign" || verb == "stuck":
		return true
	case a.m != nil && a.o == nil:
		return true // a third machine
	case verb == "replay":
		return r.knowsAll(a.o, a.m)
	case verb == "boot":
		return a.m.Core != nil
	case verb == "cut" || verb == "mend":
		return r.spare(a, verb == "cut")
	case verb == "slow" || verb == "late" || verb == "double":
		return false
	}
	return false
}

// knowsAll says that a node has heard, in its present life, whatever another has sent: then a
// recording is one for it.
func (r *Run) knowsAll(m, of *scenario.Machine) bool {
	if m.Core == nil {
		return true
	}
	h, s := &r.heard[m.Index()][of.Index()], &r.sent[of.Index()]
	return h.life == m.Life() && h.gen == s.gen && (h.newest >= s.seq || of.Core != nil && r.w.Reaches(of, m))
}

// spare says that the nodes hear each other on another link, before and after.
func (r *Run) spare(a *act, cut bool) bool {
	a0, b0 := r.pair[0], r.pair[1]
	if !r.w.Reaches(a0, b0) || !r.w.Reaches(b0, a0) {
		return false
	}
	if !cut {
		return true
	}
	links := a.f[2:]
	if len(links) == 0 {
		links = r.w.Options.Links
	}
	var pulled []string
	for _, l := range links {
		if !r.w.IsCut(a.m, l) {
			pulled = append(pulled, l)
			r.w.Cut(a.m, l, true)
		}
	}
	ok := r.w.Reaches(a0, b0) && r.w.Reaches(b0, a0)
	for _, l := range pulled {
		r.w.Cut(a.m, l, false)
	}
	return ok
}
