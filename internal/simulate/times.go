package simulate

import (
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// The times that the formulas of docs/guarantees.md are made of. Each counts all groups, whoever
// holds them: scripts run one at a time, so the last group waits for all.

func (r *Run) scriptTime(m *scenario.Machine, ops ...core.Op) (sum time.Duration) {
	for _, g := range r.w.GroupsOf(m) {
		for _, word := range g.Resources {
			for _, op := range ops {
				sum += m.Script(word, op).Take
			}
		}
	}
	return sum
}

// startTime is S_start: the status and the start of every resource.
func (r *Run) startTime(m *scenario.Machine) time.Duration {
	return r.scriptTime(m, core.Status, core.Start)
}

// stopTime is S_stop.
func (r *Run) stopTime(m *scenario.Machine) time.Duration { return r.scriptTime(m, core.Stop) }

// statusTime is S_status.
func (r *Run) statusTime(m *scenario.Machine) time.Duration { return r.scriptTime(m, core.Status) }

// travel is L, the longest way of a datagram.
func (r *Run) travel() time.Duration { return r.w.Net.Longest() }

// deadtime is D of a node: the other judges it by the one it announces.
func (r *Run) deadtime(m *scenario.Machine) time.Duration { return r.w.OptionsOf(m).Deadtime }

func (r *Run) keepalive(m *scenario.Machine) time.Duration { return r.w.OptionsOf(m).Keepalive }

// initdead is I as a node judges the other by it.
func (r *Run) initdead(m *scenario.Machine) time.Duration {
	return max(r.w.OptionsOf(m).Initdead, r.deadtime(r.other(m)), r.deadtime(m))
}

// joinTime is J: what two nodes that hear each other need to agree after one of them has started.
// A word that overtook the first beat is said again after 2 s at most.
func (r *Run) joinTime(m *scenario.Machine) time.Duration {
	return r.statusTime(m) + 10*r.travel() + max(r.keepalive(r.pair[0]), r.keepalive(r.pair[1])) + 2*time.Second
}

// slack is what rounding to the nanosecond of an event costs.
const slack = time.Millisecond
