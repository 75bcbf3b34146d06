package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// generator makes the plan of a seed. It does not play it: it only keeps rough book of who is on,
// so that a life is not spent with everything off.
type generator struct {
	*rand.Rand
	plan Plan

	keepalive, deadtime, initdead time.Duration
	links                         []string
	groups                        []string // their resources
	off                           map[string]bool
	apart                         bool // something keeps the nodes from hearing each other
	three                         bool
	kinds                         []kind // of this seed, each as often as it weighs
}

// kind is a kind of step. It returns its command, "" if it makes no sense now.
type kind struct {
	name string
	do   func(g *generator, m, o string) string
}

// Generate makes the plan of a seed.
func Generate(seed uint64) Plan {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), off: map[string]bool{}}
	g.plan.Seed = seed
	g.cluster()
	g.choose()
	g.begin()
	for range 2 + g.IntN(3) {
		for range 1 + g.IntN(1+g.IntN(12)) {
			g.step()
		}
		g.add(Calm, time.Duration(g.IntN(20))*time.Second)
		clear(g.off)
		g.apart = false
	}
	return g.plan
}

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// cluster makes ha.cf and haresources.
func (g *generator) cluster() {
	s := time.Second
	g.keepalive = pick(g, 100*time.Millisecond, 500*time.Millisecond, s, s, 2*s, 2*s, 2*s, 2*s)
	g.deadtime = g.keepalive * time.Duration(3+g.IntN(13))
	g.initdead = 2*g.deadtime + time.Duration(g.IntN(10000))*time.Millisecond
	if g.IntN(4) == 0 {
		g.initdead = g.deadtime
	}
	g.links = []string{"eth0", "eth1", "eth2"}[:pick(g, 1, 1, 2, 2, 3)]
	failback := pick(g, "on", "off", "legacy")
	g.head("options keepalive=%s deadtime=%s warntime=%s initdead=%s hangreport=%ds links=%s auto_failback=%s ahead=%s", g.keepalive, g.deadtime,
		g.deadtime/2, g.initdead, 1+g.IntN(30), strings.Join(g.links, ","), failback, pick(g, "on", "off"))
	for i := range 1 + g.IntN(4) {
		home, line := pick(g, "alpha", "beta"), ""
		for k := range 1 + g.IntN(3) {
			word := fmt.Sprintf("%s%d", []string{"ip", "fs", "web"}[k], i+1)
			g.groups = append(g.groups, word)
			line += " " + word
		}
		g.head("group %s%s", home, line)
	}
	g.strangeFiles()
	g.three = g.IntN(6) == 0
	if g.three {
		g.head("file gamma gamma ip9")
		g.head("nodes alpha beta gamma")
		g.head("foreign gamma")
	} else {
		g.head("nodes alpha beta")
	}
	for _, m := range []string{"alpha", "beta"} {
		if g.IntN(2) == 0 {
			ms := func(n int) time.Duration { return time.Duration(1+g.IntN(n)) * time.Millisecond }
			g.head("takes %s %s %s %s", m, ms(800), ms(800), ms(40))
		}
	}
	if g.IntN(12) == 0 {
		g.head("own beta auto_failback=%s", pick(g, "on", "off", "legacy"))
	}
	if g.IntN(12) == 0 {
		d := g.keepalive * time.Duration(3+g.IntN(13))
		g.head("own beta deadtime=%s warntime=%s initdead=%s", d, d/2, 2*d)
	}
	g.head("dice %d", 1+g.plan.Seed)
}

// strangeFiles makes, in one life of thirty, the haresources of the nodes differ.
func (g *generator) strangeFiles() {
	if g.IntN(30) != 0 {
		return
	}
	for _, l := range g.plan.Head {
		line, ok := strings.CutPrefix(l, "group ")
		if !ok {
			continue
		}
		for _, m := range []string{"alpha", "beta"} {
			if m == "beta" && g.IntN(3) == 0 {
				if g.IntN(2) == 0 {
					continue // it has no such line
				}
				_, words, _ := strings.Cut(line, " ")
				line = pick(g, "alpha", "beta") + " " + words
			}
			g.head("file %s %s", m, line)
		}
	}
	g.head("file beta beta extra")
}

func (g *generator) head(format string, args ...any) {
	g.plan.Head = append(g.plan.Head, fmt.Sprintf(format, args...))
}

func (g *generator) add(line string, pause time.Duration) {
	g.plan.Steps = append(g.plan.Steps, Step{line, pause.Round(time.Millisecond)})
}

// choose gives a seed its own choice of faults, so that each is also met without most others.
func (g *generator) choose() {
	for len(g.kinds) == 0 {
		for _, k := range kinds {
			if g.IntN(3) == 0 {
				for range 1 + g.IntN(4) {
					g.kinds = append(g.kinds, k)
				}
			}
		}
	}
}

// begin switches on.
func (g *generator) begin() {
	soon := func() time.Duration { return time.Duration(g.IntN(int(2 * time.Second))) }
	switch g.IntN(4) {
	case 0:
		g.add("boot alpha", g.pause())
		g.add("boot beta", g.pause())
	case 1:
		g.add("boot alpha", g.initdead+soon()+5*time.Second)
		g.add("boot beta", g.pause())
	case 2:
		g.add("boot beta", soon())
		g.add("boot alpha", g.initdead)
	default:
		g.add(Calm, soon())
	}
}

func (g *generator) step() {
	m, o := "alpha", "beta"
	if g.IntN(2) == 0 {
		m, o = o, m
	}
	if g.off[m] && g.IntN(2) == 0 {
		g.off[m] = false
		g.add("boot "+m, g.pause())
		return
	}
	if g.apart && g.IntN(4) == 0 {
		g.apart = false
		g.add("mend alpha", 0)
		g.add("mend beta", g.pause())
		return
	}
	if line := pick(g, g.kinds...).do(g, m, o); line != "" {
		g.add(line, g.pause())
	}
}

// pause is often so long that what was promised must have come true.
func (g *generator) pause() time.Duration {
	r := func(d time.Duration) time.Duration { return time.Duration(g.Int64N(int64(d))) }
	switch g.IntN(10) {
	case 0, 1, 2:
		return r(100 * time.Millisecond)
	case 3, 4:
		return r(g.deadtime)
	case 5:
		return r(3 * g.deadtime)
	case 6, 7:
		return g.deadtime + 5*time.Second + r(20*time.Second)
	case 8:
		return g.initdead + r(20*time.Second)
	}
	return r(3 * time.Minute) // failed starts are tried again after one, failed stops after ten seconds and a minute
}
