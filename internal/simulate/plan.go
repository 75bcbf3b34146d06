package simulate

import (
	"bufio"
	"fmt"
	"strings"
	"time"
)

// Plan is one life: the commands before it and the steps of it, in the language of
// testdata/scenarios.
type Plan struct {
	Seed  uint64 // it was made of, or of none
	Head  []string
	Steps []Step
}

// Step is a command and the time that passes after it.
type Step struct {
	Line  string
	Pause time.Duration
}

// Calm is the step that ends all faults; the judge waits until all has come right.
const Calm = "calm"

func (p Plan) clone() Plan {
	return Plan{p.Seed, append([]string(nil), p.Head...), append([]Step(nil), p.Steps...)}
}

// Script is the plan as a scenario script; calms are how long each calm took when it was played.
func (p Plan) Script(calms []time.Duration) string {
	var b strings.Builder
	for _, l := range p.Head {
		b.WriteString(l + "\n")
	}
	for _, s := range p.Steps {
		if s.Line == Calm {
			d := time.Duration(0)
			if len(calms) > 0 {
				d, calms = calms[0], calms[1:]
			}
			fmt.Fprintf(&b, "%s %s\n", Calm, d)
		} else {
			b.WriteString(s.Line + "\n")
		}
		if s.Pause > 0 {
			fmt.Fprintf(&b, "advance %s\n", s.Pause)
		}
	}
	b.WriteString("owners\n")
	return b.String()
}

// heads are the commands that describe the cluster.
var heads = map[string]bool{"options": true, "group": true, "file": true, "nodes": true, "own": true, "foreign": true, "takes": true, "dice": true}

// ReadPlan reads a script again, so that it can be judged. What only shows something is passed over.
func ReadPlan(text string) (p Plan, err error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		verb, arg, _ := strings.Cut(line, " ")
		switch {
		case line == "" || line[0] == '|' || line[0] == '#' || verb == "show" || verb == "owners" || verb == "view":
		case heads[verb] && !(verb == "own" && len(p.Steps) > 0): // which may also be a step
			p.Head = append(p.Head, line)
		case verb == Calm:
			p.Steps = append(p.Steps, Step{Line: Calm})
		case verb == "advance":
			d, err := time.ParseDuration(strings.ReplaceAll(arg, " ", ""))
			if err != nil {
				return p, fmt.Errorf("line %d: %w", n, err)
			}
			if len(p.Steps) == 0 {
				p.Steps = append(p.Steps, Step{Line: "dice 1"})
			}
			p.Steps[len(p.Steps)-1].Pause += d
		default:
			p.Steps = append(p.Steps, Step{Line: line})
		}
	}
	return p, lines.Err()
}
