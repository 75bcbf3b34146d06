package daemon

import (
	"testing"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
)

// Every figure of the core reaches the answer, under its own name and in whole units that make nothing look better.
func TestLatenessIsShown(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	v := core.LatenessView{
		Beats: core.LateView{Hour: core.Late{Count: 1, Worst: 2*us + 1, P999: 3 * us}, Day: core.Late{Count: 4, Worst: 5 * us, P999: 6 * us}, Start: core.Late{Count: 7, Worst: 8 * us, P999: 9 * us}},
		Ticks: core.LateView{Start: core.Late{Count: 10, Worst: 11 * us, P999: 12 * us}},
		Gaps:  core.Worst{Hour: 1*ms + 1, Day: 2 * ms, Start: 3 * ms}, Returns: core.Worst{Hour: 4 * ms, Day: 5 * ms, Start: 6 * ms}, Times: 7, Heard: 8*ms + 1,
		Deadtime: core.Worst{Hour: 9 * ms, Day: 10 * ms, Start: 11 * ms}, Without: core.Worst{Hour: 12 * ms, Day: 13 * ms, Start: 14 * ms},
		Links: []core.LinkGaps{{Name: "eth1", Gaps: core.Worst{Hour: 15 * ms, Day: 16 * ms, Start: 17 * ms}}},
	}
	links := func() []control.LinkStatus { return []control.LinkStatus{{Name: "eth0"}, {Name: "eth1"}} }
	s := control.Status{Nodes: []control.NodeStatus{{Name: "a", Links: links()}, {Name: "b", Self: true, Links: links()}}}
	addLateness(&s, v)
	if want := (control.OwnLateness{
		Beats:     control.Lateness{Hour: control.Late{Count: 1, Worst: 3, P999: 3}, Day: control.Late{Count: 4, Worst: 5, P999: 6}, Start: control.Late{Count: 7, Worst: 8, P999: 9}},
		Decisions: control.Lateness{Start: control.Late{Count: 10, Worst: 11, P999: 12}},
	}); s.Own != want {
		t.Errorf("own: %+v, want %+v", s.Own, want)
	}
	n := s.Nodes[0]
	if n.Gaps != (control.Worst{Hour: 2, Day: 2, Start: 3}) || n.Silences != (control.Worst{Hour: 4, Day: 5, Start: 6}) || n.Returns != 7 || n.Heard != 8 ||
		n.SafeDeadtime != (control.Worst{Hour: 9, Day: 10, Start: 11}) || n.SafeWithout != (control.Worst{Hour: 12, Day: 13, Start: 14}) {
		t.Errorf("the other: %+v", n)
	}
	if n.Links[0].Gaps != (control.Worst{}) || n.Links[1].Gaps != (control.Worst{Hour: 15, Day: 16, Start: 17}) {
		t.Errorf("its links: %+v", n.Links)
	}
	if self := s.Nodes[1]; self.Gaps != (control.Worst{}) || self.Heard != 0 || self.Returns != 0 || self.Links[1].Gaps != (control.Worst{}) {
		t.Errorf("this node: %+v", self)
	}
}

// A running pair has figures: its gaps are not below keepalive, and what they ask for is more than twice that.
func TestLatenessOfAPair(t *testing.T) {
	_, a, _ := pair(t)
	k := a.d.opt.Config.Keepalive.Milliseconds()
	a.until("beats have been watched", func() bool { return a.status().Nodes[1].Heard > 5*k })
	s := a.status()
	n := s.Nodes[1]
	if n.Gaps.Hour < k/2 || n.Gaps != (control.Worst{Hour: n.Gaps.Start, Day: n.Gaps.Start, Start: n.Gaps.Start}) || n.Gaps.Start-n.WorstGap > 1 {
		t.Errorf("gaps %+v, worst %d ms", n.Gaps, n.WorstGap)
	}
	if n.SafeDeadtime.Start <= max(n.Gaps.Start, 2*k) || n.Returns == 0 && n.SafeDeadtime != n.SafeWithout || n.Links[0].Gaps.Start < k/2 {
		t.Errorf("%+v", n)
	}
	if s.Own.Beats.Start.Count < 5 || s.Own.Decisions.Hour.Count < 5 || s.Own.Decisions.Start.Worst == 0 {
		t.Errorf("own: %+v", s.Own)
	}
}
