package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// GenerateReplaced makes the plan of a seed in which daemons replace themselves at any moment: with the same files, with
// another haresources, first on one node and later on the other, and with another ha.cf. One in three has STONITH devices,
// one in three files of many ages.
func GenerateReplaced(seed uint64) Plan {
	p := Generate(seed)
	r := rand.New(rand.NewPCG(seed, 3))
	if r.IntN(3) == 0 {
		p = GenerateFenced(seed)
	}
	e := &editor{Rand: r, lines: linesOf(p), words: 10}
	if e.lines == nil {
		return p
	}
	if ages := rand.New(rand.NewPCG(seed, 4)); ages.IntN(3) == 0 {
		p.Steps = newAges(ages, e.lines).steps(p.Steps)
		return p
	}
	var steps []Step
	for _, s := range p.Steps {
		steps = append(steps, s)
		if r.IntN(3) > 0 {
			continue
		}
		m := pickOf(r, "alpha", "beta")
		pause := time.Duration(r.IntN(8000)) * time.Millisecond
		switch what := r.IntN(10); {
		case what < 4:
			steps = append(steps, Step{"replace " + m, pause})
		case what < 6:
			steps = append(steps, Step{fmt.Sprintf("own %s auto_failback=%s", m, pickOf(r, "on", "off", "legacy")), 0}, Step{"replace " + m, pause})
		case e.pending == "":
			e.vary()
			e.pending = m
			steps = append(steps, Step{"edit " + m + " " + strings.Join(e.lines, " ; "), 0}, Step{"replace " + m, pause})
		default:
			o := map[string]string{"alpha": "beta", "beta": "alpha"}[e.pending]
			e.pending = ""
			steps = append(steps, Step{"edit " + o + " " + strings.Join(e.lines, " ; "), 0}, Step{"replace " + o, pause})
		}
	}
	p.Steps = steps
	return p
}

// editor makes variants of a haresources.
type editor struct {
	*rand.Rand
	lines   []string // HOME RESOURCE...
	words   int      // new ones so far
	pending string   // the node that has the newest alone
}

func pickOf[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// linesOf are the lines that both nodes have; none if they differ from the start.
func linesOf(p Plan) (lines []string) {
	for _, h := range p.Head {
		switch verb, line, _ := strings.Cut(h, " "); {
		case verb == "group":
			lines = append(lines, line)
		case verb == "file" && !strings.HasPrefix(line, "gamma"):
			return nil
		}
	}
	return lines
}

// vary changes one thing, or two.
func (e *editor) vary() {
	e.lines = slices.Clone(e.lines)
	for range 1 + e.IntN(2) {
		i := e.IntN(len(e.lines))
		f := strings.Fields(e.lines[i])
		e.words++
		fresh := fmt.Sprintf("new%d", e.words)
		switch e.IntN(9) {
		case 0:
			e.lines = append(e.lines, pickOf(e.Rand, "alpha ", "beta ")+fresh)
		case 1:
			if len(e.lines) > 1 {
				e.lines = slices.Delete(e.lines, i, i+1)
			}
			continue
		case 2, 3:
			f = slices.Insert(f, 2+e.IntN(len(f)-1), fresh)
			e.lines[i] = strings.Join(f, " ")
		case 4:
			if len(f) > 2 {
				k := 2 + e.IntN(len(f)-2)
				f = slices.Delete(f, k, k+1)
			}
			e.lines[i] = strings.Join(f, " ")
		case 5:
			f[0] = map[string]string{"alpha": "beta", "beta": "alpha"}[f[0]]
			e.lines[i] = strings.Join(f, " ")
		case 6: // another name
			f[1] = fresh
			e.lines[i] = strings.Join(f, " ")
		case 7: // two become one
			if k := e.IntN(len(e.lines)); k != i {
				e.lines[k] += " " + strings.Join(f[1:], " ")
				e.lines = slices.Delete(e.lines, i, i+1)
			}
		case 8: // one becomes two
			if len(f) > 2 {
				k := 2 + e.IntN(len(f)-2)
				e.lines[i] = strings.Join(f[:k], " ")
				e.lines = append(e.lines, pickOf(e.Rand, "alpha ", "beta ")+strings.Join(f[k:], " "))
			}
		}
	}
}

// groups are those that a machine's daemon goes by: after an edit the file is not yet, or not wholly, in force.
func (r *Run) groups(m *scenario.Machine) (all []core.GroupConfig) {
	if !r.edited || m.Core == nil {
		return r.w.GroupsOf(m)
	}
	for _, g := range m.Core.View(r.w.Now).Groups {
		all = append(all, core.GroupConfig{Home: g.Home, Resources: g.Resources})
	}
	return all
}

// keyed is groups, each with its key: what is let go of a group has not its first resource any more.
func (r *Run) keyed(m *scenario.Machine) (keys []string, groups []core.GroupConfig) {
	groups = r.groups(m)
	for _, g := range groups {
		keys = append(keys, g.Resources[0])
	}
	if r.edited && m.Core != nil {
		for i, g := range m.Core.View(r.w.Now).Groups {
			keys[i] = g.Key
		}
	}
	return keys, groups
}

// inForce says that a machine's daemon, if there is one, goes by its file wholly, and has let go what is not in it.
func (r *Run) inForce(m *scenario.Machine) bool {
	if m.Replacing() || m.Core == nil {
		return !m.Replacing()
	}
	file, view := r.w.GroupsOf(m), m.Core.View(r.w.Now).Groups
	if len(file) != len(view) {
		return false
	}
	for _, g := range view {
		i := slices.IndexFunc(file, func(gc core.GroupConfig) bool { return gc.Resources[0] == g.Key })
		if i < 0 || g.Leaving || file[i].Home != g.Home || !slices.Equal(file[i].Resources, g.Resources) {
			return false
		}
	}
	return true
}

// reload keeps whether all that happens to settled nodes is that their files change.
func (r *Run) reload(a *act) {
	switch {
	case a.f[0] == "edit" && a.before.settled:
		r.settledBefore = true
	case a.f[0] != "edit" && a.f[0] != "replace" && !a.quiet:
		r.settledBefore, r.reloading = false, false
	}
}

// changedWords adds the words of the groups that an edit changes.
func (r *Run) changedWords(m *scenario.Machine, lines string) {
	file := map[string]string{}
	for _, line := range strings.Split(lines, ";") {
		f := strings.Fields(line)
		file[f[1]] = strings.Join(f[1:], " ")
	}
	was := map[string]string{}
	for _, g := range r.groups(m) {
		was[g.Resources[0]] = strings.Join(g.Resources, " ")
	}
	for key, words := range was { // order does not matter: it makes a set
		r.differing(words, file[key])
	}
	for key, words := range file { // the same
		r.differing(was[key], words)
	}
}

func (r *Run) differing(a, b string) {
	x, y := strings.Fields(a), strings.Fields(b)
	for _, w := range append(slices.Clone(x), y...) {
		if !slices.Contains(x, w) || !slices.Contains(y, w) {
			r.difference[w] = true
		}
	}
}

// filesDiffer keeps whether the two daemons go by different files.
func (r *Run) filesDiffer() {
	if !r.edited {
		return
	}
	x, y := r.pair[0], r.pair[1]
	r.differs = !sameGroups(r.w.GroupsOf(x), r.w.GroupsOf(y)) || !r.inForce(x) || !r.inForce(y)
}

// sameAgain gives both nodes the file of the first, and lets both daemons go by it.
func (r *Run) sameAgain() {
	if !r.edited {
		return
	}
	file := r.w.GroupsOf(r.pair[0])
	for _, m := range r.pair {
		if m.Core == nil && len(m.Running) > 0 && !sameGroups(file, r.w.GroupsOf(m)) {
			r.outsider, r.strangers = true, true // as in noteFiles
			r.spoilAll()
		}
		r.was[m.Index()] = r.groups(m)
		r.w.Files[m.Name] = file
		if m.Core != nil || m.Replacing() {
			r.w.Replace(m)
		}
	}
}

// unlistedRuns says that something runs which no file has any more.
func (r *Run) unlistedRuns() error {
	if !r.edited || r.outsider {
		return nil
	}
	for _, m := range r.pair {
		listed := map[string]bool{}
		for _, g := range r.w.GroupsOf(m) {
			for _, w := range g.Resources {
				listed[w] = true
			}
		}
		for w := range m.Running { // order does not matter: any is wrong
			if !listed[w] && !r.spoiled[w] {
				return fmt.Errorf("%s runs on %s, whose haresources does not have it", w, m.Name)
			}
		}
		if !r.inForce(m) {
			return fmt.Errorf("haresources of %s is not in force", m.Name)
		}
	}
	return nil
}

// replaceKeeps is the rule replace-unnoticed.
func replaceKeeps(r *Run, a *act) {
	if a.f[0] != "replace" || !a.before.settled || r.edited && r.differs {
		return
	}
	owner, untouched := a.before.owner, r.untouched()
	r.owe("replace-unnoticed", 5*time.Second, func() error {
		if a.m.Replacing() {
			return fmt.Errorf("%s has not replaced itself: %v", a.m.Name, why(a.m))
		}
		if err := untouched(); err != nil {
			return err
		}
		if err := r.asItMustBe(); err != nil {
			return err
		}
		return r.ownersAre(r.as(owner))
	})
}

func why(m *scenario.Machine) string {
	if m.Core == nil {
		return "it is gone"
	}
	return m.Core.Replaceable()
}

// onlyDifference is the rule reload-difference: what both files have in common is not touched by a change of them.
func (r *Run) onlyDifference(m *scenario.Machine, a core.Run) {
	if r.reloading && !r.difference[a.Resource] {
		r.fail("reload-difference", "%s %s on %s, which the change of haresources has nothing to do with", a.Resource, a.Op, m.Name)
	}
}

// reloadInTime is the rule reload-in-time, and begins reload-difference.
func reloadInTime(r *Run, a *act) {
	if a.f[0] != "replace" || !r.settledBefore || !r.edited || !r.healthy(a.m) || !r.healthy(a.o) {
		return
	}
	r.reloading = true
	if !sameGroups(r.w.GroupsOf(a.m), r.w.GroupsOf(a.o)) {
		return
	}
	x, y := r.pair[0], r.pair[1]
	after := r.joinTime(a.m) + r.allTime(core.Stop) + r.allTime(core.Status, core.Start)
	r.owe("reload-in-time", after, func() error {
		r.filesDiffer()
		if !r.inForce(x) || !r.inForce(y) {
			return fmt.Errorf("the files are not in force: %v, %v", x.Core.View(r.w.Now).Groups, y.Core.View(r.w.Now).Groups)
		}
		return r.asItMustBe()
	})
}

// allTime is what scripts take for every word there is on either machine, one after the other.
func (r *Run) allTime(ops ...core.Op) (sum time.Duration) {
	for _, m := range r.pair {
		words := map[string]bool{}
		for _, g := range append(r.groups(m), r.w.GroupsOf(m)...) {
			for _, w := range g.Resources {
				words[w] = true
			}
		}
		for w := range words { // order does not matter: it is a sum
			for _, op := range ops {
				sum += m.Script(w, op).Take
			}
		}
	}
	return sum
}
