package mutate

import (
	"strings"
	"testing"
)

func TestCommandRefuses(t *testing.T) {
	for _, args := range []string{"--frobnicate", "claim.go", "--layers unit", "--only ["} {
		var out, errs strings.Builder
		if status := Command(strings.Fields(args), &out, &errs); status != 2 || !strings.HasPrefix(errs.String(), "lab: error: ") || out.Len() > 0 {
			t.Errorf("%s: exit %d, %q, %q", args, status, &out, &errs)
		}
	}
	var out, errs strings.Builder
	if status := Command([]string{"--help"}, &out, &errs); status != 0 || !strings.HasPrefix(out.String(), "Usage: lab mutate") || errs.Len() > 0 {
		t.Errorf("--help: %d, %q, %q", status, &out, &errs)
	}
}
