package chaos

import (
	"fmt"
	"time"
)

// singles does one thing after the other to a pair at rest: what is promised of a single thing is looked at only where
// nothing else happens for long enough.
func (g *generator) singles() {
	s, rest := g.p.Setup, g.p.Setup.Promise(together)+500*time.Millisecond
	g.at = g.between(500*time.Millisecond, time.Second)
	away := g.chance(60)
	if away { // who has a group is then not who would have it anyway
		g.do(g.at, "standby", one(g, Nodes[:]...), one(g, "all", "local"))
		g.at += rest
	}
	end := g.at
	for range 3 {
		n, length := one(g, Nodes[:]...), g.some()
		kinds := []string{"split", "split", "split", "crash", "crash", "script", "script", "script", "kill", "kill", "stall", "stall", "sleep", "deafen", "stop", "order", "replay", "replay", "link",
			"row", "row", "moving", "moving", "clinging", "clinging", "unstartable", "unstartable", "unstartable"}
		if away {
			kinds = append(kinds, "split", "split", "split", "stall", "stall")
		}
		if s.Failback == "legacy" {
			kinds = append(kinds, "order", "order", "order", "order") // which it refuses
		}
		switch one(g, kinds...) {
		case "split":
			for link := range s.Links {
				g.do(g.at, "cut", n, fmt.Sprint(link))
				g.do(g.at+length, "plug", n, fmt.Sprint(link))
			}
		case "crash":
			g.do(g.at, "crash", n)
			g.do(g.at+length, "boot", n)
		case "script":
			length = g.badScript(g.at)[2] - g.at
		case "kill":
			length = one(g, g.between(50*time.Millisecond, 600*time.Millisecond), length)
			g.do(g.at, "kill", n, length.String(), one(g, procMain, procBoth))
		case "stall":
			g.do(g.at, "stall", n, g.process())
			g.do(g.at+length, "resume", n)
		case "sleep": // through a death of the other
			length = max(length, s.Deadtime/2)
			g.do(g.at, one(g, "stall", "freeze"), n)
			g.do(g.at+g.between(0, length/2), "crash", other(n))
			g.do(g.at+length, "resume", n)
			length += s.Deadtime + rest
			g.do(g.at+length, "boot", other(n))
		case "deafen":
			g.do(g.at, "deafen", n)
			g.do(g.at+length, "hear", n)
		case "stop":
			g.do(g.at, "stop", n)
			g.do(g.at+length, "start", n)
		case "order":
			g.do(g.at, one(g, "standby", "takeover"), n, one(g, whichWords...))
			length = 500 * time.Millisecond
		case "replay":
			g.do(g.at, "kill", other(n), "100ms", procMain)
			g.do(g.at+g.between(700*time.Millisecond, 1500*time.Millisecond), "replay", n, length.String())
			length += 1500 * time.Millisecond
		case "row":
			length = g.row(n, g.at) - g.at
		case "moving":
			length = g.moving(n, g.at) - g.at
		case "clinging":
			length = g.clinging(n, g.at) - g.at
		case "unstartable":
			length = g.unstartable(n, g.at) - g.at
		case "link":
			g.do(g.at, "cut", n, "0")
			g.do(g.at+length, "plug", n, "0")
		}
		end = g.at + length
		if g.at = end + rest; g.at > roundFor {
			break
		}
	}
	g.round.For = min(end+500*time.Millisecond, roundFor+4*time.Second)
}
