package mutate

import "fmt"

// instrumented is the target with all mutants in it.
type instrumented struct {
	mutants []*Mutant         // by number; the first is none
	files   map[string]string // name: text
}

// instrument finds the mutants of every file and makes the copy that has them all.
func instrument(p *program) (*instrumented, error) {
	out := &instrumented{mutants: []*Mutant{nil}, files: map[string]string{}}
	for _, file := range p.files {
		if notMutated[file.name] != "" {
			continue
		}
		f := &finder{p: p, file: file, keys: map[string]int{}, nextID: len(out.mutants)}
		f.find()
		text, err := render(file.text, f.sites)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
		out.mutants = append(out.mutants, f.mutants...)
		out.files[file.name] = text
	}
	out.files[switchFile] = fmt.Sprintf(switchText, len(out.mutants))
	return out, nil
}

// switchFile is the file of the copy that the target does not have.
const switchFile = "mutant_switch.go"

// switchText has the number of the mutant that is on, notes which were come by, and ends a program that
// comes by far more of them than it does without a mutant: it hangs.
const switchText = `package core

import (
	"os"
	"time"
)

type mutantDuration = time.Duration

var mutantNumber, mutantSteps, mutantBudget int

var mutantHits [%d]byte

func mutantOn(id int) bool {
	mutantHits[id] = 1
	if mutantSteps++; mutantSteps == mutantBudget {
		os.Exit(1)
	}
	return id == mutantNumber
}

func mutantPick[T any](id int, is, alt T) T {
	if mutantOn(id) {
		return alt
	}
	return is
}

// MutantSet switches a mutant on and begins to count.
func MutantSet(id, budget int) {
	mutantNumber, mutantSteps, mutantBudget = id, 0, budget
	clear(mutantHits[:])
}

// MutantSeen is what was come by since then, and how often.
func MutantSeen() ([]byte, int) { return append([]byte(nil), mutantHits[:]...), mutantSteps }
`
