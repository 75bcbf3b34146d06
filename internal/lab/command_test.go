package lab

import (
	"strings"
	"testing"
)

func TestCommandFrame(t *testing.T) {
	for _, tt := range []struct {
		args, out, errs string
		status          int
	}{
		{"--help", "Usage: lab COMMAND", "", 0},
		{"help", "Usage: lab COMMAND", "", 0},
		{"demo --help", "Usage: lab demo", "", 0},
		{"", "", "lab: error: no command given; see lab --help\n", 2},
		{"nonsense", "", "lab: error: unknown command \"nonsense\"; see lab --help\n", 2},
		{"demo twice", "", "lab: error: unexpected argument \"twice\"; see lab demo --help\n", 2},
	} {
		var out, errs strings.Builder
		status := Command(strings.Fields(tt.args), &out, &errs)
		if status != tt.status || !strings.HasPrefix(out.String(), tt.out) || (tt.out == "") != (out.Len() == 0) || errs.String() != tt.errs {
			t.Errorf("%q: %d, %q, %q", tt.args, status, &out, &errs)
		}
	}
	for _, name := range strings.Fields("demo interop simulate explore model mutate chaos") {
		if !strings.Contains(labUsage, "\n  "+name+" ") {
			t.Errorf("lab --help does not list %s", name)
		}
	}
}
