package explore

import (
	"encoding/json"
	"slices"
	"strings"

	"heartbeatd/internal/core"
)

// A daemon goes on as another one (core/replace.go), with the same haresources or with the next one of its scope, at every
// moment at which the core has nothing against it. Its state goes through JSON, as in the daemon. Here that takes no time: what
// a real one may miss meanwhile is the budget's to lose.

// mayReplace says that a node's daemon may replace itself now.
func (p *pair) mayReplace(i int) bool {
	m := &p.nodes[i]
	return m.core != nil && !m.stalled && m.core.Replaceable() == ""
}

// replace puts a successor in the place of a daemon, which goes by the file of that number.
func (p *pair) replace(i, file int) {
	m := &p.nodes[i]
	p.own(m)
	p.step(i, core.Handover{})
	if !p.mayReplace(i) {
		return // time has passed, and something has begun
	}
	before := m.core.Standing()
	next, err := p.successor(m, i, file)
	if err != nil {
		p.fail("%s is not replaced: %v", names[i], err)
		return
	}
	p.scope.recycle(m.core)
	m.core, m.file = next, file
	if o := &p.nodes[1-i]; o.core != nil && before.Gen != o.life {
		p.beginsAlone(i) // the other has just begun, with the old file, and this one still holds it for gone
	}
	p.step(i, core.Resumed{})
	p.judgeReplaced(i, &before)
}

func (p *pair) successor(m *machine, i, file int) (*core.Core, error) {
	s := m.core.Snapshot()
	if p.scope.spoil != nil {
		p.scope.spoil(&s)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var again core.Snapshot
	if err := json.Unmarshal(b, &again); err != nil {
		return nil, err
	}
	return core.Resume(p.scope.config(i, m.life, file), again)
}

// judgeReplaced: what stands in the same line of both files is as it was, and the other node too. See docs/guarantees.md,
// Reload and replacement.
func (p *pair) judgeReplaced(i int, before *core.Standing) {
	after := p.nodes[i].core.Standing()
	if before.Phase != after.Phase || before.Peer != after.Peer || before.Standby != after.Standby {
		p.fail("%s has replaced its daemon: it was %s, standby %s, and %s for it, and is %s, standby %s, %s",
			names[i], before.Phase, before.Standby, before.Peer, after.Phase, after.Standby, after.Peer)
	}
	for _, g := range before.Groups {
		if p.scope.keeps(g.Key) && !slices.Contains(after.Groups, g) {
			p.fail("%s has replaced its daemon: %s was %s there, and is %+v", names[i], g.Key, g.State, after.Groups)
		}
	}
}

// keeps says that a group is the same in all files of the scope.
func (s *Scope) keeps(key string) bool {
	line := func(groups []core.GroupConfig) string {
		for _, g := range groups {
			if g.Resources[0] == key {
				return g.Home + " " + strings.Join(g.Resources, " ")
			}
		}
		return ""
	}
	was := line(s.Groups)
	return was != "" && (s.Next == nil || was == line(s.Next))
}

// judgeRun: a change of haresources starts and stops nothing but the difference, as long as nothing else happens.
func (p *pair) judgeRun(i int, r core.Run) {
	if p.scope.Next == nil || p.scope.Cold || r.Op == core.Status || !p.scope.keeps(r.Group) {
		return
	}
	left, all := p.left, p.scope.Budget
	if left.Replace == all.Replace {
		return // nothing has changed yet
	}
	left.Replace, all.Replace = 0, 0
	if left == all {
		p.fail("%s: %s %s, which the change of haresources has nothing to do with", names[i], r.Resource, r.Op)
	}
}

// files are the haresources there are, the newest last.
func (s *Scope) files() [][]core.GroupConfig {
	if s.Next == nil {
		return [][]core.GroupConfig{s.Groups}
	}
	return [][]core.GroupConfig{s.Groups, s.Next}
}

// newest is the newer of the two files that the nodes go by.
func (p *pair) newest() int { return max(p.nodes[0].file, p.nodes[1].file) }

// judgeListed is what judge holds of a group where files change: what runs is in a group that the node knows, and answers for.
func (p *pair) judgeListed(i int) {
	m := &p.nodes[i]
	if m.core == nil || m.running == 0 {
		return
	}
	listed, ours := uint8(0), uint8(0)
	for _, g := range m.core.View(p.now).Groups {
		if g.State == "unknown" || g.State == "probing" {
			return
		}
		for _, r := range g.Resources {
			bit := p.scope.bit(r)
			if listed |= bit; g.Owner == names[i] || g.Owner == "both" {
				ours |= bit
			}
		}
	}
	switch {
	case m.running&^listed != 0 && !m.blamed: // who was killed may begin with a file that has it no more
		p.fail("%s knows nothing of what runs there: %s", names[i], p.scope.wordsOf(m.running&^listed))
	case m.running&listed&^ours != 0:
		p.fail("%s denies %s, which runs there", names[i], p.scope.wordsOf(m.running&listed&^ours))
	}
}

// judgeListing is judgeWord where files change.
func (p *pair) judgeListing(i int, kind, listing string) {
	m := &p.nodes[i]
	known, held := uint8(0), uint8(0)
	for _, g := range m.core.View(p.now).Groups {
		for _, r := range g.Resources {
			if known |= p.scope.bit(r); kind != "shutdone" && lists(listing, g.Key) {
				held |= p.scope.bit(r)
			}
		}
	}
	if strings.Contains(listing, ":-") {
		return // it may be of just before something got another name: the next one is judged
	}
	if denied := m.running & known &^ held; denied != 0 {
		p.fail("%s sends %s [%s], and %s runs there", names[i], kind, listing, p.scope.wordsOf(denied))
	}
}

// beginsAlone notes what a daemon that begins with another file than the one that the other goes by, or will begin with, knows
// by another group's name: docs/guarantees.md promises no one owner of that.
func (p *pair) beginsAlone(i int) {
	if p.nodes[0].file == p.nodes[1].file {
		return
	}
	group := func(groups []core.GroupConfig, word string) string {
		for _, g := range groups {
			if slices.Contains(g.Resources, word) {
				return g.Resources[0]
			}
		}
		return ""
	}
	for _, g := range p.scope.Groups {
		for _, r := range g.Resources {
			if k := group(p.scope.Next, r); k != "" && k != g.Resources[0] {
				p.moved |= p.scope.bit(r)
			}
		}
	}
}

// inForce says that a node goes by its file wholly.
func (p *pair) inForce(i int) bool {
	file := p.scope.files()[p.nodes[i].file]
	view := p.nodes[i].core.View(p.now).Groups
	return len(view) == len(file) && !slices.ContainsFunc(view, func(g core.GroupView) bool { return g.Leaving || g.Waits != "" })
}

// want are the bits of what is to run.
func (p *pair) want(i int) (bits uint8) {
	if p.scope.Next == nil {
		return p.scope.all()
	}
	m := &p.nodes[i]
	if m.core == nil {
		return p.scope.bits(p.scope.files()[m.file])
	}
	for _, g := range m.core.View(p.now).Groups { // what waits for the other node stays as it was
		if !g.Leaving {
			for _, r := range g.Resources {
				bits |= p.scope.bit(r)
			}
		}
	}
	return bits
}

// names says that a resource is in the first haresources.
func (s *Scope) names(resource string) bool {
	return slices.ContainsFunc(s.Groups, func(g core.GroupConfig) bool { return slices.Contains(g.Resources, resource) })
}

func (s *Scope) bits(groups []core.GroupConfig) (bits uint8) {
	for _, g := range groups {
		for _, r := range g.Resources {
			bits |= s.bit(r)
		}
	}
	return bits
}

func (s *Scope) wordsOf(bits uint8) string {
	var words []string
	for _, groups := range s.files() {
		for _, g := range groups {
			for _, r := range g.Resources {
				if bits&s.bit(r) != 0 && !slices.Contains(words, r) {
					words = append(words, r)
				}
			}
		}
	}
	return strings.Join(words, " ")
}
