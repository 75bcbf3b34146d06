package explore

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"heartbeatd/internal/core"
)

// Coverage is how often each event met each state of a group and of the standby dialogue.
type Coverage struct {
	Groups  map[string]*[eventCount]int // by the group's state
	Standby map[string]*[eventCount]int // by the dialogue's phase
}

// NewCoverage has met nothing.
func NewCoverage() *Coverage {
	c := &Coverage{Groups: map[string]*[eventCount]int{}, Standby: map[string]*[eventCount]int{}}
	for _, s := range groupStates {
		c.Groups[s] = &[eventCount]int{}
	}
	for _, s := range standbyPhases {
		c.Standby[s] = &[eventCount]int{}
	}
	return c
}

var (
	groupStates   = []string{"unknown", "probing", "stopped", "found", "starting", "running", "stopping", "stop-failed"}
	standbyPhases = []string{"none", "asked", "releasing", "waiting", "offered", "taking"}
)

type event int

const (
	scriptWell event = iota
	scriptFails
	scriptKilled
	scriptHangs
	otherScript
	peerClaims
	peerClaimsNot
	peerFailed
	ticks
	peerDies
	peerReturns
	peerRestarts
	peerGoodbye
	peerStopping
	peerStarting
	peerMe
	peerOther
	peerDone
	peerTakeover
	standbyCommand
	takeoverCommand
	stopCommand
	eventCount

	lastOfGroup = peerFailed // the events up to here are about one group
)

var eventNames = [eventCount]string{
	"its script ends well", "its script fails", "its script is killed", "its script hangs", "a script of another group ends",
	"peer claims it", "peer does not claim it", "peer could not start it",
	"tick", "peer dies", "peer returns", "peer restarts", "peer says goodbye", "peer is stopping", "peer is starting",
	"peer says me", "peer says other", "peer says done", "peer asks to take over",
	"standby command", "takeover command", "stop command",
}

// note keeps what an event met.
func (c *Coverage) note(groups []core.GroupConfig, ev core.Event, before, after *core.Standing) {
	if c == nil {
		return
	}
	var about [eventCount]bool
	classify(&about, ev, before, after)
	phase := c.Standby[before.Standby]
	for e := lastOfGroup + 1; e < eventCount; e++ {
		if about[e] {
			phase[e]++
		}
	}
	for i := range before.Groups {
		g := &before.Groups[i]
		state := c.Groups[g.State]
		for e := lastOfGroup + 1; e < eventCount; e++ {
			if about[e] {
				state[e]++
			}
		}
		if conf, then := slices.IndexFunc(groups, func(gc core.GroupConfig) bool { return gc.Resources[0] == g.Key }), standing(after, i, g.Key); conf >= 0 && then != nil {
			ofGroup(state, groups[conf], ev, g, then, accepted(before, after))
		} // else the file has changed
	}
}

// standing is where a group stands; mostly it has the place that it had.
func standing(s *core.Standing, place int, key string) *core.GroupStanding {
	if place < len(s.Groups) && s.Groups[place].Key == key {
		return &s.Groups[place]
	}
	if i := slices.IndexFunc(s.Groups, func(g core.GroupStanding) bool { return g.Key == key }); i >= 0 {
		return &s.Groups[i]
	}
	return nil
}

// accepted says whether a message was acted on.
func accepted(before, after *core.Standing) bool {
	return after.Gen != before.Gen || after.Last != before.Last || after.Missing < before.Missing
}

func classify(about *[eventCount]bool, ev core.Event, before, after *core.Standing) {
	about[peerDies] = before.Peer != "dead" && after.Peer == "dead"
	about[peerRestarts] = before.Gen != 0 && after.Gen > before.Gen
	about[peerReturns] = before.Peer == "dead" && after.Peer != "dead" && after.Gen == before.Gen
	switch ev := ev.(type) {
	case core.Tick:
		about[ticks] = true
	case core.StandbyCommand:
		about[standbyCommand] = true
	case core.TakeoverCommand:
		about[takeoverCommand] = true
	case core.StopCommand:
		about[stopCommand] = true
	case core.Received:
		if !accepted(before, after) {
			return
		}
		info := ev.Msg.Str("info")
		switch ev.Msg.Str("t") {
		case "shutdone":
			about[peerGoodbye] = true
		case "starting":
			about[peerStarting] = true
		case "hb_takeover":
			about[peerTakeover] = true
		case "resource":
			about[peerStopping] = info == "shutdown"
		case "ask_resources":
			about[peerMe], about[peerOther], about[peerDone] = info == "me", info == "other", info == "done"
		}
	}
}

func ofGroup(state *[eventCount]int, conf core.GroupConfig, ev core.Event, before, after *core.GroupStanding, accepted bool) {
	switch ev := ev.(type) {
	case core.ScriptDone:
		switch {
		case !slices.Contains(conf.Resources, ev.Path):
			state[otherScript]++
		case ev.Unsure:
			state[scriptKilled]++
		case ev.RC == 0 || ev.RC == 3: // 3: a status that finds it stopped
			state[scriptWell]++
		default:
			state[scriptFails]++
		}
	case core.Received:
		if !accepted || ev.Msg.Str("t") != "resource" {
			return
		}
		switch {
		case lists(ev.Msg.Str("hbd_groups"), before.Key):
			state[peerClaims]++
		case slices.Contains(strings.Fields(ev.Msg.Str("hbd_failed")), before.Key):
			state[peerFailed]++
		default:
			state[peerClaimsNot]++
		}
	case core.Tick:
		if after.Hung && !before.Hung {
			state[scriptHangs]++
		}
	}
}

// Pairs are all pairs of a state and an event, in words, and how often each was met.
func (c *Coverage) Pairs() map[string]int {
	pairs := map[string]int{}
	for s, row := range c.Groups {
		for e, n := range row {
			pairs[fmt.Sprintf("group %s | %s", s, eventNames[e])] = n
		}
	}
	for s, row := range c.Standby {
		for e := lastOfGroup + 1; e < eventCount; e++ {
			pairs[fmt.Sprintf("standby %s | %s", s, eventNames[e])] = row[e]
		}
	}
	return pairs
}

// Compare holds what was met against the table: lines of a pair, " = " and `reached` (by the search), `reached by NAME`
// (by what the others of that name met) or `unreachable: REASON`. It returns what does not agree.
func (c *Coverage) Compare(table string, others map[string]*Coverage) []string {
	var wrong []string
	pairs, by := c.Pairs(), map[string]map[string]int{}
	for name, o := range others { // order does not matter
		by[name] = o.Pairs()
	}
	listed := map[string]bool{}
	for n, line := range strings.Split(table, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		pair, word, _ := strings.Cut(line, " = ")
		if _, known := pairs[pair]; !known || listed[pair] {
			wrong = append(wrong, fmt.Sprintf("line %d: there is no such pair, or it stands there twice: %s", n+1, pair))
		}
		listed[pair] = true
		wrong = append(wrong, disagree(pair, word, pairs, by)...)
	}
	for pair := range pairs { // sorted below
		if !listed[pair] {
			wrong = append(wrong, "not listed: "+pair)
		}
	}
	sort.Strings(wrong)
	return wrong
}

// disagree says what is wrong with one line of the table.
func disagree(pair, word string, met map[string]int, by map[string]map[string]int) (wrong []string) {
	if reason, ok := strings.CutPrefix(word, "unreachable: "); ok && reason != "" {
		if met[pair] > 0 {
			wrong = append(wrong, fmt.Sprintf("reached %d times, and listed as unreachable: %s", met[pair], pair))
		}
		for name, o := range by { // sorted by the caller
			if o[pair] > 0 {
				wrong = append(wrong, fmt.Sprintf("reached by %s, and listed as unreachable: %s", name, pair))
			}
		}
		return wrong
	}
	name, other := strings.CutPrefix(word, "reached by ")
	switch {
	case other && by[name] == nil:
		return []string{fmt.Sprintf("nothing is called %q: %s", name, pair)}
	case other && by[name][pair] == 0, word == "reached" && met[pair] == 0:
		return []string{fmt.Sprintf("listed as %s, and was not: %s", word, pair)}
	case !other && word != "reached":
		return []string{fmt.Sprintf("want `reached`, `reached by NAME` or `unreachable: REASON`, not %q: %s", word, pair)}
	}
	return nil
}

// add counts what another coverage met.
func (c *Coverage) add(o *Coverage) {
	for s, row := range o.Groups { // order does not matter: it is counted
		for e, n := range row {
			c.Groups[s][e] += n
		}
	}
	for s, row := range o.Standby { // the same
		for e, n := range row {
			c.Standby[s][e] += n
		}
	}
}
