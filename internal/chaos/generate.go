package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// generator makes a plan from random numbers. It need not know how things stand when a step comes: the
// conductor leaves out what cannot be done, and says so.
type generator struct {
	*rand.Rand
	p     *Plan
	round *Round
	at    time.Duration // when the next act begins
}

// Generate makes the plan of a seed with that many rounds.
func Generate(seed uint64, rounds int) *Plan {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0xc4a05)), p: &Plan{Seed: seed}}
	g.setup()
	for range rounds {
		g.oneRound()
	}
	return g.p
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func one[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// between is a time in steps of 10 ms.
func (g *generator) between(least, most time.Duration) time.Duration {
	return least + time.Duration(g.Int64N(int64(most-least)/1e7+1))*1e7
}

// setup chooses the cluster: swarm-style, so that each seed has only some features.
func (g *generator) setup() {
	s := &g.p.Setup
	s.Links = one(g, 1, 2, 2)
	for link := range s.Links {
		switch one(g, "bcast", "bcast", "ucast", "mcast") {
		case "bcast":
			s.Media = append(s.Media, fmt.Sprintf("bcast eth%d", link))
		case "ucast":
			s.Media = append(s.Media, fmt.Sprintf("ucast eth%d 10.77.%[1]d.1", link), fmt.Sprintf("ucast eth%d 10.77.%[1]d.2", link))
		case "mcast":
			s.Media = append(s.Media, fmt.Sprintf("mcast eth%d 225.0.0.%d 694 1 0", link, 1+link))
		}
	}
	s.Keepalive = one(g, 200*time.Millisecond, 200*time.Millisecond, 300*time.Millisecond)
	s.Deadtime = 10 * s.Keepalive
	s.Initdead = s.Deadtime + one(g, 0, time.Second, 2*time.Second)
	s.Failback = one(g, "off", "off", "on", "legacy")
	s.Take = one(g, 0, 0, 100*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond, 700*time.Millisecond)
	s.Clocked = g.chance(30)
	s.Secret = fmt.Sprintf("secret-%016x", g.Uint64())
	names := []string{"web", "db", "mail", "nfs", "dns", "proxy", "cron", "ldap"}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i := range one(g, 1, 1, 2, 2, 3) {
		group := []string{one(g, Nodes[0], Nodes[0], Nodes[1])}
		if g.chance(20) {
			group = append(group, fmt.Sprintf("10.77.0.%d/24/eth0", 101+i))
		}
		for range one(g, 1, 2) {
			group = append(group, names[0])
			names = names[1:]
		}
		s.Groups = append(s.Groups, group)
	}
}

// roundFor is about how long a round lasts before its calm.
const roundFor = 22 * time.Second

// oneRound puts acts one after the other. Some overlap, some leave the cluster time to come to rest, so
// that what is promised for a single fault is looked at too.
func (g *generator) oneRound() {
	g.p.Rounds = append(g.p.Rounds, Round{})
	g.round = &g.p.Rounds[len(g.p.Rounds)-1]
	if g.chance(33) {
		g.singles()
		g.sort()
		return
	}
	g.at = g.between(200*time.Millisecond, 1500*time.Millisecond)
	length := g.between(roundFor/2, roundFor)
	if g.chance(40) { // so that not everything begins at home
		g.do(g.at, "standby", one(g, Nodes[:]...), one(g, "all", "local"))
		g.at += g.between(0, time.Second) + one(g, 0, g.p.Setup.Promise(together)+time.Second)
	}
	for g.at < length {
		begin := g.at
		end := g.act()
		switch one(g, "overlap", "overlap", "next", "next", "rest") {
		case "overlap":
			g.at = begin + g.between(50*time.Millisecond, max(100*time.Millisecond, end-begin))
		case "next":
			g.at = end + g.between(50*time.Millisecond, 1200*time.Millisecond)
		case "rest":
			g.at = end + g.p.Setup.Deadtime + g.between(2*time.Second, 4*time.Second)
		}
	}
	g.round.For = length
	slices.SortStableFunc(g.round.Steps, byTime)
	if n := len(g.round.Steps); n > 0 {
		g.round.For = max(length, min(g.round.Steps[n-1].At, length+4*time.Second))
	}
	g.sort()
}

func byTime(a, b Step) int { return int(a.At - b.At) }

// sort puts the steps in the order of time, and leaves out what would come after the round.
func (g *generator) sort() {
	slices.SortStableFunc(g.round.Steps, byTime)
	g.round.Steps = slices.DeleteFunc(g.round.Steps, func(s Step) bool { return s.At > g.round.For })
}

// do adds a step.
func (g *generator) do(at time.Duration, verb, node string, args ...string) {
	g.round.Steps = append(g.round.Steps, Step{At: at.Round(10 * time.Millisecond), Verb: verb, Node: node, Args: args})
}

// words are the recorded resources of this plan.
func (g *generator) word() string { return one(g, g.p.Setup.Words()...) }
