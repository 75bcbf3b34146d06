package interop

import (
	"fmt"
	"strings"
	"time"
)

// act is one thing that may happen next.
type act struct {
	weight int
	cost   time.Duration
	do     func()
}

// act lets one thing happen, and says whether there was one that fits.
func (g *generator) act() bool {
	var fit []act
	total := 0
	for _, a := range g.acts() {
		if a.weight > 0 && a.cost <= g.left {
			fit = append(fit, a)
			total += a.weight
		}
	}
	if total == 0 {
		return false
	}
	pick := g.IntN(total)
	for _, a := range fit {
		if pick -= a.weight; pick < 0 {
			g.left -= a.cost
			a.do()
			break
		}
	}
	return true
}

// acts are the things that may happen now.
func (g *generator) acts() []act {
	var all []act
	for _, x := range Nodes {
		switch y := other(x); {
		case g.up[x] && g.up[y]:
			all = append(all, g.losses(x)...)
			all = append(all, g.moves(x)...)
			all = append(all, g.troubles(x)...)
			all = append(all, g.looks(x)...)
		case g.up[x]:
			all = append(all, g.looks(x)...)
			all = append(all, act{2, costStop, func() { g.stop(x) }})
		case g.up[y]:
			all = append(all,
				act{12, costJoin, func() { g.join(x, "") }},
				act{3, costJoin, func() { g.join(x, fmt.Sprintf("+%d", 1+g.IntN(1000))) }})
		default:
			// Nobody remembers a number: one that falls back does no harm.
			change := one(g, "", "", "", "+7", "-1", "-5")
			all = append(all,
				act{2, costAlone, func() { g.prepare(x, change); g.startAlone(x) }},
				act{5, costTogether, func() { g.prepare(x, change); g.prepare(y, ""); g.startTogether() }})
		}
	}
	return all
}

// losses are the ways in which a cluster of two becomes one of one.
func (g *generator) losses(x string) []act {
	y := other(x)
	all := []act{
		{6, costStop, func() { g.stop(x) }},
		{2, costStop, func() {
			g.do("stop", x)
			g.wait(1500*time.Millisecond, 3500*time.Millisecond) // the takeover is over, its deadtime is not
			g.lost(x)
			g.join(x, "")
		}},
		{6, costDeath, func() { g.do("crash", x); g.power[x] = false; g.lost(x); g.settle() }},
		{1, costStop, func() { g.stopBoth(x) }},
	}
	if !g.holds(x) {
		// Resources of a killed daemon run on; the other would start them beside it.
		all = append(all,
			act{3, costDeath, func() { g.do("kill", x); g.lost(x); g.settle() }},
			act{3, costDeath, func() { g.do("killmaster", x); g.lost(x); g.settle() }})
	}
	if g.hasGroups(y) && !g.holdsOf(x, y) {
		// Back within deadtime. A holder of the other's side, be it empty, would lose it: behaviour of 3.0.6
		// that has scenarios of its own.
		all = append(all, act{2, costJoin, func() {
			g.do("crash", x)
			g.do("boot", x)
			g.do("start", x)
			g.settle()
			g.unsure()
		}})
	}
	return all
}

// moves are what operators do. Without resources to move there is nothing to see.
func (g *generator) moves(x string) []act {
	y := other(x)
	if g.failback == "legacy" {
		return []act{{1, costLook, func() { g.do("standby", x); g.settle() }}} // it is refused
	}
	var all []act
	for _, which := range []string{"all", "local", "foreign", "failback", ""} {
		if g.surely(x, homesOf(which, x)) {
			all = append(all, act{4, costMove, func() { g.standby(x, which); g.settle() }})
			all = append(all, g.upset(x, which)...)
		}
		if which != "failback" && g.surely(y, homesOf(which, x)) { // 3.0.6 takes failback for all
			all = append(all, act{3, costMove, func() { g.takeover(x, which); g.settle() }})
		}
	}
	return all
}

// upset are moves with something in the way.
func (g *generator) upset(x, which string) []act {
	y := other(x)
	all := []act{
		{1, 2 * costMove, func() { // and at once back again
			g.standby(x, which)
			g.wait(4*time.Second, 6*time.Second)
			g.takeover(x, "all")
			g.settle()
		}},
		{1, costMove + 2*costDeath, func() {
			g.do("loss", y, "20")
			g.wait(time.Second, 4*time.Second)
			g.standby(x, which)
			g.settle()
			g.do("loss", y, "0")
			g.settle()
		}},
		{1, costMove + costDeath, func() { // the giver dies; 3.0.6 releases, if that was not over
			g.standby(x, which)
			g.wait(4*time.Second, 6*time.Second)
			g.do("crash", x)
			g.power[x] = false
			g.lost(x)
			g.settle()
		}},
	}
	if word := g.scriptOf(x); word != "" && g.surely(x, []string{x}) && which != "foreign" && which != "failback" {
		all = append(all, act{1, costMove + 4*time.Second, func() {
			g.do("script", x, word, "stop-fails")
			g.standby(x, which)
			g.wait(2*time.Second, 4*time.Second) // of ten tries, one a second
			g.do("script", x, word, "normal")
			g.settle()
			g.do("differs", "38", "gap:*") // the other groups stop meanwhile, and wait
		}})
	}
	if word := g.soleScript(x); word != "" && which == "local" { // it holds it
		all = append(all, act{1, costFailure, func() { g.startFails(x, word) }})
	}
	return all
}

// stopBoth stops both nodes at once. Which of them is the faster, and whether it is fast enough for the
// other to take over for a moment, is chance, and heartbeatd is faster.
func (g *generator) stopBoth(x string) {
	y := other(x)
	g.do("stop", x, "&")
	g.do("stop", y)
	g.pass()
	g.up[x], g.up[y] = false, false
	g.settle()
	g.do("differs", "16", "calls:*", "log:*", "gap:*")
}

// startFails lets the other node fail to start x's only group. 3.0.6 notices and gives it back 30 s
// later, heartbeatd at once.
func (g *generator) startFails(x, word string) {
	y := other(x)
	g.do("script", y, word, "start-fails")
	g.do("standby", x, "local")
	g.do("wait", "36s")
	g.do("script", y, word, "normal")
	g.settle()
	g.do("differs", "3", "calls:*", "log:*", "gap:*")
	g.unsure()
	g.left = 0
}

// troubles are what may go wrong without consequences.
func (g *generator) troubles(x string) []act {
	y := other(x)
	all := []act{
		{2, costDeath, func() { // well below deadtime, and on neither edge of warntime
			g.do("freeze", x)
			g.do("wait", one(g, "1s", "3s"))
			g.do("thaw", x)
			g.settle()
		}},
		{2, 2*costDeath + 3*time.Second, func() {
			g.do("loss", x, "20")
			g.wait(3*time.Second, 6*time.Second)
			g.settle()
			g.do("loss", x, "0")
			g.settle()
		}},
	}
	if g.s.Links == 2 {
		link := one(g, "0", "1")
		all = append(all, act{6, 2 * costDeath, func() {
			g.do("cut", x, link)
			g.settle()
			g.do("mend", x, link)
			g.settle()
		}})
		if g.failback != "legacy" && g.surely(x, Nodes[:]) {
			all = append(all, act{3, 2*costDeath + costMove, func() {
				g.do("cut", one(g, x, y), link)
				g.wait(500*time.Millisecond, 5*time.Second)
				g.standby(x, "all")
				g.settle()
				g.do("mend", x, link)
				g.do("mend", y, link)
				g.settle()
			}})
		}
	}
	if len(g.secrets) > 1 {
		all = append(all, act{4, 3 * costMove, g.changeKeys})
	}
	return all
}

// changeKeys lets both nodes send with another key, one after the other.
func (g *generator) changeKeys() {
	first := one(g, Nodes[:]...)
	sending := g.key[first]%len(g.secrets) + 1
	for _, node := range []string{first, other(first)} {
		g.do("authkeys", append([]string{node}, strings.Fields(strings.Join(g.keysFile(sending), "; "))...)...)
		g.do("reload", node)
		g.settle()
		g.key[node] = sending
	}
}

// looks change nothing.
func (g *generator) looks(x string) []act {
	command := one(g, "hbstatus", "listnodes", "nodestatus node1", "nodestatus node2", "listhblinks node1",
		"listhblinks node2", "hblinkstatus node1 eth0", "hblinkstatus node2 eth0", "rscstatus", "nodetype node1", "hbparameter -p deadtime")
	return []act{
		{2, costLook, func() { g.do("run", append([]string{x, "cl_status"}, strings.Fields(command)...)...); g.settle() }},
		{1, costMove, func() { g.do("reload", x); g.settle() }},
	}
}
