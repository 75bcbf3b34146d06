package chaos

import (
	"testing"
)

func TestGenerateIsRepeatable(t *testing.T) {
	for seed := range uint64(50) {
		if a, b := Generate(seed, 2).Text(), Generate(seed, 2).Text(); a != b {
			t.Fatalf("seed %d makes two plans:\n%s\n%s", seed, a, b)
		}
	}
}

// TestGenerateUsesEverything: every verb the conductor knows is in some plan, in the order of time, and no plan
// takes much longer than others.
func TestGenerateUsesEverything(t *testing.T) {
	verbs := map[string]int{}
	for seed := range uint64(400) {
		for _, r := range Generate(seed, 1).Rounds {
			last := Step{}
			for _, s := range r.Steps {
				if verbs[s.Verb]++; s.At < last.At {
					t.Errorf("seed %d: %s comes after %s", seed, s, last)
				}
				last = s
			}
			if r.For < last.At || r.For > roundFor+5*1e9 {
				t.Errorf("seed %d: a round of %v, the last step is %s", seed, r.For, last)
			}
		}
	}
	for _, verb := range []string{"crash", "boot", "kill", "killscript", "cut", "plug", "remove", "add", "strip", "dress", "deafen", "hear",
		"loss", "double", "replay", "stall", "freeze", "resume", "fill", "free", "clock", "script", "mend", "standby", "takeover", "reload", "stop", "start"} {
		if verbs[verb] < 10 {
			t.Errorf("%s comes %d times in 400 plans", verb, verbs[verb])
		}
	}
}

// TestGenerateMeetsTheJudge: the situations in which an excuse could hide a fault come in one plan of fifty at least.
func TestGenerateMeetsTheJudge(t *testing.T) {
	seen := map[string]int{}
	const plans = 1000
	for seed := range uint64(plans) {
		p := Generate(seed, 1)
		here := map[string]bool{}
		for _, r := range p.Rounds {
			for i, s := range r.Steps {
				for _, later := range r.Steps[i+1:] {
					soon := later.At-s.At < p.Setup.Deadtime
					switch {
					case s.Verb == "resume" && later.Verb != "resume" && (later.Verb == "stall" || later.Verb == "freeze") && later.Node == s.Node && later.At-s.At < 3*p.Setup.Keepalive:
						here["stalls in a row, the other "+wayOff(r.Steps, later)] = true
					case s.Verb == "cut" && later.Verb == "standby" && soon:
						here["a standby while a cable is out"] = true
					case s.Verb == "standby" && later.Verb == "crash" && soon:
						here["a standby, and a crash"] = true
					case s.Verb == "script" && s.arg(1) == "start" && s.arg(2) == "fails" && later.Verb == "standby" && later.Node != s.Node && soon && behind(p, s.arg(0)):
						here["a start that fails behind one that works"] = true
					case s.Verb == "script" && s.arg(1) == "stop" && later.Verb == "plug":
						here["a bad stop when a split ends"] = true
					case s.Verb == "script" && s.arg(1) == "stop" && later.Verb == "crash" && soon:
						here["a bad stop, and a crash"] = true
					}
				}
				if s.Verb == "standby" && p.Setup.Failback == "legacy" {
					here["legacy is asked"] = true
				}
			}
		}
		for what := range here {
			seen[what]++
		}
	}
	for _, what := range []string{"stalls in a row, the other gone", "stalls in a row, the other cut off", "a standby while a cable is out", "a standby, and a crash",
		"a bad stop when a split ends", "a bad stop, and a crash", "a start that fails behind one that works", "legacy is asked"} {
		if seen[what] < plans/50 {
			t.Errorf("%s: in %d of %d plans", what, seen[what], plans)
		}
	}
}

// wayOff says how the other node went while one was held up from a step on.
func wayOff(steps []Step, stall Step) string {
	for _, s := range steps {
		if s.At < stall.At {
			continue
		}
		switch {
		case s.Verb == "resume" && s.Node == stall.Node:
			return "there"
		case s.Verb == "crash" && s.Node == other(stall.Node):
			return "gone"
		case s.Verb == "cut":
			return "cut off"
		}
	}
	return "there"
}

// behind says that a word is the last of several of its group.
func behind(p *Plan, word string) bool {
	for _, g := range p.Setup.Groups {
		if words := recorded(g); len(words) > 1 && words[len(words)-1] == word {
			return true
		}
	}
	return false
}
