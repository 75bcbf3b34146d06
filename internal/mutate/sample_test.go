package mutate

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// sampleFile lists mutants, by their names, that the unit tests are known to notice.
const sampleFile = "testdata/mutate/sample.txt"

// How many of the sample must still be there, as the core changes, and how many of those that are listed
// as survivors are played.
const (
	leastSample  = 20
	listedSample = 6
)

// TestSample keeps the tool true: the unit tests notice every mutant of a fixed sample, and none of some that
// are listed as survivors; no entry of that list is out of date. `make mutate` plays all mutants.
func TestSample(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBench(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := readSurvivors(filepath.Join(root, survivorsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range stale(reasons, b.in.mutants) {
		t.Errorf("listed in %s, but there is no such mutant: %s", survivorsFile, key)
	}
	sample, listed := b.sample(t, reasons)
	if len(sample) < leastSample {
		t.Fatalf("only %d mutants of %s are left, want %d: replace those that went with the core", len(sample), sampleFile, leastSample)
	}
	if _, err := b.prepare(context.Background(), layers[0]); err != nil {
		t.Fatal(err)
	}
	outcomes, err := b.playAll(context.Background(), append(sample, listed...), 2, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if want := i < len(sample); o.killed() != want {
			t.Errorf("noticed %v, want %v: line %d: %s", o.killed(), want, o.mutant.Line, o.mutant.Key())
		}
	}
	t.Logf("%d of %d mutants, and %d of %d listed survivors", len(sample), len(b.in.mutants)-1, len(listed), len(reasons))
}

// sample finds the mutants of the sample, and some of the listed survivors.
func (b *bench) sample(t *testing.T, reasons map[string]string) (sample, listed []*Mutant) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.root, sampleFile))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		known[strings.TrimSpace(line)] = true
	}
	for _, m := range b.in.mutants[1:] {
		switch {
		case reasons[m.Key()] != "":
			listed = append(listed, m)
		case known[m.Key()]:
			sample = append(sample, m)
		}
	}
	// Those of the longest lines: any choice that stays will do.
	sort.SliceStable(listed, func(i, j int) bool { return len(listed[i].Text) > len(listed[j].Text) })
	return sample, listed[:min(listedSample, len(listed))]
}
