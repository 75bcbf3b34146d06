package cli

import (
	"strings"
	"testing"

	"heartbeatd/internal/control"
)

// What an operator reads who asks why nothing is taken over.
func TestStatusTellsOfFencing(t *testing.T) {
	for _, c := range []struct {
		f    *control.FencingStatus
		want string
	}{
		{nil, ""},
		{&control.FencingStatus{Node: "beta", Attempt: 1, Running: 2500}, "fencing beta: attempt 1, for " + span(2500) + " so far; nothing of beta is taken before it has succeeded\n"},
		{&control.FencingStatus{Node: "beta", Attempt: 3, Running: -1, LastError: "no \x1banswer"},
			"fencing beta: attempt 3 failed, the next one follows, last error \"no \\x1banswer\"; nothing of beta is taken before it has succeeded\n"},
		{&control.FencingStatus{Node: "beta", Attempt: 4, Running: 7, LastError: "no answer"},
			"fencing beta: attempt 4, for " + span(7) + " so far, last error \"no answer\"; nothing of beta is taken before it has succeeded\n"},
	} {
		var b strings.Builder
		if writeFencing(&b, c.f); b.String() != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.f, b.String(), c.want)
		}
	}
}
