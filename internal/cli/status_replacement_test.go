package cli

import (
	"strings"
	"testing"

	"heartbeatd/internal/control"
)

func TestStatusTellsOfReload(t *testing.T) {
	for want, r := range map[string]control.Replacement{
		"": {Done: 3},
		"reload: wanted for 1m5s, waits: web start is running\n": {Pending: true, Waiting: "web start is running", Seconds: 65},
		"reload: in progress\n":                                  {Pending: true},
		"reload: not done: ha.cf is broken\n":                    {Failed: "ha.cf is broken"},
	} {
		var b strings.Builder
		if writeReplacement(&b, r); b.String() != want {
			t.Errorf("%+v: %q, want %q", r, b.String(), want)
		}
	}
}
