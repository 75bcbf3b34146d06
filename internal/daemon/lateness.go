package daemon

import (
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
)

// addLateness says what the core knows of lateness, here and of the other node.
func addLateness(s *control.Status, v core.LatenessView) {
	s.Own = control.OwnLateness{Beats: lateness(v.Beats), Decisions: lateness(v.Ticks)}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Self || n.Type == core.TypePing {
			continue
		}
		n.Gaps, n.Heard = worst(v.Gaps), ms(v.Heard)
		n.Returns, n.Silences = v.Times, worst(v.Returns)
		n.SafeDeadtime, n.SafeWithout = worst(v.Deadtime), worst(v.Without)
		for _, l := range v.Links {
			for j := range n.Links {
				if n.Links[j].Name == l.Name {
					n.Links[j].Gaps = worst(l.Gaps)
				}
			}
		}
	}
}

func worst(w core.Worst) control.Worst {
	return control.Worst{Hour: up(w.Hour, time.Millisecond), Day: up(w.Day, time.Millisecond), Start: up(w.Start, time.Millisecond)}
}

func lateness(v core.LateView) control.Lateness {
	return control.Lateness{Hour: late(v.Hour), Day: late(v.Day), Start: late(v.Start)}
}

func late(l core.Late) control.Late {
	return control.Late{Count: l.Count, Worst: up(l.Worst, time.Microsecond), P999: up(l.P999, time.Microsecond)}
}

// up counts units, the one begun included: nothing looks better than it is.
func up(d, unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
