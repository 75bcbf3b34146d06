package explore

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"heartbeatd/internal/core"
)

// calmStep is the last step of a way whose fault shows only when everything is mended.
const calmStep = "calm"

// play takes steps in words. One that is not among the choices is an error, or, with skip, left out. It
// returns where they lead and the steps that were taken.
func play(s *Scope, steps []string, skip bool, tell func(at *pair, step string)) (*pair, []string, error) {
	p := s.first(nil)
	var taken []string
	for n, step := range steps {
		if step == calmStep {
			continue
		}
		c, ok := p.choiceOf(step)
		if !ok {
			if skip {
				continue
			}
			return p, taken, fmt.Errorf("step %d, %q, cannot happen here; what can: %s", n+1, step, p.menu(p.choices(nil)))
		}
		taken = append(taken, step)
		if p = p.take(c); tell != nil {
			tell(p, step)
		}
		if p.wrong != "" {
			break
		}
	}
	return p, taken, nil
}

// choiceOf finds a step in words among what can happen.
func (p *pair) choiceOf(step string) (choice, bool) {
	for _, c := range p.choices(nil) {
		if p.describe(c) == step {
			return c, true
		}
	}
	return choice{}, false
}

func (p *pair) menu(options []choice) string {
	var words []string
	for _, c := range options {
		words = append(words, p.describe(c))
	}
	return strings.Join(words, ", ")
}

// verdict is what is wrong at the end of a way, or when all is calm after it.
func (p *pair) verdict(s *Scope) (wrong string, calmed bool) {
	if p.wrong != "" {
		return p.wrong, false
	}
	x := newSearch(s, Limits{})
	if !x.calm(p) {
		return x.result.Found.Wrong, true
	}
	return "", true
}

// shrink leaves out of a way whatever is not needed for its bad end.
func shrink(s *Scope, f *Found) *Found {
	best := Found{Wrong: f.Wrong, Calm: f.Calm}
	best.Steps = slices.DeleteFunc(slices.Clone(f.Steps), func(step string) bool { return step == calmStep })
	for size := max(1, len(best.Steps)/2); size > 0; size /= 2 {
		for from := 0; from < len(best.Steps); {
			shorter := slices.Delete(slices.Clone(best.Steps), from, min(from+size, len(best.Steps)))
			p, taken, _ := play(s, shorter, true, nil)
			wrong, calmed := p.wrong, false
			if f.Calm {
				wrong, calmed = p.verdict(s)
			}
			if wrong == "" || len(taken) >= len(best.Steps) {
				from += size
				continue
			}
			best = Found{Wrong: wrong, Calm: calmed, Steps: taken}
		}
	}
	if best.Calm {
		best.Steps = append(best.Steps, calmStep)
	}
	return &best
}

// Write writes a way as a list that can be read, and played by Replay.
func (f *Found) Write(w io.Writer, scope string) {
	fmt.Fprintf(w, "# %s\nscope %s\n", f.Wrong, scope)
	for _, step := range f.Steps {
		fmt.Fprintln(w, step)
	}
}

// Replay plays a list of steps and shows what the nodes say and do. It returns what is wrong in the end.
func Replay(text string, w io.Writer) (wrong string, err error) {
	var scope *Scope
	var steps []string
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "scope "); ok {
			if scope = scopeOf(name); scope == nil {
				return "", fmt.Errorf("there is no scope %q", name)
			}
		} else if line != "" {
			steps = append(steps, line)
		}
	}
	if scope == nil {
		return "", fmt.Errorf("the list does not begin with `scope NAME`")
	}
	shown := *scope
	shown.tell = func(p *pair, i int, a core.Action) { tellAction(w, p, i, a) }
	last, _, err := play(&shown, steps, false, func(p *pair, step string) {
		fmt.Fprintf(w, "%9.3f  == %s\n", (p.now - dawn).Seconds(), step)
	})
	if err != nil {
		return "", err
	}
	if last.wrong == "" && len(steps) > 0 && steps[len(steps)-1] == calmStep {
		fmt.Fprintf(w, "%9.3f  == calm: everything is mended, and the pair left alone\n", (last.now - dawn).Seconds())
	}
	wrong, _ = last.verdict(&shown)
	return wrong, nil
}

func tellAction(w io.Writer, p *pair, i int, a core.Action) {
	text := ""
	switch a := a.(type) {
	case core.Send:
		text = "sends " + a.Msg.Str("t")
		for _, name := range []string{"st", "info", "rsc_hold", "isstable", "hbd_groups", "hbd_failed", "hbd_standby", "hbd_sees"} {
			if v := a.Msg.Str(name); v != "" {
				text += fmt.Sprintf(" %s=[%s]", name, v)
			}
		}
	case core.Run:
		text = "runs " + a.Resource + " " + a.Op.String()
	case core.Log:
		text = "logs " + a.Text
	case core.Reboot:
		text = "reboots: " + a.Reason
	case core.Exit:
		text = "ends"
	default:
		return
	}
	fmt.Fprintf(w, "%9.3f     %-5s %s\n", (p.now - dawn).Seconds(), names[i], text)
}
