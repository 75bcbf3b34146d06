package mutate

import (
	"fmt"
	"io"
	"sort"
	"time"
)

// least is the part of the mutants that must be noticed, in percent.
const least = 95

// report is the end of a run.
type report struct {
	outcomes []outcome
	reasons  map[string]string
	whole    bool // every mutant was played, so that what is listed can be judged
}

// unlisted are the survivors without a reason; needless the listed ones that a test notices now.
func (r *report) unlisted() (unlisted []*Mutant, needless []string) {
	for _, o := range r.outcomes {
		reason := r.reasons[o.mutant.Key()]
		switch {
		case !o.killed() && reason == "":
			unlisted = append(unlisted, o.mutant)
		case o.killed() && reason != "":
			needless = append(needless, o.mutant.Key())
		}
	}
	return unlisted, needless
}

func (r *report) killed() (n int) {
	for _, o := range r.outcomes {
		if o.killed() {
			n++
		}
	}
	return n
}

func (r *report) score() float64 {
	return 100 * float64(r.killed()) / float64(max(1, len(r.outcomes)))
}

// print writes tables by kind, and the survivors that need a test or a reason.
func (r *report) print(w io.Writer, names []string) {
	by := map[string]map[string]int{}
	var kinds []string
	for _, o := range r.outcomes {
		k := o.mutant.Kind
		if by[k] == nil {
			by[k] = map[string]int{}
			kinds = append(kinds, k)
		}
		by[k][o.by]++
		by[k]["all"]++
	}
	sort.Strings(kinds)
	columns := append(append([]string{"all"}, names...), survived, unreached)
	fmt.Fprintf(w, "%-12s", "")
	for _, c := range columns {
		fmt.Fprintf(w, "%12s", c)
	}
	fmt.Fprintln(w)
	for _, k := range kinds {
		fmt.Fprintf(w, "%-12s", k)
		for _, c := range columns {
			fmt.Fprintf(w, "%12d", by[k][c])
		}
		fmt.Fprintln(w)
	}
	unlisted, needless := r.unlisted()
	for _, m := range unlisted {
		fmt.Fprintf(w, "survives, no reason is listed: line %d, %s: %s\n", m.Line, m.Kind, m.Key())
	}
	for _, key := range needless {
		fmt.Fprintf(w, "listed in %s, but noticed: %s\n", survivorsFile, key)
	}
}

// closing is the last line.
func (r *report) closing(names []string, used, took time.Duration) string {
	count := map[string]int{}
	for _, o := range r.outcomes {
		count[o.by]++
	}
	s := fmt.Sprintf("mutate: %d mutants, %d killed (", len(r.outcomes), r.killed())
	for i, n := range names {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%s %d", n, count[n])
	}
	unlisted, _ := r.unlisted()
	left := len(r.outcomes) - r.killed()
	return s + fmt.Sprintf("), %d left, %d of them listed with the reason: %.1f %%, want %d %%; %s of processor time, %s",
		left, left-len(unlisted), r.score(), least, used.Round(time.Second), took.Round(time.Second))
}

func (r *report) ok() bool {
	unlisted, needless := r.unlisted()
	return len(unlisted) == 0 && len(needless) == 0 && (!r.whole || r.score() >= least)
}
