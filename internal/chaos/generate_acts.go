package chaos

import (
	"fmt"
	"time"
)

// act lets one thing happen, and says when it is over.
func (g *generator) act() time.Duration {
	n := one(g, Nodes[:]...)
	acts := []struct {
		weight int
		do     func(node string) time.Duration
	}{
		{12, g.crash}, {2, g.crashBoth}, {12, g.kill}, {5, g.killScript},
		{14, g.cables}, {6, g.deafen}, {4, g.lose}, {4, g.double},
		{10, g.stall}, {5, g.fill}, {20, g.scripts}, {12, g.device},
		{12, g.move}, {6, g.stop}, {2, g.reload}, {130, g.trouble}, {20, g.replay},
	}
	if g.p.Setup.Clocked {
		acts = append(acts, struct {
			weight int
			do     func(node string) time.Duration
		}{30, g.clock})
	}
	total := 0
	for _, a := range acts {
		total += a.weight
	}
	pick := g.IntN(total)
	for _, a := range acts {
		if pick -= a.weight; pick < 0 {
			return a.do(n)
		}
	}
	return g.at
}

// short is not enough to look dead, but often near it; long is more than enough.
func (g *generator) short() time.Duration {
	s := g.p.Setup
	least := 100 * time.Millisecond
	if g.chance(60) {
		least = s.Deadtime / 2
	}
	return g.between(least, s.Deadtime-4*s.Keepalive)
}

func (g *generator) long() time.Duration {
	d := g.p.Setup.Deadtime
	return d + g.between(d/4, d+3*time.Second)
}

func (g *generator) some() time.Duration {
	if g.chance(40) {
		return g.short()
	}
	return g.long()
}

func (g *generator) crash(n string) time.Duration {
	g.do(g.at, "crash", n)
	if g.chance(15) {
		return g.at + g.long() // it stays down till the calm
	}
	end := g.at + g.some()
	g.do(end, "boot", n)
	return end
}

func (g *generator) crashBoth(n string) time.Duration {
	g.do(g.at, "crash", n)
	g.do(g.at+g.between(0, time.Second), "crash", other(n))
	first, second := g.at+g.some(), g.at+g.some()
	g.do(max(first, g.at+1100*time.Millisecond), "boot", n)
	g.do(max(second, g.at+1100*time.Millisecond), "boot", other(n))
	return max(first, second)
}

func (g *generator) kill(n string) time.Duration {
	switch one(g, "soon", "soon", "late", "never") {
	case "soon":
		after := g.between(100*time.Millisecond, 700*time.Millisecond)
		g.do(g.at, "kill", n, after.String(), one(g, procMain, procBoth))
		return g.at + after
	case "late":
		after := g.long()
		g.do(g.at, "kill", n, after.String(), one(g, procMain, procBoth))
		return g.at + after
	}
	g.do(g.at, "kill", n, "never", one(g, procMain, procBoth))
	return g.at + g.long()
}

// killScript kills what the daemon has started, which is something only while groups move.
func (g *generator) killScript(n string) time.Duration {
	g.do(g.at, one(g, "standby", "takeover"), n, "all")
	at := g.at
	for range 1 + g.IntN(3) {
		at += g.between(20*time.Millisecond, 300*time.Millisecond)
		g.do(at, "killscript", one(g, Nodes[:]...))
	}
	return at
}

func (g *generator) cables(n string) time.Duration {
	end := g.at + g.some()
	if g.p.Setup.Links > 1 && g.chance(50) {
		link := fmt.Sprint(g.IntN(g.p.Setup.Links))
		g.do(g.at, "cut", n, link)
		g.do(end, "plug", n, link)
		return end
	}
	at := g.at
	for link := range g.p.Setup.Links {
		g.do(at, "cut", n, fmt.Sprint(link))
		if g.chance(50) {
			at += g.between(0, 400*time.Millisecond)
		}
	}
	end = max(end, at+100*time.Millisecond)
	for link := range g.p.Setup.Links {
		g.do(end, "plug", n, fmt.Sprint(link))
		if g.chance(30) {
			end += g.between(0, 400*time.Millisecond)
		}
	}
	if g.chance(20) { // a cable that is loose
		for range 3 {
			end += g.between(100*time.Millisecond, 500*time.Millisecond)
			g.do(end, "cut", n, "0")
			end += g.between(100*time.Millisecond, 500*time.Millisecond)
			g.do(end, "plug", n, "0")
		}
	}
	return end
}

func (g *generator) deafen(n string) time.Duration {
	end := g.at + g.some()
	g.do(g.at, "deafen", n)
	g.do(end, "hear", n)
	return end
}

// lose loses what a cluster must stand, or, rarely, nearly everything.
func (g *generator) lose(n string) time.Duration {
	percent := g.IntN(lossBorne(g.p.Setup.Links)) + 1
	if g.chance(20) {
		percent = 60 + g.IntN(40)
	}
	end := g.at + g.long()
	g.do(g.at, "loss", n, fmt.Sprint(percent))
	g.do(end, "loss", n, "0")
	return end
}

func (g *generator) double(string) time.Duration {
	end := g.at + g.long()
	g.do(g.at, "double", "", fmt.Sprint(5+g.IntN(95)))
	g.do(end, "double", "", "0")
	return end
}

// stall holds up the daemon, or, as a hypervisor does, all of the host's programs.
func (g *generator) stall(n string) time.Duration {
	verb, who, end := one(g, "stall", "stall", "freeze"), []string{g.process()}, g.at+g.some()
	if verb == "freeze" {
		who = nil
	}
	g.do(g.at, verb, n, who...)
	g.do(end, "resume", n)
	if g.chance(20) { // again and again
		for range 3 {
			end += g.between(100*time.Millisecond, time.Second)
			g.do(end, verb, n, who...)
			end += g.short()
			g.do(end, "resume", n)
		}
	}
	return end
}

// fill leaves no room on the disk, and often lets something happen meanwhile.
func (g *generator) fill(n string) time.Duration {
	end := g.at + g.long()
	g.do(g.at, "fill", n)
	g.do(end, "free", n)
	at := g.at + g.between(200*time.Millisecond, time.Second)
	switch one(g, "", "crash other", "kill", "standby", "stop") {
	case "crash other":
		g.do(at, "crash", other(n))
		g.do(end, "boot", other(n))
	case "kill":
		g.do(at, "kill", n, "300ms")
	case "standby":
		g.do(at, "standby", one(g, Nodes[:]...), "all")
	case "stop":
		g.do(at, "stop", n)
		g.do(at+time.Second, "start", n)
	}
	return end
}

// scripts lets one misbehave, on one node or on both, and something happen that makes it run.
func (g *generator) scripts(n string) time.Duration {
	word := g.word()
	op, how := one(g, "start", "start", "stop", "stop", "status"), one(g, "fails", "fails", "hangs")
	if op == "status" {
		how = one(g, "hangs", "lies", "lies")
	}
	end := g.at + g.between(2*time.Second, 7*time.Second)
	nodes := []string{n}
	if g.chance(40) || op == "stop" { // who has it, nobody knows here
		nodes = Nodes[:]
	}
	for _, n := range nodes {
		g.do(g.at, "script", n, word, op, how)
		g.do(end, "mend", n, word, op, how)
	}
	at := g.at + g.between(50*time.Millisecond, 500*time.Millisecond)
	trigger := one(g, "there and back", "there and back", "crash other", "kill", "takeover", "stop")
	if op == "status" {
		trigger = one(g, "kill", "kill", "crash other", "stop")
	}
	switch trigger {
	case "there and back": // whoever has it stops it, and the other starts it
		first := one(g, Nodes[:]...)
		g.do(at, "standby", first, "all")
		g.do(at+g.between(800*time.Millisecond, 2*time.Second), "standby", other(first), "all")
	case "crash other":
		g.do(at, "crash", other(n))
		g.do(end, "boot", other(n))
	case "kill":
		g.do(at, "kill", n, one(g, "200ms", "200ms", g.long().String()))
	case "takeover":
		g.do(at, "takeover", n, "all")
	case "stop":
		g.do(at, "stop", n)
		g.do(at+2*time.Second, "start", n)
	}
	return end
}

// device removes a card or its address. A link that carries a service address is left alone: the address
// would go with it, and nobody looks after it (as with 3.0.6).
func (g *generator) device(n string) time.Duration {
	link := g.IntN(g.p.Setup.Links)
	if link == 0 && g.p.Setup.HasAddress() {
		return g.cables(n)
	}
	end := g.at + g.some()
	if g.chance(60) {
		g.do(g.at, "remove", n, fmt.Sprint(link))
		g.do(end, "add", n, fmt.Sprint(link))
	} else {
		g.do(g.at, "strip", n, fmt.Sprint(link))
		g.do(end, "dress", n, fmt.Sprint(link))
	}
	return end
}

var whichWords = []string{"all", "all", "local", "foreign", "failback"}

func (g *generator) move(n string) time.Duration {
	end := g.at
	for range one(g, 1, 1, 1, 2, 3) {
		g.do(end, one(g, "standby", "standby", "takeover"), n, one(g, whichWords...))
		end += g.between(0, 1500*time.Millisecond)
		n = one(g, Nodes[:]...)
	}
	return end
}

func (g *generator) stop(n string) time.Duration {
	g.do(g.at, "stop", n)
	if g.chance(15) {
		return g.at + g.long()
	}
	end := g.at + g.some()
	g.do(end, "start", n)
	return end
}

func (g *generator) reload(n string) time.Duration {
	g.do(g.at, "reload", n)
	return g.at + 100*time.Millisecond
}

func (g *generator) clock(n string) time.Duration {
	by := one(g, -time.Hour, -10*time.Minute, -3*time.Second, 3*time.Second, 10*time.Minute, time.Hour, 24*time.Hour*400, -24*time.Hour*400)
	g.do(g.at, "clock", n, by.String())
	return g.at + 100*time.Millisecond
}
