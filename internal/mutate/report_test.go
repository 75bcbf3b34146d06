package mutate

import (
	"strings"
	"testing"
)

func TestSurvivorsAreRead(t *testing.T) {
	got, err := parseSurvivors("f", "# why\na.go | f | x | y -> z\n\tit is\n\tthe same\n\nb.go | g | x | -> nothing\n\tno\n")
	if err != nil || len(got) != 2 || got["a.go | f | x | y -> z"] != "it is the same" {
		t.Errorf("%q %v", got, err)
	}
	for text, want := range map[string]string{
		"\tit is\n":               "a reason without an entry",
		"a | f | x | y\nb | f\n":  "no reason",
		"a | f | x | y\n":         "no reason",
		"a | f\n\tno\na | f\n\tb": "listed twice",
	} {
		if _, err := parseSurvivors("f", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// The run fails for a fault nobody notices and nobody explains, for an explanation that is not
// needed any more, and for a score below the mark.
func TestReport(t *testing.T) {
	outcomes := func(killed, left int) (list []outcome) {
		for i := range killed + left {
			o := outcome{mutant: &Mutant{File: "a.go", Func: "f", Text: strings.Repeat("x", i+1), What: "y"}, by: "units"}
			if i >= killed {
				o.by = survived
			}
			list = append(list, o)
		}
		return list
	}
	key := func(n int) string { return "a.go | f | " + strings.Repeat("x", n) + " | y" }
	for _, tt := range []struct {
		name         string
		killed, left int
		reasons      map[string]string
		whole, ok    bool
	}{
		{"all noticed", 20, 0, nil, true, true},
		{"one explained", 19, 1, map[string]string{key(20): "no"}, true, true},
		{"one not", 19, 1, nil, true, false},
		{"too many, all explained", 18, 2, map[string]string{key(19): "no", key(20): "no"}, true, false},
		{"the same of a part", 18, 2, map[string]string{key(19): "no", key(20): "no"}, false, true},
		{"needless", 20, 0, map[string]string{key(1): "no"}, true, false},
	} {
		r := &report{outcomes: outcomes(tt.killed, tt.left), reasons: tt.reasons, whole: tt.whole}
		if r.ok() != tt.ok {
			t.Errorf("%s: %v", tt.name, r.ok())
		}
	}
	if got := stale(map[string]string{key(1): "no", key(9): "no"}, []*Mutant{nil, outcomes(1, 0)[0].mutant}); len(got) != 1 || got[0] != key(9) {
		t.Errorf("stale: %q", got)
	}
}
