package scenario

import (
	"flag"
	"fmt"
	"testing"

	"heartbeatd/internal/core"
)

var (
	seeds = flag.Int64("seeds", 3000, "how many simulated lives of a pair")
	seed  = flag.Int64("seed", -1, "play one seed only, with a trace")
)

// TestSimulation plays seeded lives of a pair. A failure prints the command that plays it again.
func TestSimulation(t *testing.T) {
	if *seed >= 0 {
		s := NewSimulation(*seed)
		s.Trace = t.Logf
		s.World.Emit = func(node string, a core.Action) {
			switch a := a.(type) {
			case core.Log:
				t.Logf("%s %s %s %s", stamp(s.World.Now), node, a.Level, a.Text)
			case core.Run:
				t.Logf("%s %s run %s %s", stamp(s.World.Now), node, a.Resource, a.Op)
			case core.Send:
				if a.Msg.Str("t") == "resource" || a.Msg.Str("t") == "ask_resources" {
					t.Logf("%s %s send %s %s %s %s", stamp(s.World.Now), node, a.Msg.Str("t"), a.Msg.Str("rsc_hold"), a.Msg.Str("info"), a.Msg.Str(("hbd_groups")))
				}
			}
		}
		if err := s.Run(25); err != nil {
			t.Fatal(err)
		}
		return
	}
	failed := 0
	for n := int64(0); n < *seeds; n++ {
		if err := run(n); err != nil {
			t.Errorf("seed %d: %v\n\tgo test ./internal/scenario -run TestSimulation -seed %d -v", n, err, n)
			if failed++; failed == 5 {
				t.Fatal("enough")
			}
		}
	}
}

func run(n int64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return NewSimulation(n).Run(25)
}
