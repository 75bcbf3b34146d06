package runner

import (
	"os"
	"strings"
	"testing"
)

// TestUsualScore: the unit protects the daemon from the kernel's memory killer, not its services.
func TestUsualScore(t *testing.T) {
	s := newSite(t)
	s.script("score", `i=0; while [ "$(cat /proc/self/oom_score_adj)" != 0 ] && [ $i -lt 100 ]; do sleep 0.01; i=$((i+1)); done; cat /proc/self/oom_score_adj`)
	const own = "/proc/self/oom_score_adj"
	before, err := os.ReadFile(own)
	if err == nil {
		err = os.WriteFile(own, []byte("100"), 0) // raising it is allowed to everybody
	}
	if err != nil {
		t.Skip("cannot change the score: ", err)
	}
	defer os.WriteFile(own, before, 0)
	if r := s.run("score", "start"); strings.TrimSpace(r.Output) != "0" {
		if r.Output == "100\n" && os.Getuid() != 0 {
			t.Skip("lowering the score again needs privilege")
		}
		t.Errorf("score of a script: %q", r.Output)
	}
}
