package core

import "time"

// This file and lateness.go are for the operator: nothing that is decided looks at them. From them comes
// what used to take weeks of reading logs, the lowest deadtime that would have been safe.

// A window is kept a slot longer than its name says, so that it is never shorter.
const (
	minutesKept = 60 + 1
	hoursKept   = 24 + 1
)

// windows keep one S for each minute of the last hour, one for each hour of the last day, and one for ever.
type windows[S any] struct {
	minutes [minutesKept]S
	hours   [hoursKept]S
	start   S

	minute, hour int64 // the newest slots
}

// at gives the three that count what happens now, those of the past emptied that the turn of the clock took out.
func (w *windows[S]) at(now time.Duration) [3]*S {
	w.minute = turn(w.minutes[:], w.minute, int64(now/time.Minute))
	w.hour = turn(w.hours[:], w.hour, int64(now/time.Hour))
	return [3]*S{&w.minutes[w.minute%minutesKept], &w.hours[w.hour%hoursKept], &w.start}
}

// turn empties the slots after the newest one, up to now.
func turn[S any](slots []S, newest, now int64) int64 {
	kept := int64(len(slots))
	for i := max(newest, now-kept) + 1; i <= now; i++ {
		clear(slots[i%kept : i%kept+1])
	}
	return max(newest, now)
}

// Worst is the worst of a measure in the last hour, in the last day, and since the start.
type Worst struct{ Hour, Day, Start time.Duration }

// each gives what f makes of each of them; of 0, which stands for none, it is not asked.
func (w Worst) each(f func(time.Duration) time.Duration) Worst {
	for _, d := range []*time.Duration{&w.Hour, &w.Day, &w.Start} {
		if *d > 0 {
			*d = f(*d)
		}
	}
	return w
}

// or is the worse of two measures.
func (w Worst) or(v Worst) Worst {
	return Worst{max(w.Hour, v.Hour), max(w.Day, v.Day), max(w.Start, v.Start)}
}

// gaps are the longest times between two signs of life.
type gaps struct {
	windows[time.Duration]
	last  time.Duration // the newest sign of life; 0: the next one ends no gap
	count uint64
	sum   time.Duration
}

// note counts a gap.
func (g *gaps) note(now, gap time.Duration) {
	for _, worst := range g.at(now) {
		*worst = max(*worst, gap)
	}
	g.count++
	g.sum += max(0, gap)
}

// heard counts the gap that a sign of life ends.
func (g *gaps) heard(now, heard time.Duration) {
	if g.last != 0 {
		g.note(now, heard-g.last)
	}
	g.last = max(g.last, heard)
}

// begin forgets the last sign of life: the silence since then tells nothing about lateness.
func (g *gaps) begin() { g.last = 0 }

func (g *gaps) worst(now time.Duration) (w Worst) {
	g.at(now)
	for _, d := range g.minutes {
		w.Hour = max(w.Hour, d)
	}
	for _, d := range g.hours {
		w.Day = max(w.Day, d)
	}
	w.Start = g.start
	return w
}

// watch is everything that is kept for the operator about lateness. A core without one decides the same:
// the copies that the exhaustive search makes have none.
type watch struct {
	beats   gaps // between two beats of the other node, by which deadtime judges
	returns gaps // silences after which it was declared dead, and then came back without a restart
	links   []linkGaps
	own     Own
}

type linkGaps struct {
	name string
	gaps
}

func newWatch(links []string) *watch {
	w := &watch{}
	for _, l := range links {
		w.link(l)
	}
	return w
}

func (w *watch) link(name string) *gaps {
	for i := range w.links {
		if w.links[i].name == name {
			return &w.links[i].gaps
		}
	}
	w.links = append(w.links, linkGaps{name: name})
	return &w.links[len(w.links)-1].gaps
}

// beat counts the time between two beats of one life of the other node.
func (w *watch) beat(now, gap time.Duration) {
	if w != nil {
		w.beats.note(now, gap)
	}
}

// linkHeard counts any message of the other node: by these its links are judged. A link that was dead was
// out, not late.
func (w *watch) linkHeard(name string, wasUp bool, now, heard time.Duration) {
	if w == nil {
		return
	}
	l := w.link(name)
	if !wasUp {
		l.begin()
	}
	l.heard(now, heard)
}

// restarted: what was quiet while the other node's daemon was not there was not late.
func (w *watch) restarted() {
	if w == nil {
		return
	}
	for i := range w.links {
		w.links[i].begin()
	}
}

// returned counts the silence of a node that was declared dead and was not. A deadtime above it would
// have been needed, whatever it was: a stall, or no link.
func (w *watch) returned(now, silent time.Duration) {
	if w != nil {
		w.returns.note(now, silent)
	}
}

// noteGap keeps the lateness of beats. 3.0.6 declares a node dead on the spot when its own
// beat shows that it was late; ours only says so: the deadline has judged already.
func (c *Core) noteGap(n *node, gap time.Duration) {
	c.watch.beat(c.now.At, gap)
	ms := gap / time.Millisecond
	switch {
	case gap > c.cfg.Deadtime:
		n.late++
		c.logf(Crit, "Late heartbeat: Node %s: interval %d ms (> deadtime)", n.name, ms)
	case gap > c.cfg.Warntime:
		n.late++
		c.logf(Warn, "Late heartbeat: Node %s: interval %d ms", n.name, ms)
	}
}

// LatenessView is what is known of lateness, here and of the other node. It is apart from [View] because it
// is more to add up.
type LatenessView struct {
	Beats, Ticks LateView      // our own
	Gaps         Worst         // between two beats of the other node
	Returns      Worst         // its silences after which it was declared dead and came back without a restart
	Times        uint64        // how often that was
	Heard        time.Duration // the time over which its beats were watched
	Deadtime     Worst         // the lowest that would have been safe for it
	Without      Worst         // and but for the times when it was declared dead
	Links        []LinkGaps
}

// LinkGaps are the longest times between two messages of the other node on one link.
type LinkGaps struct {
	Name string
	Gaps Worst
}

// Lateness looks at it at the given moment, which must not lie before an earlier one.
func (c *Core) Lateness(at time.Duration) (v LatenessView) {
	w := c.watch
	if w == nil {
		return v
	}
	safe := func(gap time.Duration) time.Duration { return SafeDeadtime(gap, c.cfg.Keepalive) }
	v = LatenessView{
		Beats: w.own.Beats.View(at), Ticks: w.own.Ticks.View(at),
		Gaps: w.beats.worst(at), Returns: w.returns.worst(at), Times: w.returns.count, Heard: w.beats.sum,
	}
	v.Without, v.Deadtime = v.Gaps.each(safe), v.Gaps.or(v.Returns).each(safe)
	for i := range w.links {
		l := &w.links[i]
		v.Links = append(v.Links, LinkGaps{Name: l.name, Gaps: l.worst(at)})
	}
	return v
}

// SafeDeadtime is the lowest deadtime, in a figure that one would write into ha.cf, at which a node would
// not have been declared dead in a gap: one more beat may be lost or late. ha.cf takes none up to twice
// keepalive.
func SafeDeadtime(gap, keepalive time.Duration) time.Duration {
	return roundUp(max(gap+keepalive, 2*keepalive+1))
}

func roundUp(d time.Duration) time.Duration {
	step := 10 * time.Second
	for _, s := range []struct{ below, step time.Duration }{
		{100 * time.Millisecond, 5 * time.Millisecond}, {time.Second, 50 * time.Millisecond},
		{10 * time.Second, 500 * time.Millisecond}, {time.Minute, time.Second},
	} {
		if d < s.below {
			step = s.step
			break
		}
	}
	return (d + step - 1) / step * step
}
