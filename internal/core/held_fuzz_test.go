package core

import (
	"strings"
	"testing"
)

// heldByWords is the rule of 3.0.6 for the answer of a script to `status`, in other words than [Held]
// has it: a line with "not", a blank and then "running", in any case, says no; else "running",
// "Running" or "OK" anywhere says yes.
func heldByWords(output string) bool {
	for _, line := range strings.Split(output, "\n") {
		lower := strings.ToLower(line)
		for at := 0; ; {
			i := strings.Index(lower[at:], "not")
			if i < 0 {
				break
			}
			at += i + len("not")
			if rest := lower[at:]; rest != "" && (rest[0] == ' ' || rest[0] == '\t') && strings.Contains(rest, "running") {
				return false
			}
		}
	}
	return strings.Contains(output, "running") || strings.Contains(output, "Running") || strings.Contains(output, "OK")
}

// FuzzHeld: the words decide as in 3.0.6, unless the exit status says beyond doubt that nothing runs.
func FuzzHeld(f *testing.F) {
	for _, s := range []string{"running", "IPaddr: INFO:  Running OK", "web is NOT\trunning", "mysqld was running but is dead", "RUNNING",
		"not here\nrunning", "cannot run; notrunning", "not \xff running", "OK\x00", "knot  x running OK", "not\n running"} {
		f.Add(0, s)
		f.Add(3, s)
	}
	f.Fuzz(func(t *testing.T, rc int, output string) {
		want := heldByWords(output) && rc != 3 && rc != 7
		if got := Held(rc, output); got != want {
			t.Fatalf("status %d, %q: held %v, want %v", rc, output, got, want)
		}
	})
}
