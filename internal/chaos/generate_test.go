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
