package linktest

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/link"
)

// seam is what a user needs of either.
type seam interface {
	Send([]byte)
	Inbox() <-chan link.Datagram
	Counters() map[string]uint64
	States() []link.State
	CaughtUp(by time.Duration) bool
	Close() error
}

var _ seam = (*link.Set)(nil)
var _ seam = (*End)(nil)

// got empties an inbox: "eth0 x, eth1 x", by cable.
func got(e *End) string {
	var all []string
	for waits(e) {
		select {
		case d := <-e.Inbox():
			all = append(all, d.Link+" "+string(d.Data))
		case <-time.After(time.Millisecond): // taken by now, but still on the books
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(a[:len("eth0")], b[:len("eth0")]) })
	select {
	case _, ok := <-e.Inbox():
		if ok {
			all = append(all, "one that was not waiting")
		} else {
			all = append(all, "closed")
		}
	default:
	}
	return strings.Join(all, ", ")
}

func waits(e *End) bool {
	return slices.ContainsFunc(e.States(), func(s link.State) bool { return s.Waiting })
}

func expect(t *testing.T, e *End, want string) {
	t.Helper()
	if g := got(e); g != want {
		t.Errorf("%s got %q, want %q", e.node, g, want)
	}
}

func TestEveryCableReachesEveryOther(t *testing.T) {
	n := New(nil, 1, "eth0", "eth1")
	a, b, c := n.Join("alpha", 9), n.Join("beta", 9), n.Join("gamma", 9)
	a.Send([]byte("x"))
	expect(t, a, "")
	expect(t, b, "eth0 x, eth1 x")
	expect(t, c, "eth0 x, eth1 x")
}

func TestDatagramIsTheReceiversOwn(t *testing.T) {
	now := 5 * time.Second
	n := New(func() time.Duration { return now }, 1, "eth0")
	a, b, c := n.Join("alpha", 9), n.Join("beta", 9), n.Join("gamma", 9)
	data := []byte("x")
	a.Send(data)
	data[0] = 'y'
	d := <-b.Inbox()
	d.Data[0] = 'z'
	if e := <-c.Inbox(); string(e.Data) != "x" || e.Mono != now || e.From != d.From || !e.From.IsValid() {
		t.Errorf("%+v", e)
	}
}

func TestCutIsOneWayAndMends(t *testing.T) {
	n := New(nil, 1, "eth0", "eth1")
	a, b := n.Join("alpha", 9), n.Join("beta", 9)
	n.Cable("eth0").Cut("alpha", "beta")
	a.Send([]byte("x"))
	b.Send([]byte("y"))
	expect(t, b, "eth1 x")
	expect(t, a, "eth0 y, eth1 y")
	for _, any := range [][2]string{{"alpha", ""}, {"", "beta"}, {"", ""}} {
		n.Cable("eth0").Mend()
		a.Send([]byte("x"))
		expect(t, b, "eth0 x, eth1 x")
		n.Cable("eth0").Cut(any[0], any[1])
		a.Send([]byte("x"))
		expect(t, b, "eth1 x")
	}
}

func TestLoss(t *testing.T) {
	n := New(nil, 1, "eth0")
	a, b := n.Join("alpha", 9), n.Join("beta", 9)
	n.Cable("eth0").Lose(2)
	for _, x := range []string{"1", "2", "3"} {
		a.Send([]byte(x))
	}
	expect(t, b, "eth0 3")
}

func TestLossRateFollowsTheSeed(t *testing.T) {
	play := func(seed uint64) string {
		n := New(nil, seed, "eth0")
		a, b := n.Join("alpha", 9), n.Join("beta", 1000)
		n.Cable("eth0").LoseRate(0.3)
		for i := range 1000 {
			a.Send([]byte{byte('a' + i%26)})
		}
		return got(b)
	}
	one := play(1)
	if arrived := strings.Count(one, "eth0"); arrived < 600 || arrived > 800 {
		t.Errorf("%d of 1000 arrived at 30%% loss", arrived)
	}
	if play(1) != one || play(2) == one {
		t.Error("the same seed must lose the same, another seed others")
	}
}

func TestDuplicateAndEcho(t *testing.T) {
	n := New(nil, 1, "eth0", "eth1")
	a, b := n.Join("alpha", 9), n.Join("beta", 9)
	n.Cable("eth0").Duplicate(true)
	n.Cable("eth1").Echo(true)
	a.Send([]byte("x"))
	expect(t, b, "eth0 x, eth0 x, eth1 x")
	expect(t, a, "eth1 x")
	n.Cable("eth1").Cut("", "")
	a.Send([]byte("y"))
	(<-b.Inbox()).Data[0] = 'z' // the first copy; the second is another's
	expect(t, b, "eth0 y")
}

func TestHoldDeliversByHand(t *testing.T) {
	now := time.Second
	n := New(func() time.Duration { return now }, 1, "eth0", "eth1")
	a, b := n.Join("alpha", 9), n.Join("beta", 9)
	c := n.Cable("eth0")
	c.Hold()
	for _, x := range []string{"1", "2", "3"} {
		a.Send([]byte(x))
	}
	expect(t, b, "eth1 1, eth1 2, eth1 3")
	if h := c.Held(); len(h) != 3 || h[0].From != "alpha" || h[0].To != "beta" || string(h[0].Data) != "1" {
		t.Fatalf("held %+v", h)
	}
	now = 9 * time.Second
	c.Deliver(2)
	if d := <-b.Inbox(); string(d.Data) != "3" || d.Mono != now {
		t.Errorf("%+v", d)
	}
	c.Release()
	expect(t, b, "eth0 1, eth0 2")
	a.Send([]byte("4"))
	expect(t, b, "eth0 4, eth1 4")
}

func TestFullInboxLosesAndCounts(t *testing.T) {
	n := New(nil, 1, "eth0")
	a, b := n.Join("alpha", 9), n.Join("beta", 2)
	for range 9 {
		a.Send([]byte("x"))
	}
	arrived := strings.Count(got(b), "eth0 x")
	if arrived != 2 && arrived != 3 { // the reader holds one, if it was quick
		t.Errorf("%d arrived", arrived)
	}
	if c := b.Counters(); c["inbox-full"] != uint64(9-arrived) || c["received"] != uint64(arrived) {
		t.Errorf("%v", c)
	}
	if c := a.Counters(); c["sent"] != 9 {
		t.Errorf("%v", c)
	}
}

// A flood on one cable neither holds up nor pushes out what comes by another.
func TestCablesTakeTurns(t *testing.T) {
	now := time.Duration(0)
	n := New(func() time.Duration { return now }, 1, "eth0", "eth1")
	a, b := n.Join("alpha", 9), n.Join("beta", 20)
	n.Cable("eth1").Cut("", "")
	for range 100 {
		a.Send([]byte("flood"))
	}
	n.Cable("eth1").Mend()
	n.Cable("eth0").Cut("", "")
	now = time.Second
	a.Send([]byte("beat"))
	for b.States()[1].Behind != now { // until eth1's reader stands in the queue
		runtime.Gosched()
	}
	if s := b.States(); s[0].CaughtUp(now) || !s[0].CaughtUp(0) {
		t.Errorf("%+v", s)
	}
	for i := 0; (<-b.Inbox()).Link != "eth1"; i++ {
		if i == 3 {
			t.Fatal("the beat waits behind the flood")
		}
	}
}

func TestCloseAndJoinAgain(t *testing.T) {
	n := New(nil, 1, "eth0")
	a, b := n.Join("alpha", 9), n.Join("beta", 9)
	n.Cable("eth0").Hold()
	a.Send([]byte("late"))
	if s := b.States(); len(s) != 1 || !s[0].Up || s[0].Medium.Device != "eth0" {
		t.Errorf("%+v", s)
	}
	b.Close()
	b.Close()
	n.Cable("eth0").Release() // for somebody who is gone
	a.Send([]byte("x"))
	b.Send([]byte("ghost"))
	expect(t, b, "closed")
	expect(t, a, "")
	if s := b.States(); s[0].Up || s[0].Err != "closed" {
		t.Errorf("%+v", s)
	}
	b = n.Join("beta", 9)
	a.Send([]byte("y"))
	expect(t, b, "eth0 y")
}

func TestManyGoroutines(t *testing.T) {
	n := New(nil, 1, "eth0")
	a, b := n.Join("alpha", 9), n.Join("beta", 10000)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				a.Send([]byte("x"))
				a.States()
				n.Cable("eth0").Cut("beta", "alpha")
			}
		})
	}
	all.Wait()
	if got := strings.Count(got(b), "eth0 x"); got != 800 {
		t.Errorf("%d arrived", got)
	}
	b.Close()
}

func TestUnknownCableIsAMistakeOfTheTest(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	New(nil, 1, "eth0").Cable("eth1")
}
