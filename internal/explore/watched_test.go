package explore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
	"heartbeatd/internal/simulate"
)

// watch lets a coverage see what happens in a scenario's world. The second of two machines may be a C node
// that is played by hand; a third is none of the pair.
func watch(met *Coverage, w *scenario.World) {
	w.Stepped = func(m *scenario.Machine, ev core.Event, before core.Standing) {
		after := m.Core.Standing()
		met.note(w.GroupsOf(m), ev, &before, &after)
	}
}

// playScript plays a scenario's commands. What the nodes say is judged elsewhere (internal/scenario).
func playScript(met *Coverage, lines []string) error {
	p := scenario.NewPlayer()
	for n, line := range lines {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' || line[0] == '|' {
			continue
		}
		if err := p.Do(line); err != nil {
			return fmt.Errorf("line %d: %s: %w", n+1, line, err)
		}
		if p.World != nil && p.World.Stepped == nil {
			watch(met, p.World)
		}
	}
	return nil
}

// scenarios are what each script of testdata/scenarios comes to, by `scenario NAME`.
func scenarios(t *testing.T) map[string]*Coverage {
	t.Helper()
	files, err := filepath.Glob("../../testdata/scenarios/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d scenarios: %v", len(files), err)
	}
	by := map[string]*Coverage{}
	for _, f := range files {
		if strings.HasPrefix(filepath.Base(f), "reload-") {
			continue // the table is about groups that stay what they are
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		met := NewCoverage()
		if err := playScript(met, strings.Split(string(text), "\n")); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		by["scenario "+strings.TrimSuffix(filepath.Base(f), ".txt")] = met
	}
	return by
}

// simulatedLives is how many of the simulator's lives are watched.
const simulatedLives = 60

// simulated is what the first lives of the simulator come to: none of them may come to what is held for unreachable.
// They are judged elsewhere (internal/simulate).
func simulated(t *testing.T) *Coverage {
	t.Helper()
	met := NewCoverage()
	for seed := range uint64(simulatedLives) {
		plan := simulate.Generate(seed)
		lines := plan.Head
		for _, s := range plan.Steps {
			line := s.Line
			if line == simulate.Calm {
				line += " 1m"
			}
			lines = append(lines, line, "advance "+s.Pause.String())
		}
		if err := playScript(met, lines); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	return met
}
