package core

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

func seconds(list ...float64) (d []time.Duration) {
	for _, s := range list {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

// What was worst leaves the last hour after an hour, and not before; a minute later it is certainly gone. So the day.
func TestWorstGoesWithItsTime(t *testing.T) {
	var g gaps
	g.note(59*time.Second, 5*time.Second)
	g.note(30*time.Minute, 3*time.Second)
	g.note(31*time.Minute, time.Second)
	for _, tc := range []struct {
		at   time.Duration
		want []time.Duration
	}{
		{31 * time.Minute, seconds(5, 5, 5)},
		{time.Hour + 59*time.Second, seconds(5, 5, 5)},
		{time.Hour + time.Minute, seconds(3, 5, 5)},
		{time.Hour + 31*time.Minute, seconds(1, 5, 5)},
		{2 * time.Hour, seconds(0, 5, 5)},
		{24*time.Hour + 59*time.Minute, seconds(0, 5, 5)},
		{25 * time.Hour, seconds(0, 0, 5)},
		{1000 * time.Hour, seconds(0, 0, 5)},
	} {
		if w := g.worst(tc.at); !slices.Equal([]time.Duration{w.Hour, w.Day, w.Start}, tc.want) {
			t.Errorf("at %s: %v, want %v", tc.at, w, tc.want)
		}
	}
	g.note(1000*time.Hour, 2*time.Second)
	if w := g.worst(1000*time.Hour + time.Minute); w != (Worst{2 * time.Second, 2 * time.Second, 5 * time.Second}) {
		t.Errorf("after a long pause: %v", w)
	}
	if g.count != 4 || g.sum != 11*time.Second {
		t.Errorf("%d gaps of %s", g.count, g.sum)
	}
}

// The windows agree with a list of all that was noted, whatever the times.
func TestWindowsAgainstAList(t *testing.T) {
	type one struct{ at, gap time.Duration }
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var g gaps
		var all []one
		now := time.Duration(r.Int64N(int64(3 * time.Hour)))
		for range 300 {
			now += time.Duration(r.Int64N([]int64{int64(time.Second), int64(3 * time.Minute), int64(2 * time.Hour)}[r.IntN(3)]))
			o := one{now, time.Duration(r.Int64N(int64(time.Minute)))}
			g.note(o.at, o.gap)
			all = append(all, o)
			var want Worst
			for _, o := range all {
				if now/time.Minute-o.at/time.Minute < minutesKept {
					want.Hour = max(want.Hour, o.gap)
				}
				if now/time.Hour-o.at/time.Hour < hoursKept {
					want.Day = max(want.Day, o.gap)
				}
				want.Start = max(want.Start, o.gap)
			}
			if got := g.worst(now); got != want {
				t.Fatalf("seed %d at %s: %v, want %v", seed, now, got, want)
			}
		}
	}
}

func TestSafeDeadtime(t *testing.T) {
	ms := time.Millisecond
	for _, tc := range []struct{ gap, keepalive, want time.Duration }{
		{10 * ms, 10 * ms, 25 * ms}, // 20 ms would be twice keepalive, which ha.cf refuses
		{12 * ms, 10 * ms, 25 * ms},
		{61 * ms, 10 * ms, 75 * ms},
		{90 * ms, 10 * ms, 100 * ms},
		{91 * ms, 10 * ms, 150 * ms},
		{501 * ms, 500 * ms, 1500 * ms},
		{1100 * ms, 500 * ms, 2 * time.Second},
		{9600 * ms, 500 * ms, 11 * time.Second},
		{45200 * ms, 500 * ms, 46 * time.Second},
		{61 * time.Second, time.Second, 70 * time.Second},
		{0, time.Second, 2500 * ms},
	} {
		got := SafeDeadtime(tc.gap, tc.keepalive)
		if got != tc.want {
			t.Errorf("gap %s, keepalive %s: %s, want %s", tc.gap, tc.keepalive, got, tc.want)
		}
		if got <= tc.gap || got <= 2*tc.keepalive {
			t.Errorf("gap %s, keepalive %s: %s is not safe, or not accepted", tc.gap, tc.keepalive, got)
		}
	}
}

// Which gaps are lateness: those between two beats of one life.
func TestWhichGapsCount(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Links = []string{"eth0", "eth1"} })
	wants := func(what string, gap, silent time.Duration, times uint64, safe, without time.Duration) {
		t.Helper()
		v := b.c.Lateness(b.now)
		if v.Gaps.Start != gap || v.Returns.Start != silent || v.Times != times || v.Deadtime.Start != safe || v.Without.Start != without {
			t.Errorf("%s: gap %s, silent %s %d times, safe %s, without that %s; want %s %s %d %s %s", what,
				v.Gaps.Start, v.Returns.Start, v.Times, v.Deadtime.Start, v.Without.Start, gap, silent, times, safe, without)
		}
		if v.Gaps.Hour != gap || v.Gaps.Day != gap || v.Deadtime.Hour != safe || v.Deadtime.Day != safe || v.Without.Hour != without {
			t.Errorf("%s: of the last hour and day %+v", what, v)
		}
	}
	b.advance(1500 * time.Millisecond)
	b.beat("active", "hbd", "1")
	wants("late by half a beat", 1500*time.Millisecond, 0, 0, 2500*time.Millisecond, 2500*time.Millisecond)

	b.advance(3 * time.Second)
	b.from("NS_ackmsg") // no beat
	b.advance(time.Second)
	b.beat("active", "hbd", "1")
	wants("a message between", 4*time.Second, 0, 0, 5*time.Second, 5*time.Second)
	if v := b.c.View(b.now).Nodes[1]; v.WorstGap != 4*time.Second {
		t.Errorf("the view: %s", v.WorstGap)
	}

	b.advance(4500 * time.Millisecond)
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	wants("it was restarted", 4*time.Second, 0, 0, 5*time.Second, 5*time.Second)

	b.advance(8 * time.Second) // deadtime is 5 s
	b.beat("active", "hbd", "1")
	wants("declared dead, and back", 4*time.Second, 8*time.Second, 1, 9*time.Second, 5*time.Second)

	b.advance(20 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	wants("it was dead", 4*time.Second, 8*time.Second, 1, 9*time.Second, 5*time.Second)
	if v := b.c.Lateness(b.now); v.Heard < 5*time.Second || v.Heard > 6*time.Second {
		t.Errorf("heard for %s", v.Heard)
	}
	if v := b.c.Lateness(b.now + 2*time.Hour); v.Deadtime != (Worst{Day: 9 * time.Second, Start: 9 * time.Second}) || v.Without.Hour != 0 {
		t.Errorf("two hours later: %+v", v)
	}
}

// Any message shows that a link works; a link that was dead was out, and a daemon that restarts is not late.
func TestGapsOfLinks(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Links = []string{"eth0", "eth1"} })
	on := func(link string) {
		t.Helper()
		b.seq++
		b.step(Received{Link: link, Heard: b.now, Msg: b.message("status", "st", "active", "dt", "1388", "hbd", "1", "seq", strconv.FormatUint(b.seq, 16))})
	}
	wants := func(what string, gaps ...time.Duration) {
		t.Helper()
		v := b.c.Lateness(b.now)
		for i, l := range v.Links {
			if l.Name != []string{"eth0", "eth1"}[i] || l.Gaps.Start != gaps[i] || l.Gaps.Hour != gaps[i] || l.Gaps.Day != gaps[i] {
				t.Errorf("%s: %+v, want %v", what, l, gaps[i])
			}
		}
		if len(v.Links) != 2 || v.Gaps.Start > time.Second {
			t.Errorf("%s: %+v", what, v)
		}
	}
	if v := b.c.Lateness(b.now); len(v.Links) != 2 || v.Links[1].Name != "eth1" || v.Links[1].Gaps != (Worst{}) {
		t.Errorf("nothing heard on eth1: %+v", v)
	}
	on("eth1")
	for range 3 {
		b.advance(time.Second)
		on("eth0")
	}
	on("eth1")
	wants("nothing on eth1 for a while", time.Second, 3*time.Second)
	for range 7 {
		b.advance(time.Second)
		on("eth0")
	}
	on("eth1")
	wants("eth1 was out", time.Second, 3*time.Second)
	b.advance(4 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	on("eth0")
	on("eth1")
	wants("restarted", time.Second, 3*time.Second)
	b.step(Received{Link: "eth1", Heard: b.now, Msg: b.message("status", "src", "alpha", "st", "active", "seq", "1", "hg", "9")})
	b.advance(5 * time.Second)
	b.step(Received{Link: "eth1", Heard: b.now, Msg: b.message("status", "src", "alpha", "st", "active", "seq", "2", "hg", "9")})
	if v := b.c.Lateness(b.now); v.Links[1].Gaps.Start != 3*time.Second {
		t.Errorf("what comes back of our own is no sign of the other: %+v", v.Links)
	}
}

// Our own lateness is of the beats and of every moment that was asked for.
func TestOwnLateness(t *testing.T) {
	b := joined(t, "")
	b.advance(10*time.Second, "beats", "hbd", "1")
	before := b.c.Lateness(b.now)
	if v := before.Beats; v.Start.Count < 10 || v.Start.Count > 11 || v.Start.Worst != 0 || before.Ticks.Hour.Count < 10 || before.Ticks.Hour.Worst != 0 {
		t.Errorf("on time: %+v", before)
	}
	b.now = b.c.NextTick() + 300*time.Millisecond
	b.step(Tick{})
	v := b.c.Lateness(b.now)
	if late := 300 * time.Millisecond; v.Beats.Start.Worst != late || v.Beats.Hour.Worst != late || v.Beats.Day.Worst != late || v.Ticks.Start.Worst != late {
		t.Errorf("late by %s: %+v", late, v)
	}
	if v.Beats.Start.Count != before.Beats.Start.Count+1 {
		t.Errorf("%d beats after %d", v.Beats.Start.Count, before.Beats.Start.Count)
	}
	b.c.NoteBeat(b.now, b.now+400*time.Millisecond) // by somebody else
	if w := b.c.Lateness(b.now); w.Beats.Start.Worst != 400*time.Millisecond || w.Beats.Start.Count != v.Beats.Start.Count+1 || w.Ticks.Start.Count != v.Ticks.Start.Count {
		t.Errorf("a beat sent by the pacer: %+v after %+v", w, v)
	}
	b.now = b.c.NextTick() - time.Millisecond
	b.step(Tick{}) // early: nothing is due
	if w := b.c.Lateness(b.now); w.Ticks.Start.Count != v.Ticks.Start.Count {
		t.Error("what comes before its time is counted")
	}
}

// 999 of 1,000 are not later than it says, and it says not more than half a power of two too much.
func TestP999(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		var l Lateness
		var all []time.Duration
		n := 1 + r.IntN(5000)
		for range n {
			late := time.Duration(r.ExpFloat64() * float64(200*time.Microsecond))
			if r.IntN(500) == 0 {
				late *= 1000
			}
			all = append(all, late)
			l.Note(time.Hour, late)
		}
		slices.Sort(all)
		for _, v := range []Late{l.View(time.Hour).Hour, l.View(time.Hour).Day, l.View(1000 * time.Hour).Start} {
			if v.Count != uint64(n) || v.Worst != all[n-1] {
				t.Fatalf("seed %d: %+v of %d, worst %s", seed, v, n, all[n-1])
			}
			want := all[n-1]
			if n >= 1000 {
				want = all[n-1-n/1000]
			}
			if v.P999 < want || v.P999 > max(want*3/2, want+2*time.Microsecond) {
				t.Errorf("seed %d: 999 of 1000 within %s, it says %s", seed, want, v.P999)
			}
		}
		if v := l.View(26 * time.Hour); v.Hour != (Late{}) || v.Day != (Late{}) {
			t.Errorf("a day later: %+v", v)
		}
	}
	for n, want := range map[int]time.Duration{0: 0, 1: time.Second, 999: time.Second, 1000: time.Microsecond, 1001: time.Microsecond, 1999: time.Microsecond} {
		var l Lateness
		for i := range n {
			l.Note(0, []time.Duration{time.Second, time.Microsecond}[min(i, 1)])
		}
		if v := l.View(0).Hour; v.P999 != want {
			t.Errorf("one in %d is late: 999 of 1000 within %s, want %s", n, v.P999, want)
		}
	}
	var l Lateness
	l.Note(0, -time.Second)
	if l.start.tally[0] != 1 || l.start.worst != 0 {
		t.Errorf("early: %v", l.start)
	}
	for range 1000 {
		l.Note(0, time.Minute)
	}
	if v := l.View(0).Start; v.P999 != time.Minute || v.Worst != time.Minute || v.Count != 1001 {
		t.Errorf("beyond all buckets: %+v", v)
	}
	l = Lateness{}
	for s, n := range map[*lates]uint32{&l.start: 1<<31 - 1} { // eight months
		s.tally[0], s.tally[20], s.count = n, n/100, uint64(n)+uint64(n)/100
	}
	l.Note(0, 0)
	if v := l.View(0).Start; l.start.tally[0] != 1<<30 || l.start.tally[20] != (1<<31-1)/100/2 || v.Count != 1<<31+(1<<31-1)/100 {
		t.Errorf("after very many: %d %d %+v", l.start.tally[0], l.start.tally[20], v)
	}
}

// Every lateness is in the bucket whose end is not below it, and above the end of the one before.
func TestLateBuckets(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 999, 1000, 1001, 2000, 2001, 3000, 3001, 5000, 5001, 7000, 7001, 11000, 11001, time.Millisecond, 16 * time.Millisecond, time.Second, 16 * time.Second} {
		b := lateBucket(d)
		if d > bucketEnd(b) || b > 0 && d <= bucketEnd(b-1) {
			t.Errorf("%s is in bucket %d, which ends at %s", d, b, bucketEnd(b))
		}
	}
	for _, d := range []time.Duration{17 * time.Second, time.Minute, 1000 * time.Hour} {
		if b := lateBucket(d); b != lateBuckets-1 {
			t.Errorf("%s is in bucket %d", d, b)
		}
	}
}

// A beat costs no memory, however long it goes on.
func TestWatchingTakesNoMemory(t *testing.T) {
	w := newWatch([]string{"eth0", "eth1"})
	now := time.Duration(0)
	if n := testing.AllocsPerRun(5000, func() {
		now += 20 * time.Second
		w.beat(now, 20*time.Second)
		w.linkHeard("eth0", true, now, now)
		w.linkHeard("eth1", true, now, now-time.Millisecond)
		w.beatSent(now, now-time.Microsecond)
		w.woken(now, now)
	}); n != 0 {
		t.Errorf("%v allocations a beat", n)
	}
}

// The statistics bear on nothing: a core without them does the same.
func TestWatchChangesNothing(t *testing.T) {
	with, without := joined(t, "1:100:db"), joined(t, "1:100:db")
	without.c.watch = nil
	for _, b := range []*bench{with, without} {
		b.advance(3*time.Second, "beats", "hbd", "1")
		b.now += 900 * time.Millisecond
		b.step(Tick{})
		b.advance(9 * time.Second)
		b.beat("active", "hbd", "1")
		b.advance(4 * time.Second)
		b.gen, b.seq = b.gen+1, 0
		b.beat("up", "hbd", "1")
		b.advance(3 * time.Second)
	}
	if with.text() != without.text() {
		t.Errorf("with\n%s\nwithout\n%s", with.text(), without.text())
	}
	if v := without.c.Lateness(without.now); len(v.Links) > 0 || v.Heard != 0 || without.c.View(without.now).Nodes[1].WorstGap != 0 {
		t.Errorf("seen without statistics: %+v", v)
	}
}
