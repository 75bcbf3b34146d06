package simulate

import (
	"fmt"
	"time"
)

// kinds are the faults and commands a life may be made of.
var kinds = []kind{
	{"crash", func(g *generator, m, _ string) string { g.off[m] = true; return "crash " + m }},
	{"kill", func(g *generator, m, _ string) string { g.off[m] = true; return "kill " + m }},
	{"restart", func(_ *generator, m, _ string) string { return "restart " + m }},
	{"stop", func(g *generator, m, _ string) string { g.off[m] = true; return "stop " + m }},
	{"boot", func(g *generator, m, _ string) string { g.off[m] = false; return "boot " + m }},
	{"standby", func(g *generator, m, _ string) string { return "standby " + m + " " + g.which() }},
	{"takeover", func(g *generator, m, _ string) string { return "takeover " + m + " " + g.which() }},
	{"cut one", func(g *generator, m, _ string) string {
		g.apart = g.apart || len(g.links) == 1
		return "cut " + m + " " + pick(g, g.links...)
	}},
	{"cut all", func(g *generator, m, _ string) string { g.apart = true; return "cut " + m }},
	{"split and back", func(g *generator, m, _ string) string {
		how, back := "cut "+m, "mend "+m
		if g.IntN(3) == 0 {
			how, back = "key "+m+" other", "key "+m
		}
		g.add(how, g.deadtime+time.Duration(g.IntN(20))*time.Second)
		return back
	}},
	{"mend", func(g *generator, m, _ string) string { g.apart = false; return "mend " + m }},
	{"deafen", func(_ *generator, m, o string) string { return "deafen " + m + " " + o }},
	{"hear", func(_ *generator, m, o string) string { return "hear " + m + " " + o }},
	{"short stall", func(g *generator, m, _ string) string { return stallLine(g, m, g.deadtime) }},
	{"long stall", func(g *generator, m, _ string) string {
		return stallLine(g, m, 5*g.deadtime+20*time.Second)
	}},
	{"decider stalls", func(g *generator, m, _ string) string { return stallLine(g, m, 5*g.deadtime) + " decider" }},
	{"pacer", func(g *generator, m, _ string) string { return "pacer " + m + " " + pick(g, "on", "off", "stuck") }},
	{"sleep through", func(g *generator, m, o string) string {
		g.off[m] = true
		g.add(stallLine(g, o, 2*g.deadtime), time.Duration(g.Int64N(int64(g.deadtime/2))))
		return "crash " + m
	}},
	{"resume", func(_ *generator, m, _ string) string { return "resume " + m }},
	{"clock", func(g *generator, m, _ string) string {
		return fmt.Sprintf("clock %s %s", m, time.Duration(g.IntN(14400)-7200)*pick(g, time.Second, time.Minute))
	}},
	{"start fails", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s start rc=%d", m, pick(g, g.groups...), 1+g.IntN(5))
	}},
	{"stop fails", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s stop rc=1", m, pick(g, g.groups...))
	}},
	{"hang", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s%s hang", m, pick(g, g.groups...), pick(g, "", " start", " stop", " status"))
	}},
	{"killed", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s %s killed", m, pick(g, g.groups...), pick(g, "start", "stop", "status"))
	}},
	{"missing", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s missing", m, pick(g, g.groups...)) // the whole script
	}},
	{"lie", func(g *generator, m, _ string) string {
		if g.IntN(4) > 0 { // no word counts any more for the rest of the round
			return ""
		}
		return fmt.Sprintf("script %s %s status lie", m, pick(g, g.groups...))
	}},
	{"slow script", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s %s take=%s", m, pick(g, g.groups...), pick(g, "start", "stop", "status"), time.Duration(1+g.IntN(40))*pick(g, time.Second, 100*time.Millisecond))
	}},
	{"normal", func(g *generator, m, _ string) string {
		return fmt.Sprintf("script %s %s %s normal", m, pick(g, g.groups...), pick(g, "start", "stop", "status"))
	}},
	{"unhang", func(_ *generator, m, _ string) string { return "unhang " + m }},
	{"loss", func(g *generator, _, _ string) string {
		return fmt.Sprintf("loss %d", pick(g, 0, 0, g.IntN(10), g.IntN(60)))
	}},
	{"double", func(g *generator, _, _ string) string { return fmt.Sprintf("double %d", pick(g, 0, g.IntN(100))) }},
	{"late", func(g *generator, _, _ string) string {
		return fmt.Sprintf("late %d %s", pick(g, 0, g.IntN(50)), time.Duration(1+g.IntN(400))*time.Millisecond)
	}},
	{"slow", func(g *generator, _, _ string) string {
		return fmt.Sprintf("slow %s", time.Duration(pick(g, 0, g.IntN(200)))*time.Millisecond)
	}},
	{"replay", func(g *generator, m, _ string) string { return fmt.Sprintf("replay %s %d", m, 1+g.IntN(60)) }},
	{"move and replay", func(g *generator, m, _ string) string {
		g.add(pick(g, "takeover ", "standby ")+m+" "+g.which(), 5*time.Second+time.Duration(g.IntN(10))*time.Second)
		return fmt.Sprintf("replay %s %d", m, 1+g.IntN(60))
	}},
	{"lossy crash", func(g *generator, m, _ string) string {
		g.off[m] = true
		g.add(fmt.Sprintf("loss %d", g.IntN(20)), time.Duration(g.IntN(20))*time.Second)
		g.add("crash "+m, time.Duration(g.Int64N(int64(g.deadtime))))
		return fmt.Sprintf("replay %s %d", m, 1+g.IntN(60))
	}},
	{"disk", func(g *generator, m, _ string) string {
		return "disk " + m + " " + pick(g, "full", "full", "lost", "empty", "future", "ok")
	}},
	{"key", func(g *generator, m, _ string) string { return "key " + m + pick(g, "", " other") }},
	{"run", func(g *generator, m, _ string) string {
		if g.IntN(4) > 0 {
			return ""
		}
		return "run " + m + " " + pick(g, g.groups...)
	}},
	{"stuck", func(_ *generator, m, _ string) string { return "stuck " + m }},
	{"third", func(g *generator, _, _ string) string {
		if !g.three {
			return ""
		}
		return pick(g, "boot gamma", "crash gamma", "stop gamma", "restart gamma")
	}},
}

func (g *generator) which() string { return pick(g, "all", "local", "foreign", "failback") }

func stallLine(g *generator, m string, longest time.Duration) string {
	return fmt.Sprintf("stall %s %s", m, time.Duration(g.Int64N(int64(longest/time.Millisecond)))*time.Millisecond)
}
