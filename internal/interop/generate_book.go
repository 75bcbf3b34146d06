package interop

// The moves of a generated scenario with what they change in the generator's book.

func (g *generator) startTogether() {
	g.do("start", Nodes[0], Nodes[1])
	g.settle()
	g.together()
}

// together: who comes up with the other has its own groups.
func (g *generator) together() {
	for _, node := range Nodes {
		g.up[node] = true
	}
	for home := range g.holder {
		g.holder[home] = home
	}
}

func (g *generator) startAlone(x string) {
	g.do("start", x)
	g.settle()
	g.up[x] = true
	for home := range g.holder {
		g.holder[home] = x
	}
}

// prepare switches a node on, and changes its generation file if there is one.
func (g *generator) prepare(x, generation string) {
	if !g.power[x] {
		g.do("boot", x)
		g.power[x] = true
	}
	if generation != "" && g.started(x) {
		g.do("generation", x, generation)
	}
}

func (g *generator) started(x string) bool {
	for _, st := range g.s.Steps {
		if st.Verb == "start" && (st.Args[0] == x || len(st.Args) > 1) {
			return true
		}
	}
	return false
}

// join starts a node beside the other. What was taken in its absence goes back, if anything does.
func (g *generator) join(x, generation string) {
	g.prepare(x, generation)
	g.do("start", x)
	g.settle()
	g.up[x] = true
	if _, ok := g.holder[x]; ok && g.failback != "off" {
		g.holder[x] = "" // not what an operator had moved before
	}
}

func (g *generator) stop(x string) {
	g.do("stop", x)
	g.pass()
	g.settle()
	g.lost(x)
}

// pass lets the time pass in which a node that stopped is found dead, and its links.
func (g *generator) pass() { g.do("wait", "7s") }

// lost: the other has everything.
func (g *generator) lost(x string) {
	g.up[x] = false
	for home := range g.holder {
		g.holder[home] = other(x)
	}
}

func (g *generator) unsure() {
	for home := range g.holder {
		g.holder[home] = ""
	}
}

func (g *generator) standby(x, which string) {
	g.order("standby", x, which)
	g.moved(homesOf(which, x), other(x))
}

func (g *generator) takeover(x, which string) {
	g.order("takeover", x, which)
	g.moved(homesOf(which, x), x)
}

func (g *generator) order(verb, x, which string) {
	if which == "" {
		g.do(verb, x)
		return
	}
	g.do(verb, x, which)
}

func (g *generator) moved(homes []string, to string) {
	for _, home := range homes {
		if _, ok := g.holder[home]; ok {
			g.holder[home] = to
		}
	}
}

// homesOf are the homes of the groups that hb_standby and hb_takeover on x mean by a word.
func homesOf(which, x string) []string {
	switch which {
	case "local":
		return []string{x}
	case "foreign", "failback":
		return []string{other(x)}
	}
	return Nodes[:]
}

// surely tells whether x holds all groups of these homes, and that there are any.
func (g *generator) surely(x string, homes []string) bool {
	any := false
	for _, home := range homes {
		if holder, ok := g.holder[home]; ok {
			if holder != x {
				return false
			}
			any = true
		}
	}
	return any
}

// holds tells whether x holds anything, or may.
func (g *generator) holds(x string) bool { return g.holdsOf(x, x) || g.holdsOf(x, other(x)) }

// holdsOf tells whether x holds groups of this home, or may.
func (g *generator) holdsOf(x, home string) bool {
	holder, ok := g.holder[home]
	return ok && (holder == x || holder == "")
}

// hasGroups tells whether x is the home of a group.
func (g *generator) hasGroups(x string) bool {
	_, ok := g.holder[x]
	return ok
}

// scriptOf is a recording script in a group of x's home, "" if there is none.
func (g *generator) scriptOf(x string) string {
	for _, group := range g.s.Groups {
		for _, word := range group[1:] {
			if name, ok := recorded(word); ok && group[0] == x {
				return name
			}
		}
	}
	return ""
}

// soleScript is a script of x's group, if it has exactly one: 3.0.6 gives back all groups for one that failed.
func (g *generator) soleScript(x string) string {
	n := 0
	for _, group := range g.s.Groups {
		if group[0] == x {
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return g.scriptOf(x)
}
