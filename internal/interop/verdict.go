package interop

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Verdict is what is to be said of a scenario after it was played.
type Verdict struct {
	Script *Script
	Err    error // the rig, or the scenario, is at fault
	// Faults came in every play of their pairing, and C+C never showed them itself.
	Faults []Difference
	// Either are differences that two plays of C+C show as well: C+C does either.
	Either []Difference
	// Once are differences that did not come in every play.
	Once []Difference
	// Explained are those that an entry of docs/differences.md explains.
	Explained []Difference

	Plays   int
	Spoiled []string // plays that were thrown away, with the reason
	Void    []string // pairings that had only spoiled ones: nothing can be said of them
	Took    time.Duration
}

// Failed says that somebody must look at it.
func (v Verdict) Failed() bool { return v.Err != nil || len(v.Faults) > 0 }

// Word is the verdict in one.
func (v Verdict) Word() string {
	switch {
	case v.Err != nil:
		return "ERROR"
	case len(v.Faults) > 0:
		return "FAULT"
	case len(v.Void) > 0:
		return "void"
	}
	return "ok"
}

// Remarks are what a passed scenario leaves to be told.
func (v Verdict) Remarks() string {
	var said string
	if n := len(v.Either); n > 0 {
		said += fmt.Sprintf(", C+C does either: %s", strings.Join(whats(v.Either), " "))
	}
	if n := len(v.Once); n > 0 {
		said += fmt.Sprintf(", not again: %s", strings.Join(whats(v.Once), " "))
	}
	for _, why := range slices.Compact(slices.Sorted(slices.Values(v.Spoiled))) {
		said += ", spoiled: " + why
	}
	return said
}

func whats(all []Difference) []string {
	words := map[string]bool{}
	for _, d := range all {
		words[fmt.Sprintf("%s:%d:%s", d.Pairing, d.Line, d.What)] = true
	}
	return slices.Sorted(maps.Keys(words))
}

// Explain tells what is wrong, and how to play it again.
func (v Verdict) Explain(w io.Writer) {
	if v.Err != nil {
		fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(v.Err.Error(), "\n", "\n    "))
	}
	for _, d := range v.Faults {
		fmt.Fprintf(w, "    %s: %s\n", where(v.Script, d), strings.ReplaceAll(strings.TrimSpace(d.Text), "\n", "\n        "))
	}
	fmt.Fprintf(w, "    again: %s\n", Again(v.Script))
}

// where names the settle that ends the segment, the pairing, and what differs.
func where(s *Script, d Difference) string {
	return fmt.Sprintf("%s: %s, %s", s.at(d.Line), d.Pairing, d.What)
}

// Again is the command that plays a scenario again.
func Again(s *Script) string {
	if s.File != "" {
		return "bin/lab interop " + s.File
	}
	if seed, ok := strings.CutPrefix(s.Name, "seed-"); ok && seeded(s) {
		return fmt.Sprintf("make interop SEED=%s   or   bin/lab interop --seed %[1]s", seed)
	}
	return fmt.Sprintf("make interop ONLY=%s   or   bin/lab interop --only %[1]s", s.Name)
}

// seeded tells whether a scenario was made by [Generate].
func seeded(s *Script) bool { return s.File == "" && strings.HasPrefix(s.Name, "seed-") }

// trial is a scenario on its way to a verdict.
type trial struct {
	farm   *Farm
	script *Script
	mu     sync.Mutex
	judges []*Observation             // of C+C
	others map[Pairing][]*Observation // of each other pairing
	errs   []error
	v      Verdict
}

// judgement is the pairing all others are compared with.
var judgement = Pairing{C, C}

// again is how often a scenario is played once more at most when something differs.
const again = 2

// try plays a scenario on all pairings, and once more what differs: a play that is late by a
// moment, or a C+C that does now this and now that, is no fault.
func (f *Farm) try(s *Script) Verdict {
	begun := time.Now()
	t := &trial{farm: f, script: s, others: map[Pairing][]*Observation{}, v: Verdict{Script: s}}
	t.play(f.Pairings, 1)
	suspects := t.suspects()
	for n := 0; n < again && len(suspects) > 0 && len(t.errs) == 0; n++ {
		t.play(pairingsOf(suspects), n+2)
		suspects = t.weed(suspects)
	}
	if len(t.v.Void) > 0 {
		t.v.Once, suspects = append(t.v.Once, suspects...), nil // not seen often enough
	}
	for n := 0; n < again && len(t.errs) == 0 && len(t.unneeded()) > 0; n++ {
		t.play(f.Pairings, n+2+again) // perhaps it is not needed every time
	}
	if len(t.errs) == 0 {
		suspects = append(suspects, t.unneeded()...)
	}
	t.v.Faults = suspects
	t.v.Err = onceEach(append(t.errs, f.file(t)))
	t.v.Took = time.Since(begun)
	return t.v
}

// play plays C+C and some pairings, at the same time if there are workers.
func (t *trial) play(pairings []Pairing, number int) {
	var wg sync.WaitGroup
	for i, p := range append([]Pairing{judgement}, pairings...) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			o, err := t.one(p, i == 0, number)
			t.mu.Lock()
			defer t.mu.Unlock()
			switch {
			case err != nil:
				t.errs = append(t.errs, err)
			case o == nil:
			case i == 0:
				t.judges = append(t.judges, o)
			default: // C+C too, where it is compared with itself
				t.others[p] = append(t.others[p], o)
			}
		}()
	}
	wg.Wait()
}

// one plays one pairing. A play that the machine or a bug of 3.0.6 has spoiled is played again; where
// that does not help either there is no observation.
func (t *trial) one(p Pairing, judge bool, number int) (*Observation, error) {
	for range 1 + again {
		o, err := t.farm.play(t.script, p, number, judge)
		why := ""
		if err == nil {
			why = spoiled(o)
		}
		t.mu.Lock()
		t.v.Plays++
		if why != "" {
			t.v.Spoiled = append(t.v.Spoiled, why)
		}
		t.mu.Unlock()
		if why == "" {
			return o, err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.v.Void = append(t.v.Void, p.String())
	return nil, nil
}

// suspects are the differences nothing explains in the first plays.
func (t *trial) suspects() []Difference {
	if len(t.errs) > 0 || len(t.judges) == 0 {
		return nil
	}
	var all []Difference
	for _, p := range t.farm.Pairings {
		if len(t.others[p]) == 0 {
			continue
		}
		for _, d := range t.compare(t.judges[0], t.others[p][0]) {
			switch {
			case p == judgement:
				t.v.Either = append(t.v.Either, d)
			case d.Entry == 0:
				all = append(all, d)
			}
		}
	}
	return all
}

// compare keeps what was explained.
func (t *trial) compare(judge, o *Observation) []Difference {
	all := t.farm.Compare(t.script, judge, o)
	for _, d := range all {
		if d.Entry != 0 && o.Pairing != judgement {
			t.v.Explained = append(t.v.Explained, d)
		}
	}
	return all
}

// unneeded are the allowances of the scenario that nothing needed: whatever they were made for is
// gone, and they would hide what comes next. A generated scenario has to guess, and may.
func (t *trial) unneeded() []Difference {
	if seeded(t.script) || len(t.farm.Pairings) < len(Pairings)-1 || len(t.v.Void) > 0 {
		return nil
	}
	for _, p := range t.farm.Pairings {
		t.compare(t.judges[len(t.judges)-1], t.others[p][len(t.others[p])-1])
	}
	var all []Difference
	for _, text := range Unneeded(t.script, t.v.Explained) {
		all = append(all, Difference{Script: t.script.Name, Pairing: judgement, What: "differs", Text: text})
	}
	return all
}

// weed keeps the differences which every play of the pairing shows against every play of C+C, and
// which no two plays of C+C show between them.
func (t *trial) weed(suspects []Difference) []Difference {
	either := map[string]bool{}
	for i, a := range t.judges {
		for j, b := range t.judges {
			if i != j {
				t.note(either, a, b)
			}
		}
	}
	var kept []Difference
	for _, d := range suspects {
		switch {
		case either[key(d)]:
			t.v.Either = append(t.v.Either, d)
		case !t.always(d):
			t.v.Once = append(t.v.Once, d)
		default:
			kept = append(kept, d)
		}
	}
	return kept
}

func (t *trial) note(keys map[string]bool, judge, o *Observation) {
	for _, d := range t.compare(judge, o) {
		keys[key(d)] = true
	}
}

// always tells whether each play of the difference's pairing has it, against each of C+C.
func (t *trial) always(d Difference) bool {
	for _, o := range t.others[d.Pairing] {
		for _, judge := range t.judges {
			keys := map[string]bool{}
			if t.note(keys, judge, o); !keys[key(d)] {
				return false
			}
		}
	}
	return true
}

// key says what a difference is about. A log line is one of its own; the texts of others tell of
// times that change from play to play.
func key(d Difference) string {
	k := fmt.Sprintf("%d %d %s", d.Line, d.Segment, d.What)
	if strings.HasPrefix(d.What, "log:") {
		k += " " + d.Text
	}
	return k
}

func pairingsOf(all []Difference) []Pairing {
	var pairings []Pairing
	for _, d := range all {
		if !slices.Contains(pairings, d.Pairing) {
			pairings = append(pairings, d.Pairing)
		}
	}
	return pairings
}
