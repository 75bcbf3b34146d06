package runner

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// raised puts this process at another place before the memory killer; raising is allowed to all.
func raised(t *testing.T) {
	t.Helper()
	before, err := os.ReadFile(ownScore)
	if err == nil {
		err = os.WriteFile(ownScore, []byte("100"), 0)
	}
	if err != nil {
		t.Skip("cannot change the score: ", err)
	}
	t.Cleanup(func() { os.WriteFile(ownScore, before, 0) })
}

func own(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(ownScore)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// TestUsualScore: the unit protects the daemon from the kernel's memory killer, not its services.
// What a script forks with its first instruction counts: that is the service.
func TestUsualScore(t *testing.T) {
	raised(t)
	s := newSite(t)
	s.script("score", `read mine </proc/self/oom_score_adj; (read child </proc/self/oom_score_adj; echo $mine $child)`)
	for i := range 40 {
		s.Start(uint64(i), "score", "start")
	}
	wrong := 0
	for range 40 {
		if r := s.wait(); r.Output != "0 0\n" {
			wrong++
			t.Logf("score of a script and of its child: %q", r.Output)
		}
	}
	if wrong > 0 {
		t.Errorf("%d of 40 scripts inherit the daemon's score", wrong)
	}
	if got := own(t); got != "100" {
		t.Errorf("the daemon's own score became %s", got)
	}
}

// A start that takes long (a script on a file system that hangs) delays no other, and the last to
// return puts the score back.
func TestUsualScoreOverlapping(t *testing.T) {
	raised(t)
	if err := UsualScore(func() error {
		if got := own(t); got != "0" {
			t.Errorf("during a start the score is %s", got)
		}
		if err := UsualScore(func() error { return nil }); err != nil {
			t.Error(err)
		}
		if got := own(t); got != "0" {
			t.Errorf("after the other start the score is %s", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := UsualScore(func() error { return exec.ErrNotFound }); err != exec.ErrNotFound {
		t.Errorf("error of the start: %v", err)
	}
	if got := own(t); got != "100" {
		t.Errorf("at the end the score is %s", got)
	}
}
