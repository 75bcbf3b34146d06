package model

import (
	"os"
	"strings"
	"testing"
)

const source = "../../testdata/model/pair.pml"

// The model holds in every configuration of [Short], and breaks as it must with each planted fault.
func TestModel(t *testing.T) {
	if name := Missing(); name != "" {
		if os.Getenv("CI") == "true" || os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
			t.Fatalf("cannot run here, and nothing may be skipped: %s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	dir := t.TempDir()
	v, err := Build(t.Context(), source, dir, 2000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(append([]Config{}, Short...), Planted...) {
		t.Run(strings.TrimSpace(c.Name+" "+c.Property), func(t *testing.T) {
			r, err := v.Run(t.Context(), c, dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(line(r))
			if bad := r.Verdict(); bad != "" {
				t.Errorf("%s\n%s", bad, r.Trail)
			}
			// A step is printed at its end; a lie (denied) ends it before, and it may be the first.
			if c.Breaks != "" && r.Trail == "" && !strings.Contains(r.Broken, "denied") {
				t.Error("no counterexample was printed")
			}
		})
	}
}
