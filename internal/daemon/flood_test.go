package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/wire"
)

const (
	floodKeepalive = 50 * time.Millisecond
	floodLasts     = 3 * time.Second
	floodRate      = 2500 // datagrams a second
)

// hostile is a datagram that costs much to refuse: many fields, 47 kB, a wrong key.
func hostile(t *testing.T, fields int) []byte {
	t.Helper()
	wrong, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("wrong")}})
	if err != nil {
		t.Fatal(err)
	}
	m := wire.New("status")
	for i := range fields - 1 {
		m.AddStr(fmt.Sprintf("f%04d", i), strings.Repeat("x", 45500/fields-12))
	}
	return wrong.Seal(m, false)
}

// TestFloodOnOneLinkIsNotFelt: without the key, nobody can make a node miss its beats or overlook
// those of the other node on the link that is not flooded.
func TestFloodOnOneLinkIsNotFelt(t *testing.T) {
	const plays = 8
	for name, fields := range map[string]int{"too many fields": 3500, "as many as may be": wire.MaxFields} {
		t.Run(name, func(t *testing.T) {
			datagram := hostile(t, fields)
			if len(datagram) < 45000 {
				t.Fatalf("a hostile datagram of %d bytes is too small to hurt", len(datagram))
			}
			for n := 1; ; n++ {
				felt, held := floodFelt(t, datagram)
				if len(felt) == 0 {
					return
				}
				if held == "" || n == plays {
					t.Fatal(strings.Join(felt, "\n"))
				}
				t.Logf("play %d tells nothing, so it is played again: the machine was busy with something else: %s", n, held)
				awaitCalm()
			}
		})
	}
}

// howLate is how late somebody comes who wants to run every few milliseconds, until stop.
func howLate(stop <-chan struct{}) (worst time.Duration) {
	const pause = 5 * time.Millisecond
	for {
		begin := time.Now()
		select {
		case <-stop:
			return worst
		case <-time.After(pause):
		}
		worst = max(worst, time.Since(begin)-pause)
	}
}

// awaitCalm waits until nobody is held up for a while, but not for ever.
func awaitCalm() {
	for range 20 {
		stop := make(chan struct{})
		time.AfterFunc(500*time.Millisecond, func() { close(stop) })
		if howLate(stop) < floodKeepalive/4 {
			return
		}
	}
}

// floodFelt plays a flood on node1 and says what was felt of it, and what shows that the machine was busy with
// something else: the beats of node2, which nobody floods, or somebody who has to do with neither.
func floodFelt(t *testing.T, datagram []byte) (felt []string, held string) {
	stop, late := make(chan struct{}), make(chan time.Duration, 1)
	go func() { late <- howLate(stop) }()
	complain := func(format string, args ...any) { felt = append(felt, fmt.Sprintf(format, args...)) }
	origin := time.Now()
	network := linktest.New(func() time.Duration { return time.Since(origin) }, 1, "eth0", "eth1")
	quick := func(c *config.Config) {
		c.Keepalive, c.Deadtime, c.Warntime, c.Initdead = floodKeepalive, 500*time.Millisecond, 250*time.Millisecond, 2*time.Second
	}
	a, b := newMachine(t, network, "node1", quick), newMachine(t, network, "node2", quick)
	a.d.start, b.d.start = origin, origin
	a.start()
	b.start()
	a.until("web runs", a.runs)
	b.untilLog("remote resource transition completed.")

	stranger := network.Join("stranger", 1)
	defer stranger.Close()
	network.Cable("eth1").Cut("stranger", "")
	network.Cable("eth0").Cut("stranger", "node2")
	sent := flood(stranger, datagram)

	a.d.ask(func() { a.d.log.Flush() })
	b.d.ask(func() { b.d.log.Flush() })
	for _, m := range []*machine{a, b} {
		if strings.Contains(m.log(), "is dead") || strings.Contains(m.log(), "dead.") {
			complain("%s takes somebody for dead:\n%s", m.d.opt.Config.Self, m.log())
		}
	}
	if b.runs() || !a.runs() {
		complain("web does not run on node1 alone")
	}
	if a.status().Nodes[1].Deaths+b.status().Nodes[0].Deaths > 0 {
		complain("a death is counted")
	}
	gap, others := time.Duration(b.status().Nodes[0].WorstGap)*time.Millisecond, time.Duration(a.status().Nodes[1].WorstGap)*time.Millisecond
	limit := max(3*floodKeepalive, 2*others) // what comes to a node that nobody floods is the machine's doing
	if gap > limit {
		complain("node1's beats were %v apart, want no more than %v", gap, limit)
	}
	s := a.status()
	var refused uint64
	for _, n := range s.Dropped {
		refused += n
	}
	if refused < sent/20 {
		complain("only %d of %d hostile datagrams were looked at: the test did not try what it is for", refused, sent)
	}
	if others > 2*floodKeepalive {
		held = fmt.Sprintf("node2's beats, which nobody floods, were %v apart", others)
	}
	close(stop)
	if by := <-late; held == "" && by > floodKeepalive {
		held = fmt.Sprintf("a goroutine came %v late", by.Round(time.Millisecond))
	}
	t.Logf("%d sent, dropped %v; node1's beats at most %v apart at node2, node2's %d ms at node1", sent, s.Dropped, gap, s.Nodes[1].WorstGap)
	return felt, held
}

// flood sends at a steady rate, in bursts when the machine is behind, and says how much it was.
func flood(from *linktest.End, data []byte) (sent uint64) {
	begin := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for time.Since(begin) < floodLasts {
		<-tick.C
		for due := uint64(time.Since(begin).Seconds() * floodRate); sent < due; sent++ {
			from.Send(data)
		}
	}
	return sent
}

// TestDrainSaysWhenItIsCutShort: nobody may be judged while something waits that came in time.
func TestDrainSaysWhenItIsCutShort(t *testing.T) {
	now := time.Duration(0)
	network := linktest.New(func() time.Duration { return now }, 1, "eth0")
	a, peer := newMachine(t, network, "node1", nil), network.Join("node2", 64)
	a.d.openLog()
	t.Cleanup(func() { a.d.log.Close(time.Second) })
	if err := a.d.open(); err != nil {
		t.Fatal(err)
	}
	peer.Send([]byte("anything"))
	a.d.opt.Config.Keepalive = 0 // no time at all
	if a.d.drain() || a.d.received != 0 {
		t.Errorf("it says that it is done, %d received", a.d.received)
	}
	if !a.d.evidence().Partial {
		t.Error("the core is not told that the evidence is incomplete")
	}
	a.d.opt.Config.Keepalive = time.Hour
	if a.d.evidence().Partial || a.d.received != 1 {
		t.Errorf("with time enough: %d received", a.d.received)
	}
	a.d.opt.Config.Keepalive = 0
	if !a.d.drain() {
		t.Error("there is nothing to drain")
	}
	// What arrives after the beginning may wait for the next time.
	a.d.opt.Config.Keepalive = time.Hour
	now = time.Hour
	for range 5 {
		peer.Send([]byte("later"))
	}
	if before := a.d.received; !a.d.drain() || a.d.received == before+5 {
		t.Errorf("%d received: it does not end while more comes in", a.d.received-before)
	}
}
