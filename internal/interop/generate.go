package interop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// generator makes one scenario. It keeps book of who will hold what on C+C, so that it does not
// ask for what only chance or a known bug of 3.0.6 decides.
type generator struct {
	*rand.Rand
	s        *Script
	failback string
	secrets  []string          // what comes after the number in lines of authkeys
	key      map[string]int    // node to the number of its sending key
	power    map[string]bool   // node to whether it has power
	up       map[string]bool   // node to whether its daemon runs
	holder   map[string]string // home to who holds its groups, "" where that is not sure
	left     time.Duration     // what the scenario may still take
}

// longest is what a generated scenario may take on C+C, roughly.
const longest = 60 * time.Second

// What things take on C+C with the given timers, up to and including their settle.
const (
	costTogether = 13 * time.Second // 3.0.6 lets ten seconds pass when nobody has anything yet
	costAlone    = 18 * time.Second // initdead, and the same ten seconds
	costJoin     = 12 * time.Second
	costDeath    = 9 * time.Second // deadtime, and links die later than nodes
	costStop     = 11 * time.Second
	costMove     = 5 * time.Second
	costLook     = 2 * time.Second
	costFailure  = 42 * time.Second // 3.0.6 waits 30 s after a start that failed
)

// Generate makes the scenario of a seed: always the same from the same seed, as long as the
// generator is not changed.
func Generate(seed uint64) *Script {
	g := &generator{
		Rand:  rand.New(rand.NewPCG(seed, 0x306)),
		s:     &Script{Name: fmt.Sprintf("seed-%d", seed), Links: 1, CF: append([]string{}, Given...)},
		key:   map[string]int{},
		power: map[string]bool{Nodes[0]: true, Nodes[1]: true},
		up:    map[string]bool{}, holder: map[string]string{},
		left: longest,
	}
	g.cluster()
	g.begin()
	for n := 2 + g.IntN(4); n > 0 && g.act(); n-- {
	}
	g.number()
	return g.s
}

// number gives each step the line it has in the text.
func (g *generator) number() {
	steps := g.s.Steps
	g.s.Steps = nil
	head := strings.Count(g.s.Text(), "\n")
	for i := range steps {
		steps[i].Line = head + i + 1
	}
	g.s.Steps = steps
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func one[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// cluster chooses the four files.
func (g *generator) cluster() {
	if g.chance(45) {
		g.s.Links = 2
	}
	g.media()
	g.failback = one(g, "off", "off", "off", "off", "off", "on", "on", "on", "on", "legacy")
	if g.failback != "off" {
		g.cf("auto_failback " + g.failback)
	}
	if g.chance(10) { // more would only show how 3.0.6 loses its own messages with it, see lostByC
		g.cf("msgfmt netstring")
	}
	g.authkeys()
	g.groups()
}

// cf replaces the given lines of the directive of the first line.
func (g *generator) cf(lines ...string) {
	g.s.CF = append(without(g.s.CF, strings.Fields(lines[0])[0]), lines...)
}

// media chooses one for each link, and is silent where that is the given one.
func (g *generator) media() {
	var lines []string
	for link := range g.s.Links {
		switch one(g, "bcast", "bcast", "bcast", "ucast", "ucast", "mcast") {
		case "bcast":
			lines = append(lines, fmt.Sprintf("bcast eth%d", link))
		case "ucast":
			lines = append(lines, fmt.Sprintf("ucast eth%d 10.77.%[1]d.1", link), fmt.Sprintf("ucast eth%d 10.77.%[1]d.2", link))
		case "mcast":
			lines = append(lines, fmt.Sprintf("mcast eth%d 225.0.0.%d 694 1 0", link, 1+link))
		}
	}
	if len(lines) > 1 || lines[0] != "bcast eth0" {
		g.s.CF = append(without(g.s.CF, "bcast"), lines...)
	}
}

// authkeys chooses one key, or several with one secret: 3.0.6 takes the secret of its own sending key
// for every number, so others could not be changed without the nodes losing each other.
func (g *generator) authkeys() {
	word := fmt.Sprintf(" %08x", g.Uint32())
	if number := one(g, 1, 1, 1, 2, 3); number > 1 {
		for range number {
			g.secrets = append(g.secrets, one(g, "md5", "sha1")+word)
		}
	} else if g.chance(40) {
		g.secrets = []string{"crc"} // a checksum has no secret
	} else {
		g.secrets = []string{one(g, "md5", "sha1") + word}
	}
	sending := 1 + g.IntN(len(g.secrets))
	for _, node := range Nodes {
		g.key[node] = sending
	}
	g.s.Keys = g.keysFile(sending)
}

// keysFile are the lines of authkeys with one of the keys for sending.
func (g *generator) keysFile(sending int) []string {
	lines := []string{fmt.Sprintf("auth %d", sending)}
	for i, secret := range g.secrets {
		lines = append(lines, fmt.Sprintf("%d %s", i+1, secret))
	}
	return lines
}

// groups chooses haresources: all groups at home on one node, or active/active.
func (g *generator) groups() {
	names := []string{"web", "db", "mail", "nfs", "dns", "proxy", "cron", "ldap", "print", "queue", "search", "cache"}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	homes := one(g, Nodes[:1], Nodes[:1], Nodes[1:], Nodes[:], Nodes[:], Nodes[:])
	for i := range one(g, 1, 1, 2, 2, 3, 4) {
		home := one(g, homes...)
		g.holder[home] = ""
		group := []string{home}
		if g.chance(15) {
			group = append(group, fmt.Sprintf("10.77.0.%d/24/eth0", 101+i))
		}
		for n := one(g, 1, 1, 2, 2, 3) - len(group) + 1; n > 0; n-- {
			word := names[0]
			names = names[1:]
			if g.chance(15) {
				word += one(g, "::one", "::one::two", "::8080")
			}
			group = append(group, word)
		}
		g.s.Groups = append(g.s.Groups, group)
	}
}

// begin starts the cluster.
func (g *generator) begin() {
	switch one(g, "together", "together", "together", "one after the other", "one after the other", "alone") {
	case "together":
		g.startTogether()
		g.left -= costTogether
	case "one after the other":
		first := one(g, Nodes[:]...)
		g.do("start", first)
		g.wait(500*time.Millisecond, 3*time.Second) // initdead is 6 s: the first still waits
		g.do("start", other(first))
		g.settle()
		g.together()
		g.left -= costTogether + 2*time.Second
	case "alone":
		g.startAlone(one(g, Nodes[:]...))
		g.left -= costAlone
	}
}

func (g *generator) do(verb string, args ...string) {
	g.s.Steps = append(g.s.Steps, Step{Verb: verb, Args: args})
}

// settle waits until nothing moves any more. A 3.0.6 that takes longer never gets there, see [spoiled].
func (g *generator) settle() {
	g.do("settle", "30s")
	if slices.Contains(g.s.CF, "auto_failback legacy") {
		g.do("differs", "14", "state:*", "log:*", "output") // 3.0.6 then always says none, and heartbeatd what it has
	}
}

// wait lets some time pass, in steps of 100 ms.
func (g *generator) wait(least, most time.Duration) {
	d := least + time.Duration(g.Int64N(int64(most-least)/1e8+1))*1e8
	g.left -= d
	g.do("wait", d.String())
}

func other(node string) string {
	if node == Nodes[0] {
		return Nodes[1]
	}
	return Nodes[0]
}
