package explore

// Where nothing can go wrong any more, what the two nodes do within one moment is tried in fewer orders (a partial order
// reduction, by a persistent set: Godefroid, LNCS 1032). If a message waits for node i, all that can happen to
// i is tried, and what can happen to the other node only after it. Nothing is lost by that:
//
//   - It is all that can happen to i before its message is delivered: the other node can send more, which waits behind, and
//     time does not pass while a message waits (see certain: the budgets are spent).
//   - What happens to i and what happens to the other node can be exchanged: a step reads and changes one machine, takes
//     the oldest message to it and adds its own behind those to the other. The state is the same in the end (digest keeps the
//     messages of each sender apart, and nothing of their order among each other).
//   - What is judged sees no difference. It looks at both machines through what face tells of each; a step that changes the
//     face of its machine is never taken so. With faces unchanged the other orders pass through the same pairs of faces. What no
//     face tells is judged where it is done (what a node says, and denies) or with no message on its way (judgeMove).
//   - Nothing is put off for ever: time passes only when no message waits, and then everything is tried, so every circle
//     of states has a state where nothing was left out.

// certain says that nothing is left that could happen to either node but what it does by itself.
func (p *pair) certain() bool {
	if p.left != (Budget{}) || p.cut != [2]bool{} {
		return false
	}
	for i := range p.nodes {
		if m := &p.nodes[i]; m.core == nil || m.stalled || stops(m.core) {
			return false
		}
	}
	return true
}

// of is the node that a choice happens to.
func (c choice) of() int {
	if c.kind == deliver {
		return 1 - c.node
	}
	return c.node
}

// face is what of a machine can bear on what is judged of both.
type face struct {
	running                uint8
	up, hears, mayRun      bool
	unsettled, peerIsDead  bool
	phase, standby, groups string
}

func (p *pair) face(i int) face {
	m := &p.nodes[i]
	f := face{running: m.running, up: m.core != nil, hears: p.now-m.heard <= keepalive, mayRun: m.mayRun()}
	if m.core == nil {
		return f
	}
	st, view := m.core.Standing(), m.core.View(p.now)
	f.phase, f.standby, f.peerIsDead, f.unsettled = st.Phase, st.Standby, st.Peer == "dead", view.Holding == "transition"
	if p.scope.Next != nil {
		for _, g := range view.Groups {
			f.groups += g.Key + " " + g.State + " " + g.Owner + " " + g.Waits + " "
		}
		return f
	}
	for n, g := range st.Groups {
		f.groups += g.State + " " + view.Groups[n].Owner + " "
	}
	return f
}

// next takes the choices of a state, or enough of them: those left out are nil.
func (p *pair) next(all []choice) []*pair {
	taken := make([]*pair, len(all))
	if !p.scope.full && p.certain() {
		for i := range p.nodes {
			if p.aside(i, all, taken) {
				return taken
			}
		}
	}
	for n, c := range all {
		if taken[n] == nil {
			taken[n] = p.take(c)
		}
	}
	return taken
}

// aside takes what can happen to a node for which a message waits, and says whether that is enough.
func (p *pair) aside(i int, all []choice, taken []*pair) bool {
	waits, others := false, false
	for _, c := range all {
		waits = waits || c.kind == deliver && c.of() == i
		others = others || c.of() != i
	}
	if !waits || !others {
		return false
	}
	before := p.face(i)
	for n, c := range all {
		if c.of() != i {
			continue
		}
		if taken[n] == nil {
			taken[n] = p.take(c)
		}
		if taken[n].wrong != "" || taken[n].face(i) != before {
			return false
		}
	}
	for n, c := range all {
		if c.of() != i && taken[n] != nil {
			p.drop(taken[n])
			taken[n] = nil
		}
	}
	return true
}

// drop gives up a state that was made in vain.
func (p *pair) drop(q *pair) {
	for i := range q.nodes {
		if used := q.nodes[i].core; used != p.nodes[i].core {
			p.scope.recycle(used)
		}
	}
}
