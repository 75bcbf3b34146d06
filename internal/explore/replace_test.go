package explore

import (
	"slices"
	"strings"
	"testing"

	"heartbeatd/internal/core"
)

// TestBadReplacementIsFound: a successor that gets something wrong is found out, each by what it does.
func TestBadReplacementIsFound(t *testing.T) {
	for name, bad := range map[string]struct {
		scope string
		spoil func(s *core.Snapshot)
		want  string
	}{
		"a held group is lost": {"replaced", func(s *core.Snapshot) {
			for i := range s.Groups {
				if s.Groups[i].Want {
					s.Groups = slices.Delete(s.Groups, i, i+1)
					return
				}
			}
		}, "web was running there, and is "},
		"a held group is held for stopped": {"replaced", func(s *core.Snapshot) {
			for i := range s.Groups {
				s.Groups[i].State = "stopped"
			}
		}, "web was running there, and is "},
		"numbers are used again": {"replaced", func(s *core.Snapshot) { s.Seq -= 9 }, "declares alpha dead, which lives and to which nothing was done"},
		"the other's claim is lost": {"replaced", func(s *core.Snapshot) {
			s.PeerNode.Claim.Groups = s.PeerNode.Claim.Groups[:0]
		}, `web is owned by "alpha" for alpha, by "" for beta`},
		"it does not wait for a stop on the other node": {"reload-merged", func(s *core.Snapshot) {
			for i := range s.Groups {
				s.Groups[i].Careful = false
			}
		}, "runs on both nodes"},
	} {
		s := *scopeOf(bad.scope)
		s.spoil, s.Budget.Replace = bad.spoil, 3
		r := Search(&s, Limits{Calm: calmOneIn}, nil)
		if r.Found == nil || !strings.Contains(r.Found.Wrong, bad.want) {
			t.Errorf("%s: %v, want %q", name, r, bad.want)
		} else {
			t.Logf("%s: found after %d states: %s", name, r.States, r.Found.Wrong)
		}
	}
}
