package chaos

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// lossBorne is the percentage of lost datagrams a cluster must stand: with ten beats in a deadtime the
// chance that all of them are lost is then less than one in a million.
func lossBorne(links int) int {
	if links > 1 {
		return 40
	}
	return 20
}

// unsure is the value of a fact while it is being changed.
const unsure = "?"

// Values of factStall: a time not long enough to look dead; what the conductor says of the main process alone.
const (
	short     = "short"
	stallMain = "main"
)

// aheadOf is for how long beats may go on after the daemon's main process was stopped: those it made before.
func (s Setup) aheadOf() time.Duration { return s.Deadtime/2 + 100*time.Millisecond }

// segment is a time in which a fact had one value.
type segment struct {
	from  time.Time
	value string
}

// timeline says what was in order when.
type timeline struct {
	setup      Setup
	begin, end time.Time
	facts      map[string][]segment // "NODE FACT" to its values in order of time
	cuts       []time.Time          // every moment at which something changes, begin and end included
	states     []state              // of the time from a cut to the next
}

// state is how things stood for a time.
type state struct {
	power, daemon, stall, deaf, scripts [2]string
	link                                [2][]string
	loss                                [2]int
	commands                            string
}

func (r *Record) timeline() *timeline {
	t := &timeline{setup: r.Plan.Setup, begin: r.Begin, end: r.End, facts: map[string][]segment{}}
	changes := append([]Change{}, r.Changes...)
	sort.SliceStable(changes, func(i, j int) bool { return changes[i].Begin.Before(changes[j].Begin) })
	for _, c := range changes {
		key := c.Node + " " + c.Fact
		all := t.facts[key]
		for len(all) > 0 && all[len(all)-1].from.After(c.Begin) {
			all = all[:len(all)-1] // what an earlier change was to lead to does not come any more
		}
		if c.End.After(c.Begin) {
			all = append(all, segment{c.Begin, unsure})
		}
		if c.Fact == factStall && c.Value == stallMain {
			all = append(all, segment{c.End, unsure})
			c.End, c.Value = c.End.Add(r.Plan.Setup.aheadOf()), "on"
		}
		t.facts[key] = append(all, segment{c.End, c.Value})
	}
	for i := range Nodes {
		t.shortStalls(Nodes[i])
	}
	t.cut()
	return t
}

// shortest is the silence, as the conductor measures it, that may end in a death: two beats may fall to
// the other side of its ends.
func (s Setup) shortest() time.Duration { return s.Deadtime - 2*s.Keepalive - 300*time.Millisecond }

// shortStalls renames stalls that cannot look like a death. Those that follow each other
// closely count together: there may be no beat between them.
func (t *timeline) shortStalls(node string) {
	key := node + " " + factStall
	all := t.facts[key]
	for i := 0; i < len(all); {
		if all[i].value == "off" {
			i++
			continue
		}
		// i is the begin of a stall. Look for its end, and go on if another one follows at once.
		j := i
		for j < len(all) && (all[j].value != "off" || j+1 < len(all) && all[j+1].from.Sub(all[j].from) < 500*time.Millisecond) {
			j++
		}
		if j < len(all) && !t.over(node, all[j].from) && all[j].from.Sub(all[i].from) < t.setup.shortest()-t.setup.Keepalive {
			for k := i; k < j; k++ {
				all[k].value = short
			}
		}
		i = max(j, i+1)
	}
}

// over says that no daemon goes on at that moment: a stall that ends so is the begin of a longer silence.
func (t *timeline) over(node string, at time.Time) bool {
	daemon := t.value(node, factDaemon, "none", at)
	return t.value(node, factPower, "on", at) == "off" || daemon == "none" || daemon == "killed"
}

func (t *timeline) cut() {
	t.cuts = []time.Time{t.begin, t.end}
	for _, segments := range t.facts {
		for _, s := range segments {
			if s.from.After(t.begin) && s.from.Before(t.end) {
				t.cuts = append(t.cuts, s.from)
			}
		}
	}
	slices.SortFunc(t.cuts, time.Time.Compare)
	t.cuts = slices.CompactFunc(t.cuts, time.Time.Equal)
	for _, at := range t.cuts[:len(t.cuts)-1] {
		t.states = append(t.states, t.at(at))
	}
}

// value is that of a fact from a moment on.
func (t *timeline) value(node, fact, first string, at time.Time) string {
	all := t.facts[node+" "+fact]
	n := sort.Search(len(all), func(i int) bool { return all[i].from.After(at) })
	if n == 0 {
		return first
	}
	return all[n-1].value
}

func (t *timeline) at(at time.Time) state {
	var s state
	for i, n := range Nodes {
		s.power[i] = t.value(n, factPower, "on", at)
		s.daemon[i] = t.value(n, factDaemon, "none", at)
		s.stall[i] = t.value(n, factStall, "off", at)
		s.deaf[i] = t.value(n, factDeaf, "off", at)
		s.scripts[i] = t.value(n, factScripts, "", at)
		for link := range t.setup.Links {
			s.link[i] = append(s.link[i], t.value(n, factLink+strconv.Itoa(link), "ok", at))
		}
		loss := t.value(n, factLoss, "0", at)
		if s.loss[i] = 100; loss != unsure {
			s.loss[i], _ = strconv.Atoi(loss)
		}
		s.commands += t.value(n, factCommand, "", at) + t.value(n, factTrouble, "", at) + " "
	}
	return s
}

// hearing is what is known of one direction.
type hearing int

const (
	surely hearing = iota
	perhaps
	never
)

// hears says whether the beats of the other node arrive at node i, while that listens.
func (s state) hears(i int) hearing {
	o := 1 - i
	worst := surely
	doubt := func(h hearing) { worst = max(worst, h) }
	switch s.power[o] {
	case "off":
		return never
	case unsure:
		doubt(perhaps)
	}
	switch s.daemon[o] {
	case "up":
	case "stopping", "starting", "restarting", unsure:
		doubt(perhaps)
	default:
		return never
	}
	switch s.stall[o] {
	case "off", short:
	case unsure:
		doubt(perhaps)
	default:
		return never
	}
	switch {
	case s.deaf[i] == "on":
		return never
	case s.deaf[i] == unsure:
		doubt(perhaps)
	}
	if s.loss[i] > lossBorne(len(s.link[i])) {
		doubt(perhaps)
	}
	return max(worst, s.path())
}

// path is the best of the links.
func (s state) path() hearing {
	best := never
	for link := range s.link[0] {
		a, b := s.link[0][link], s.link[1][link]
		switch {
		case a == "cut" || b == "cut":
		case a == "ok" && b == "ok":
			best = min(best, surely)
		default:
			best = min(best, perhaps)
		}
	}
	return best
}

// lives says whether node i runs a daemon that works, with scripts that do not hang or lie.
func (s state) lives(i int) bool {
	if s.power[i] != "on" || s.daemon[i] != "up" || s.stall[i] != "off" && s.stall[i] != short {
		return false
	}
	for _, fault := range strings.Fields(s.scripts[i]) {
		if !strings.HasSuffix(fault, ".start.fails") {
			return false
		}
	}
	return true
}

// gone says that node i surely has nothing: its host is off, or its daemon was never started since the
// boot, or stopped in order.
func (s state) gone(i int) bool {
	return s.power[i] == "off" || s.power[i] == "on" && (s.daemon[i] == "none" || s.daemon[i] == "stopped")
}
