package interop

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const generated = 1000

func TestGenerateIsDeterministic(t *testing.T) {
	texts := map[string]uint64{}
	for seed := range uint64(generated) {
		text := Generate(seed).Text()
		if again := Generate(seed).Text(); again != text {
			t.Fatalf("seed %d: first\n%s\nthen\n%s", seed, text, again)
		}
		if twin, ok := texts[text]; ok {
			t.Errorf("seeds %d and %d are the same", twin, seed)
		}
		texts[text] = seed
	}
}

// TestGenerateParses: what is printed for a failing seed is what was played.
func TestGenerateParses(t *testing.T) {
	for seed := range uint64(generated) {
		s := Generate(seed)
		again, err := Parse(s.Name, s.Text())
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, s.Text())
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("seed %d: made %+v\nread %+v", seed, s, again)
		}
	}
}

// TestGenerateKeepsTheRules looks at what the player and a C+C cluster need.
func TestGenerateKeepsTheRules(t *testing.T) {
	for seed := range uint64(generated) {
		if err := lawful(Generate(seed)); err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, Generate(seed).Text())
		}
	}
}

func lawful(s *Script) error {
	if n := len(s.Groups); n < 1 || n > 4 {
		return fmt.Errorf("%d groups", n)
	}
	names := map[string]bool{}
	for _, g := range s.Groups {
		if len(g) < 2 || len(g) > 4 {
			return fmt.Errorf("group %v", g)
		}
		for _, word := range g[1:] {
			name, ok := recorded(word)
			if ok && strings.Contains(word, "/") {
				return fmt.Errorf("%s cannot be the name of a file, as the recorder wants", word)
			}
			if names[name] {
				return fmt.Errorf("%s twice", name)
			}
			names[name] = true
		}
	}
	c := &bookkeeper{
		s: s, power: map[string]bool{Nodes[0]: true, Nodes[1]: true}, up: map[string]bool{}, started: map[string]bool{}, cut: map[string]bool{},
		mayHold: map[string]map[string]bool{Nodes[0]: {}, Nodes[1]: {}}, fresh: map[string]bool{},
	}
	var waited time.Duration
	for i, st := range s.Steps {
		if st.Line != strings.Count(s.Text(), "\n")-len(s.Steps)+1+i {
			return fmt.Errorf("%s is at line %d", st, st.Line)
		}
		if err := c.possible(st); err != nil {
			return fmt.Errorf("%s: %w", st, err)
		}
		c.follow(st)
		if st.Verb == "wait" {
			d, _ := time.ParseDuration(st.Args[0])
			waited += d
		}
	}
	if last := s.Steps[len(s.Steps)-1].Verb; last != "settle" && last != "differs" {
		return fmt.Errorf("ends with %s", last)
	}
	if waited > longest {
		return fmt.Errorf("waits for %v", waited)
	}
	return nil
}

// bookkeeper follows a scenario by its own lights.
type bookkeeper struct {
	s                       *Script
	power, up, started, cut map[string]bool
	mayHold                 map[string]map[string]bool // node to homes of groups it may have
	fresh                   map[string]bool            // started, or lost its power, since the last settle
}

func (c *bookkeeper) possible(st Step) error {
	if st.Verb == "wait" || st.Verb == "settle" || st.Verb == "differs" {
		return nil
	}
	x, y := st.Args[0], other(st.Args[0])
	both := c.up[x] && c.up[y]
	idle := len(c.mayHold[x]) == 0 // what a killed daemon had would run on beside the other's
	allowed, known := map[string]bool{
		"start": c.power[x] && !c.up[x], "boot": !c.power[x], "crash": c.power[x] && c.up[x], "generation": c.power[x] && !c.up[x] && c.started[x],
		"stop": c.up[x], "kill": both && idle, "killmaster": both && idle, "freeze": both, "thaw": both, "standby": both, "takeover": both,
		"loss": c.power[x], "script": c.power[x], "run": c.up[x], "reload": c.up[x], "authkeys": c.power[x],
		"cut": len(st.Args) == 2 && !c.cut[x] && !c.cut[y], "mend": true,
	}[st.Verb]
	if !known || !allowed {
		return fmt.Errorf("not now")
	}
	return nil
}

// follow keeps what a command leaves.
func (c *bookkeeper) follow(st Step) {
	switch st.Verb {
	case "start":
		for _, node := range st.Args {
			c.start(node)
		}
	case "stop", "kill", "killmaster", "crash":
		x := st.Args[0]
		c.up[x] = false
		c.power[x], c.fresh[x] = st.Verb != "crash", st.Verb == "crash"
		c.give(x, Nodes[:])
	case "boot":
		c.power[st.Args[0]] = true
	case "settle":
		c.fresh = map[string]bool{}
	case "cut", "mend":
		c.cut[st.Args[0]] = st.Verb == "cut"
	case "standby":
		if slices.Contains(c.s.CF, "auto_failback legacy") {
			return // refused
		}
		c.give(st.Args[0], homesOf(strings.Join(st.Args[1:], ""), st.Args[0]))
	case "takeover":
		c.give(other(st.Args[0]), homesOf(strings.Join(st.Args[1:], ""), st.Args[0]))
	}
}

// start: alone it takes everything, with the other each takes its own, and beside another that has
// settled what is at home here may come to it.
func (c *bookkeeper) start(x string) {
	y := other(x)
	alone, together := !c.up[y], c.up[y] && c.fresh[y]
	back := !slices.Contains(c.s.CF, "auto_failback off") || c.fresh[x]
	c.up[x], c.started[x], c.fresh[x] = true, true, true
	for _, g := range c.s.Groups {
		if home := g[0]; alone || home == x && (together || back) {
			c.mayHold[x][home] = true
		}
		if together {
			delete(c.mayHold[y], x)
		}
	}
}

// give moves groups of these homes to the other node.
func (c *bookkeeper) give(from string, homes []string) {
	for _, home := range homes {
		if slices.ContainsFunc(c.s.Groups, func(g []string) bool { return g[0] == home }) {
			delete(c.mayHold[from], home)
			if c.up[other(from)] {
				c.mayHold[other(from)][home] = true
			}
		}
	}
}

// TestGenerateReachesEverything: a generator that never asks for something tests nothing of it.
func TestGenerateReachesEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(generated) {
		s := Generate(seed)
		for _, st := range s.Steps {
			seen[st.Verb]++
			if st.Verb == "standby" || st.Verb == "takeover" {
				seen[strings.Join(append([]string{st.Verb}, st.Args[1:]...), " ")]++
			}
		}
		for _, l := range s.CF {
			if !slices.Contains(Given, l) {
				seen[strings.Fields(l)[0]]++
			}
		}
		seen["auto_failback "+s.CF[slices.IndexFunc(s.CF, func(l string) bool { return directive(l) == "auto_failback" })][len("auto_failback "):]]++
		seen[fmt.Sprintf("%d groups", len(s.Groups))]++
		seen[fmt.Sprintf("%d links", s.Links)]++
		for _, k := range s.Keys {
			if f := strings.Fields(k); f[0] != "auth" {
				seen[f[1]]++
			}
		}
	}
	for _, want := range []string{
		"start", "stop", "kill", "killmaster", "freeze", "thaw", "crash", "boot", "cut", "mend", "loss", "script", "generation", "authkeys",
		"reload", "run", "wait", "settle", "differs", "standby", "standby all", "standby local", "standby foreign", "standby failback",
		"takeover", "takeover all", "takeover local", "takeover foreign", "bcast", "ucast", "mcast", "msgfmt", "auto_failback off",
		"auto_failback on", "auto_failback legacy", "1 groups", "2 groups", "3 groups", "4 groups", "1 links", "2 links", "md5", "sha1", "crc",
	} {
		if seen[want] < 5 {
			t.Errorf("%s: only %d in %d seeds", want, seen[want], generated)
		}
	}
	if seen["takeover failback"] > 0 {
		t.Error("takeover failback, which 3.0.6 takes for all")
	}
	t.Log(seen)
}
