package explore

import (
	"fmt"
	"strings"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

func (p *pair) fail(format string, args ...any) {
	if p.wrong == "" {
		p.wrong = fmt.Sprintf(format, args...)
	}
}

// judgeOwners: no resource runs on both machines, unless one was rightly declared dead.
func (p *pair) judgeOwners() {
	if both := p.nodes[0].running & p.nodes[1].running &^ p.moved; both != 0 && !p.split {
		p.fail("a resource runs on both nodes, and neither had been silent for the other's deadtime")
	}
}

// judgeDeath: who is declared dead was silent for long enough, and something was done to it.
func (p *pair) judgeDeath(i int, phase string) {
	m, other := &p.nodes[i], &p.nodes[1-i]
	patience := deadtime
	if phase == "init" {
		patience = initdead
	}
	if silent := p.now - m.heard; silent < patience {
		p.fail("%s declares %s dead after %s of silence, its deadtime is %s", names[i], names[1-i], silent, patience)
	}
	young := other.core != nil && p.now < other.booted+patience // its first beats may be on the way
	if (other.core == nil || young) && !other.mayRun() {
		return
	}
	if !other.blamed && !m.blamed {
		p.fail("%s declares %s dead, which lives and to which nothing was done", names[i], names[1-i])
	}
	p.split = true
}

// mayRun says whether anything runs on the machine, or may soon, whatever its daemon does.
func (m *machine) mayRun() bool {
	for _, j := range m.jobs {
		if j.run.Op == core.Start {
			return true
		}
	}
	return m.running != 0
}

// judgeWord: no claim and no goodbye denies what runs here. A retransmission tells of the past.
func (p *pair) judgeWord(i int, m *wire.Message, newest uint64) {
	t := m.Str("t")
	if t != "resource" && t != "shutdone" || number(m.Str("seq"), 16) <= newest {
		return
	}
	listed := m.Str("hbd_groups")
	if p.scope.Next != nil {
		p.judgeListing(i, t, listed)
		return
	}
	for _, g := range p.scope.Groups {
		if p.runs(i, g) && (t == "shutdone" || !lists(listed, g.Resources[0])) {
			p.fail("%s sends %s [%s], and %s runs there", names[i], t, listed, g.Resources[0])
		}
	}
}

func lists(listing, key string) bool {
	for _, word := range strings.Fields(listing) {
		if strings.HasSuffix(word, ":"+key) {
			return true
		}
	}
	return false
}

// runs says whether anything of the group runs on the node.
func (p *pair) runs(i int, g core.GroupConfig) bool {
	for _, r := range g.Resources {
		if p.nodes[i].running&p.scope.bit(r) != 0 {
			return true
		}
	}
	return false
}

// judge is what holds in every state. It also sees the end of a split: both nodes agree again.
func (p *pair) judge() {
	p.judgeOwners()
	p.judgeDeaf()
	p.judgeIdle()
	p.judgeMove()
	for i := range p.nodes {
		m := &p.nodes[i]
		if m.core == nil {
			continue
		}
		if p.scope.Next != nil {
			p.judgeListed(i)
			continue
		}
		st := m.core.Standing()
		probed := true
		for _, g := range st.Groups {
			probed = probed && g.State != "unknown" && g.State != "probing"
		}
		for n, g := range st.Groups {
			if probed && !g.Ours && p.runs(i, p.scope.Groups[n]) {
				p.fail("%s denies %s, which runs there (%s)", names[i], g.Key, g.State)
			}
		}
	}
	if (p.split || p.moved != 0 || p.nodes[0].blamed || p.nodes[1].blamed) && p.hear() && p.settled() == "" {
		p.split, p.moved = false, 0
		p.nodes[0].blamed, p.nodes[1].blamed = false, false
	}
}

// hear says that the nodes hear each other.
func (p *pair) hear() bool {
	for i := range p.nodes {
		if m := &p.nodes[i]; m.core == nil || m.stalled || p.now-m.heard > keepalive {
			return false
		}
	}
	return p.cut == [2]bool{}
}

// settled says what is not yet as it must be: each group runs, all of it, on exactly one node, and both
// nodes agree which.
func (p *pair) settled() string {
	if p.nodes[0].file != p.nodes[1].file {
		return "only one node has the new haresources"
	}
	groups := p.scope.files()[p.nodes[0].file]
	if p.nodes[0].running^p.nodes[1].running != p.scope.bits(groups) {
		return "not everything runs on one node"
	}
	var views [2]core.View
	for i := range p.nodes {
		m := &p.nodes[i]
		if m.core == nil || m.stalled {
			return "no daemon on " + names[i]
		}
		views[i] = m.core.View(p.now)
		if views[i].Holding == "transition" {
			return names[i] + " is in transition"
		}
		if p.scope.Next != nil && !p.inForce(i) {
			return "haresources is not in force on " + names[i]
		}
	}
	for n, g := range groups {
		owner := views[0].Groups[n].Owner
		if owner != views[1].Groups[n].Owner || owner == "" || owner == "both" {
			return fmt.Sprintf("%s is owned by %q for alpha, by %q for beta", g.Resources[0], owner, views[1].Groups[n].Owner)
		}
		for i := range p.nodes {
			for _, r := range g.Resources {
				if runs := p.nodes[i].running&p.scope.bit(r) != 0; runs != (names[i] == owner) {
					return fmt.Sprintf("%s is owned by %s, and on %s %s runs: %v", g.Resources[0], owner, names[i], r, runs)
				}
			}
		}
	}
	return ""
}
