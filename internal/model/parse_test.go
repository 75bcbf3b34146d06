package model

import (
	"strings"
	"testing"
)

// What Spin 6.5.2 prints, without what Parse does not read.
const complete = `
(Spin Version 6.5.2 -- 6 December 2019)
	+ Compression

Full statespace search for:
	never claim         	- (not selected)

State-vector 140 byte, depth reached 102, errors: 0
   639690 states, stored
 1.3120176e+08 transitions (= stored+matched)
hash conflicts:     37000 (resolved)

  251.312	total actual memory usage

unreached in proctype node
	pair.pml:386, state 1012, "N[i].deaf = 2"
	(1 of 1100 states)

pan: elapsed time 26.8 seconds
`

func TestParse(t *testing.T) {
	f, err := Parse(complete)
	want := Figures{States: 639690, Transitions: 131201760, Depth: 102, Memory: 251.312, Seconds: 26.8}
	if err != nil || f != want {
		t.Errorf("%+v, %v", f, err)
	}
	if u := Unreached(complete); len(u) != 1 || !u[`pair.pml:386 "N[i].deaf = 2"`] {
		t.Errorf("unreached: %v", u)
	}
}

// A counterexample ends a search; that is its purpose, and no incomplete search.
func TestParseCounterexample(t *testing.T) {
	out := "pan:1: assertion violated  !(two) (at depth 62)\npan: wrote pair.pml.trail\nWarning: Search not completed\n" +
		strings.Replace(complete, "errors: 0", "errors: 1", 1)
	f, err := Parse(out)
	if err != nil || f.Errors != 1 || f.Broken != "assertion violated  !(two)" {
		t.Errorf("%+v, %v", f, err)
	}
}

// Whatever means that not everything was seen is an error.
func TestParseTruncated(t *testing.T) {
	for name, out := range map[string]string{
		"depth":    "error: max search depth too small\n" + complete,
		"memory":   "pan: out of memory\n" + complete,
		"stopped":  "Warning: Search not completed\n" + complete,
		"killed":   complete[:strings.Index(complete, "State-vector")],
		"bitstate": strings.Replace(complete, "Full statespace", "Bit statespace", 1),
		"compact":  "\t+ Hash-Compact 4\n" + complete,
		"figures":  strings.Replace(complete, "states, stored", "", 1),
	} {
		if _, err := Parse(out); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
