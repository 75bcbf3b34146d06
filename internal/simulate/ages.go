package simulate

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// ages gives the nodes files of many ages: a new one made of the own, of the other node's or of any that there was, the
// other node's, or an old one again. A daemon that runs is told of each.
type ages struct {
	editor
	versions [][]string
	has      map[string]int // the version of each node
}

func newAges(r *rand.Rand, lines []string) *ages {
	return &ages{editor{Rand: r, lines: lines, words: 10}, [][]string{lines}, map[string]int{}}
}

// steps puts changes between the steps of a plan.
func (a *ages) steps(plan []Step) (all []Step) {
	for _, s := range plan {
		all = append(all, s)
		for a.IntN(3) == 0 {
			m, o := "alpha", "beta"
			if a.IntN(2) == 0 {
				m, o = o, m
			}
			n := a.choose(m, o)
			all = append(all, a.give(m, n)...)
			if a.IntN(3) == 0 {
				all = append(all, a.give(o, n)...)
			}
		}
	}
	return all
}

// choose is the version that a node is to have.
func (a *ages) choose(m, o string) int {
	switch a.IntN(6) {
	case 0, 1, 2:
		a.lines = a.versions[pickOf(a.Rand, a.has[m], a.has[o], a.IntN(len(a.versions)))]
		a.vary()
		if len(a.lines) > 1 && a.IntN(4) == 0 {
			a.lines = slices.Clone(a.lines)
			a.Shuffle(len(a.lines), func(i, k int) { a.lines[i], a.lines[k] = a.lines[k], a.lines[i] })
		}
		a.versions = append(a.versions, a.lines)
		return len(a.versions) - 1
	case 3, 4:
		return a.has[o]
	}
	return a.IntN(len(a.versions))
}

// give lets a node have a version.
func (a *ages) give(m string, n int) []Step {
	a.has[m] = n
	pause := time.Duration(a.IntN(8000)) * time.Millisecond
	if a.IntN(3) == 0 {
		pause = time.Duration(a.IntN(50000)) * time.Millisecond
	}
	return []Step{{"edit " + m + " " + strings.Join(a.versions[n], " ; "), 0}, {"replace " + m, pause}}
}
