package chaos

import (
	"fmt"
	"time"
)

// trouble is a fault with other things done right at its edges, for there two nodes disagree most easily about
// how things stand.
func (g *generator) trouble(n string) time.Duration {
	lead := g.between(0, g.window())
	if g.chance(50) { // groups are on their way when it comes
		g.order(g.at, one(g, n, other(n)))
	}
	edges := g.fault(n, g.at+lead)
	end := edges[len(edges)-1]
	if g.chance(10) {
		g.do(edges[0]+g.between(0, time.Second), "replay", one(g, Nodes[:]...), g.long().String())
	}
	for _, edge := range edges {
		for range one(g, 0, 1, 1, 2) {
			end = max(end, g.poke(one(g, Nodes[:]...), max(g.at, edge+g.between(-500*time.Millisecond, g.window()))))
		}
	}
	return end
}

// window is about how long a move takes: what is to meet one must come within it.
func (g *generator) window() time.Duration { return 600*time.Millisecond + 3*g.p.Setup.Take }

// order is an operator's word that moves something.
func (g *generator) order(at time.Duration, n string) {
	g.do(at, one(g, "standby", "standby", "takeover"), n, one(g, "all", "all", "all", "local", "foreign"))
}

// process is which of the daemon's processes is meant.
func (g *generator) process() string { return one(g, procMain, procBoth, procBoth, procChild) }

// fault lets one thing go wrong for a time, and gives the moments at which that begins and ends.
func (g *generator) fault(n string, at time.Duration) []time.Duration {
	end := at + g.some()
	switch one(g, "cut", "cut", "cut", "deafen", "stall", "stall", "crash", "crash", "kill", "kill", "script", "script", "script", "script", "stop", "give", "give", "row", "clinging", "unstartable", "unstartable") {
	case "row":
		end = g.row(n, at)
	case "clinging":
		end = g.clinging(n, at)
	case "unstartable":
		end = g.unstartable(n, at)
	case "cut":
		for link := range g.p.Setup.Links {
			g.do(at, "cut", n, fmt.Sprint(link))
			g.do(end, "plug", n, fmt.Sprint(link))
		}
	case "deafen":
		g.do(at, "deafen", n)
		g.do(end, "hear", n)
	case "stall":
		if g.chance(25) {
			g.do(at, "freeze", n)
		} else {
			g.do(at, "stall", n, g.process())
		}
		g.do(end, "resume", n)
	case "crash":
		g.do(at, "crash", n)
		g.do(end, "boot", n)
	case "kill":
		after := one(g, g.between(50*time.Millisecond, 700*time.Millisecond), end-at)
		g.do(at, "kill", n, after.String(), one(g, procMain, procBoth))
		end = at + after
	case "script":
		return g.badScript(at)
	case "stop":
		g.do(at, "stop", n)
		g.do(end, "start", n)
	case "give": // and the power goes, of who gives or of who takes, while the scripts run
		g.do(at, "standby", n, one(g, "all", "all", "local", "foreign"))
		cut := at + g.between(20*time.Millisecond, g.window())
		victim := one(g, Nodes[:]...)
		if g.chance(60) {
			g.do(cut, "crash", victim)
			g.do(end+g.window(), "boot", victim)
		} else {
			g.do(cut, "kill", victim, one(g, "100ms", "500ms", g.long().String()), one(g, procMain, procBoth))
		}
		return []time.Duration{cut, max(end+g.window(), cut)}
	}
	return []time.Duration{at, end}
}

// badScript lets a script fail or hang while a move makes it run; what pokes at it then meets a daemon with a
// script that has not ended, or a stop that is tried again.
func (g *generator) badScript(at time.Duration) []time.Duration {
	word, op, how := g.word(), one(g, "stop", "stop", "start"), one(g, "fails", "fails", "hangs")
	if g.chance(50) { // the last of its group: the others run by then
		group := g.p.Setup.Groups[g.IntN(len(g.p.Setup.Groups))]
		word = group[len(group)-1]
	}
	nodes := Nodes[:]
	if op == "start" && g.chance(70) { // the other can
		nodes = []string{one(g, Nodes[:]...)}
	}
	end := at + g.between(1500*time.Millisecond, 5*time.Second)
	for _, n := range nodes {
		g.do(at, "script", n, word, op, how)
		g.do(end, "mend", n, word, op, how)
	}
	first := one(g, Nodes[:]...)
	g.do(at+g.between(50*time.Millisecond, 300*time.Millisecond), "standby", first, "all")
	second := at + g.between(400*time.Millisecond, 1500*time.Millisecond)
	g.do(second, "standby", other(first), "all")
	return []time.Duration{at + 300*time.Millisecond, second, end}
}

// poke does one thing to a node, and says when it is over.
func (g *generator) poke(n string, at time.Duration) time.Duration {
	switch one(g, "order", "order", "order", "order", "kill", "kill", "stop", "stop", "crash", "killscript", "stall", "blink", "reload") {
	case "order":
		g.order(at, n)
	case "kill":
		if who := g.process(); who == procChild {
			g.do(at, "kill", n, "-", who)
		} else {
			after := g.between(50*time.Millisecond, 700*time.Millisecond)
			g.do(at, "kill", n, after.String(), who)
			return at + after
		}
	case "stop":
		end := at + g.between(200*time.Millisecond, 2*time.Second)
		g.do(at, "stop", n)
		g.do(end, "start", n)
		return end
	case "crash":
		end := at + g.some()
		g.do(at, "crash", n)
		g.do(end, "boot", n)
		return end
	case "killscript":
		g.do(at, "killscript", n)
	case "stall":
		end := at + g.short()
		g.do(at, "stall", n, g.process())
		g.do(end, "resume", n)
		return end
	case "blink": // all links, for a moment
		end := at + g.between(50*time.Millisecond, g.p.Setup.Deadtime/2)
		for link := range g.p.Setup.Links {
			g.do(at, "cut", n, fmt.Sprint(link))
			g.do(end, "plug", n, fmt.Sprint(link))
		}
		return end
	case "reload":
		g.do(at, "reload", n)
	}
	return at
}

// replay plays to a node what it has heard of the other: while that is dead, back from the dead, or as it was.
func (g *generator) replay(n string) time.Duration {
	at, length := g.at, g.long()
	switch one(g, "", "move", "crash", "kill", "kill", "kill", "stop", "stop") {
	case "move":
		g.order(at, n)
		at += g.between(0, 2*g.window())
	case "crash":
		g.do(at, "crash", other(n))
		at += g.between(0, time.Second)
		g.do(at+one(g, g.between(0, time.Second), length), "boot", other(n))
	case "kill":
		g.do(at, "kill", other(n), one(g, "100ms", "300ms", length.String()), one(g, procMain, procBoth))
		at += g.between(200*time.Millisecond, 1500*time.Millisecond)
	case "stop":
		g.do(at, "stop", other(n))
		g.do(at+g.window(), "start", other(n))
		at += g.window() + g.between(300*time.Millisecond, 1500*time.Millisecond)
	}
	g.do(at, "replay", n, length.String())
	return at + length
}
