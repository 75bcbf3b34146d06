package scenario

import (
	"fmt"
	"testing"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// many is a world with so many groups of an address and a service, half of them at home on each node, and as many links.
func many(groups, links int) *World {
	o := DefaultOptions()
	o.Links = nil
	for i := range links {
		o.Links = append(o.Links, fmt.Sprintf("eth%d", i))
	}
	var all []core.GroupConfig
	for i := range groups {
		all = append(all, core.GroupConfig{
			Home:      []string{"alpha", "beta"}[i%2],
			Resources: []string{fmt.Sprintf("IPaddr2::192.168.%d.%d/24/eth0", 100+i/250, i%250), fmt.Sprintf("service%d", i)},
		})
	}
	w := NewWorld(o, all, "alpha", "beta")
	for _, m := range w.Machines() {
		m.Takes = [3]time.Duration{core.Start: time.Millisecond, core.Stop: time.Millisecond, core.Status: time.Millisecond}
	}
	return w
}

// takenOver is what a takeover of everything took.
type takenOver struct {
	lasts     time.Duration // virtual, from the verdict
	datagrams uint64        // of the node that takes over, on all links
	largest   int           // bytes, the longest of them
}

// takeover lets two nodes settle, cuts the power of one, and waits until the other has everything.
func takeover(tb testing.TB, w *World, groups int) (t takenOver) {
	tb.Helper()
	alpha, beta := w.Machine("alpha"), w.Machine("beta")
	holds := func(m *Machine, n int) func() bool { return func() bool { return len(m.Running) == 2*n } }
	until := func(what string, is func() bool) {
		tb.Helper()
		for end := w.Now + 5*time.Minute; !is(); w.Advance(10 * time.Millisecond) {
			if w.Now > end {
				tb.Fatalf("%d groups: not %s: alpha runs %d, beta %d resources", groups, what, len(alpha.Running), len(beta.Running))
			}
		}
	}
	w.Boot(alpha)
	w.Boot(beta)
	until("settled", func() bool { return len(alpha.Running)+len(beta.Running) == 2*groups })
	w.Advance(2 * time.Second)
	w.Emit = func(m *Machine, a core.Action) {
		if s, ok := a.(core.Send); ok && m == beta {
			t.largest = max(t.largest, len(s.Msg.AppendClassic(nil)))
		}
	}
	w.Crash(alpha)
	w.Advance(w.Options.Deadtime - 2*time.Second)
	until("declared dead", func() bool {
		v := beta.Core.View(w.Now)
		return v.Nodes[1].Status == "dead" || v.Nodes[0].Status == "dead"
	})
	from, sent := w.Now, beta.Sent
	until("taken over", holds(beta, groups))
	t.lasts, t.datagrams = w.Now-from, (beta.Sent-sent)*uint64(len(w.Options.Links))
	return t
}

// TestFiveHundredGroups: a haresources of that length works, and its claims fit into a datagram.
func TestFiveHundredGroups(t *testing.T) {
	got := takeover(t, many(500, 2), 500)
	t.Logf("%+v", got)
	if got.largest > wire.MaxDatagram*3/4 || got.largest < 500*len("IPaddr2::192.168.100.1/24/eth0") {
		t.Errorf("the largest message has %d bytes", got.largest)
	}
	if scripts := 500 * 2 * time.Millisecond * 2; got.lasts > 2*scripts {
		t.Errorf("taken over after %v, the scripts need %v", got.lasts, scripts)
	}
}

// BenchmarkTakeover is the processor time of both nodes' cores and of the virtual world for a start, ten seconds of
// beats, and a takeover of everything.
func BenchmarkTakeover(b *testing.B) {
	for _, groups := range []int{1, 10, 100, 500} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			var t takenOver
			for b.Loop() {
				t = takeover(b, many(groups, 2), groups)
			}
			b.ReportMetric(float64(t.datagrams), "datagrams")
			b.ReportMetric(float64(t.largest), "largest-bytes")
		})
	}
}
