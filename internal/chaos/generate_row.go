package chaos

import (
	"fmt"
	"time"
)

// What random acts hardly ever make by themselves, and what an excuse of the judge may hide.

// row holds a daemon up again before it has read much, and the other goes, or its cables, before that, meanwhile or in between.
func (g *generator) row(n string, at time.Duration) (end time.Duration) {
	s := g.p.Setup
	verb, who := one(g, "stall", "stall", "freeze"), []string{one(g, procMain, procBoth)}
	if verb == "freeze" {
		who = nil
	}
	gone := at + g.between(0, 500*time.Millisecond)
	end = at
	worst := g.chance(50) // it hears the other once more in its sleep, and then nothing for very long
	for i := range one(g, 2, 2, 3) {
		length := g.between(3*s.Keepalive, s.Deadtime)
		awake := one(g, g.between(20*time.Millisecond, s.Keepalive/2), g.between(s.Keepalive, 3*s.Keepalive))
		switch {
		case i > 0 && worst:
			gone, awake = end+g.between(3*s.Keepalive/2, s.Deadtime/2), s.Keepalive
			length = gone - end + 2*s.Deadtime + g.between(s.Keepalive, 4*s.Keepalive)
		case worst:
			awake = g.between(20*time.Millisecond, s.Keepalive/2)
		case i > 0:
			length = max(length, gone-end+one(g, g.short(), s.Deadtime)+g.between(0, 4*s.Keepalive))
		}
		g.do(end, verb, n, who...)
		g.do(end+length, "resume", n)
		if end += length + awake; i > 0 && worst {
			break
		}
	}
	back := end + g.some()
	if g.chance(50) {
		g.do(gone, "crash", other(n))
		g.do(back, "boot", other(n))
		return back
	}
	g.cutAll(n, gone, back)
	return back
}

// cutAll takes all cables out of a node for a time.
func (g *generator) cutAll(n string, from, to time.Duration) {
	for link := range g.p.Setup.Links {
		g.do(from, "cut", n, fmt.Sprint(link))
		g.do(to, "plug", n, fmt.Sprint(link))
	}
}

// moving gives an operator's word, and a moment later, or a moment before, the cables go, or a machine, or a daemon.
func (g *generator) moving(n string, at time.Duration) (end time.Duration) {
	fault := at + g.between(100*time.Millisecond, 2*g.window())
	end = fault + g.some()
	g.order(at, n)
	if g.chance(50) {
		g.order(fault+g.between(-300*time.Millisecond, end-fault), one(g, Nodes[:]...))
	}
	victim := one(g, Nodes[:]...)
	switch one(g, "cut", "cut", "crash", "kill", "stall") {
	case "cut":
		g.cutAll(victim, fault, end)
	case "crash":
		g.do(fault, "crash", victim)
		g.do(end, "boot", victim)
	case "kill":
		g.do(fault, "kill", victim, (end - fault).String(), one(g, procMain, procBoth))
	case "stall":
		g.do(fault, "stall", victim, procBoth)
		g.do(end, "resume", victim)
	}
	return end
}

// clinging lets a stop fail, or hang, in the seconds in which a node must let go: of two owners after a split or a stall, in
// a move whose other node goes, at the end of a daemon.
func (g *generator) clinging(n string, at time.Duration) (end time.Duration) {
	word, how := g.word(), one(g, "fails", "fails", "hangs")
	bad := func(from, to time.Duration) {
		for _, n := range Nodes {
			g.do(from, "script", n, word, "stop", how)
			g.do(to, "mend", n, word, "stop", how)
		}
	}
	length := g.between(time.Second, 5*time.Second)
	switch one(g, "split", "split", "stall", "move", "stop") {
	case "split":
		end = at + g.long()
		g.cutAll(n, at, end)
		bad(end-g.between(0, time.Second), end+length)
	case "stall":
		end = at + g.long()
		g.do(at, "stall", n, procBoth)
		g.do(end, "resume", n)
		bad(end-g.between(0, time.Second), end+length)
	case "move":
		bad(at, at+length)
		g.do(at+200*time.Millisecond, "standby", n, "all")
		g.do(at+300*time.Millisecond, "standby", other(n), "all")
		victim, end := one(g, Nodes[:]...), at+g.some()
		g.do(at+g.between(300*time.Millisecond, length), "crash", victim)
		g.do(max(end, at+length)+time.Second, "boot", victim)
		return max(end, at+length) + time.Second
	case "stop":
		bad(at, at+length)
		g.do(at+200*time.Millisecond, "stop", n)
		end = at + g.some()
		g.do(max(end, at+length)+time.Second, "start", n)
		return max(end, at+length) + time.Second
	}
	return end + length
}

// unstartable lets a start fail on one node, mostly behind one that works, while the group is moved there: it must go back,
// and not before what did start has stopped.
func (g *generator) unstartable(n string, at time.Duration) (end time.Duration) {
	group := one(g, g.p.Setup.Groups...)
	for _, longer := range g.p.Setup.Groups {
		if len(recorded(longer)) > len(recorded(group)) {
			group = longer
		}
	}
	g.do(at, "standby", n, "all") // so that it is the other's
	at += 2*g.p.Setup.scriptTime() + 500*time.Millisecond
	end = at + g.between(2*time.Second, 5*time.Second)
	word := group[len(group)-1]
	g.do(at, "script", n, word, "start", "fails")
	g.do(end, "mend", n, word, "start", "fails")
	at += g.between(50*time.Millisecond, 300*time.Millisecond)
	g.do(at, "standby", other(n), "all")
	switch at += g.between(300*time.Millisecond, 2*g.window()); one(g, "", "", "order", "crash", "kill", "cut") {
	case "order":
		g.order(at, one(g, Nodes[:]...))
	case "crash":
		g.do(at, "crash", other(n))
		g.do(end, "boot", other(n))
	case "kill":
		g.do(at, "kill", one(g, Nodes[:]...), one(g, "100ms", "500ms", g.long().String()), one(g, procMain, procBoth))
	case "cut":
		g.cutAll(n, at, end)
	}
	return end
}
