package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
			fmt.Fprintf(&b, "  %s: %s\n", where(d), d.Text)
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
// theirs, see [Entries]), and what must be looked at. It returns whether nothing must.
func Summary(w io.Writer, titles map[int]string, all []Verdict) bool {
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
	fmt.Fprintf(w, "\n%d scenarios, %d plays: %d failed.\n", len(all), plays, len(failed))
	fmt.Fprintf(w, "In %d scenarios C+C does now this and now that, in %d a difference did not come again. %d plays were spoiled, which leaves %d scenarios without a verdict.\n",
		either, notAgain, spoiled, void)
	for _, v := range failed {
		fmt.Fprintf(w, "%s %s: %s\n", v.Word(), v.Script.Name, Again(v.Script))
	}
	return len(failed) == 0
}
