package simulate

import (
	"strings"
	"testing"
)

func TestCommandRefuses(t *testing.T) {
	for _, args := range []string{"--frobnicate", "17", "--seeds 0", "--seed 1 --seeds 5", "--seed 1 --trace", "--play x --seed 1", "--trace", "--shrink", "--tally --seed 1", "--play not-here.txt"} {
		var out, errs strings.Builder
		if status := Command(strings.Fields(args), &out, &errs); status != 2 || !strings.HasPrefix(errs.String(), "lab: error: ") || out.Len() > 0 {
			t.Errorf("%s: exit %d, %q, %q", args, status, &out, &errs)
		}
	}
	var out, errs strings.Builder
	if status := Command([]string{"--help"}, &out, &errs); status != 0 || !strings.HasPrefix(out.String(), "Usage: lab simulate") || errs.Len() > 0 {
		t.Errorf("--help: %d, %q, %q", status, &out, &errs)
	}
}
