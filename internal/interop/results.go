package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// keep writes an observation to the results: SCENARIO.PAIRING.json, the second play of the same
// SCENARIO.PAIRING.2.json. A C+C that is compared with C+C is SCENARIO.other.json.
func (f *Farm) keep(o *Observation, number int, judge bool) error {
	if f.Results == "" {
		return nil
	}
	name := fmt.Sprintf("%s.%s", o.Script, o.Pairing)
	if o.Pairing == judgement && !judge {
		name = o.Script + ".other"
	}
	if number > 1 {
		name += fmt.Sprintf(".%d", number)
	}
	data, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("describing %s: %w", name, err)
	}
	return f.write(name+".json", string(data)+"\n")
}

func (f *Farm) write(name, text string) error {
	if err := os.MkdirAll(f.Results, 0o755); err != nil {
		return fmt.Errorf("keeping the results: %w", err)
	}
	if err := os.WriteFile(filepath.Join(f.Results, name), []byte(text), 0o644); err != nil {
		return fmt.Errorf("keeping the results: %w", err)
	}
	return nil
}

// file writes for people what was seen of a scenario that did not simply pass: SCENARIO.txt.
func (f *Farm) file(t *trial) error {
	if f.Results == "" || len(t.errs)+len(t.v.Faults)+len(t.v.Either)+len(t.v.Once) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", t.script.Name)
	showScript(&b, t.script)
	for _, part := range []struct {
		title string
		all   []Difference
	}{{"Faults", t.v.Faults}, {"C+C does either", t.v.Either}, {"Did not come again", t.v.Once}} {
		if len(part.all) > 0 {
			fmt.Fprintf(&b, "\n%s:\n", part.title)
		}
		for _, d := range part.all {
			fmt.Fprintf(&b, "  %s: %s\n", where(t.script, d), d.Text)
		}
	}
	for _, o := range t.judges {
		Show(&b, o)
	}
	for _, p := range f.Pairings {
		for _, o := range t.others[p] {
			Show(&b, o)
		}
	}
	return f.write(t.script.Name+".txt", b.String())
}

// Summary writes the figures of a run, what the entries of docs/differences.md explained (titles are
// theirs, see [Entries]), and what must be looked at. It returns whether nothing must. Only where
// everything was played it tells which entries nothing needs.
func Summary(w io.Writer, titles map[int]string, all []Verdict, everything bool) bool {
	var plays, spoiled, void, either, notAgain int
	var failed []Verdict
	var explained []Difference
	for _, v := range all {
		plays += v.Plays
		spoiled += len(v.Spoiled)
		void += min(1, len(v.Void))
		either += min(1, len(v.Either))
		notAgain += min(1, len(v.Once))
		explained = append(explained, v.Explained...)
		if v.Failed() {
			failed = append(failed, v)
		}
	}
	fmt.Fprintln(w, "\nEntries of docs/differences.md and the scenarios they explain:")
	Table(w, titles, explained)
	if everything {
		Idle(w, titles, explained)
	}
	fmt.Fprintf(w, "\n%s, %s: %d failed.\n", counted(len(all), "scenario"), counted(plays, "play"), len(failed))
	fmt.Fprintf(w, "In %s C+C does now this and now that, in %d a difference did not come again. Spoiled plays: %d, which leaves %s without a verdict.\n",
		counted(either, "scenario"), notAgain, spoiled, counted(void, "scenario"))
	for _, v := range failed {
		fmt.Fprintf(w, "%s %s: %s\n", v.Word(), v.Script.Name, Again(v.Script))
	}
	return len(failed) == 0
}

// playError is why plays came to no end.
type playError struct {
	pairings []Pairing
	err      error
}

func (e *playError) Error() string {
	var names []string
	for _, p := range Pairings {
		if slices.Contains(e.pairings, p) {
			names = append(names, p.String())
		}
	}
	return fmt.Sprintf("%v (on %s)", e.err, strings.Join(names, ", "))
}

func (e *playError) Unwrap() error { return e.err }

// onceEach joins the errors of a scenario. What came on several pairings is said once.
func onceEach(all []error) error {
	var kept []error
	said := map[string]*playError{}
	for _, err := range all {
		p := new(playError)
		if !errors.As(err, &p) {
			kept = append(kept, err)
			continue
		}
		first := said[p.err.Error()]
		if first == nil {
			first = &playError{err: p.err}
			said[p.err.Error()] = first
			kept = append(kept, first)
		}
		first.pairings = append(first.pairings, p.pairings...)
	}
	return errors.Join(kept...)
}
