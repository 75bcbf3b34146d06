package scenario

import (
	"fmt"
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// watch holds every action against the truth.
func (s *Simulation) watch(name string, a core.Action) {
	s.tally(a)
	if s.lying || s.verdict != nil {
		return
	}
	m := s.World.Machine(name)
	switch a := a.(type) {
	case core.Send:
		if again := s.said[a.Msg]; again {
			return // a retransmission tells of the past
		}
		s.said[a.Msg] = true
		if a.Msg.Str("t") == "resource" {
			s.compare(m, "its claim", strings.Fields(a.Msg.Str("hbd_groups")))
		}
		if a.Msg.Str("t") == "shutdone" {
			s.compare(m, "its goodbye", nil)
		}
	case core.Log:
		if strings.HasSuffix(a.Text, ": is dead") && !s.split {
			s.noDeathOfTheLiving(m)
		}
	}
}

// Cases are what a simulation must have reached, in the words of its log.
var Cases = []string{
	"Other node completed standby takeover", "Cancelling pending standby operation", "No reply to standby request",
	"Standby in progress", "Both machines own resource group", "has released", "does not hear this node",
	"returning after partition", "Heartbeat restart on node", "could not be stopped", "Giving up resources",
	"Running here already", "it seems to hang", "lost packet(s)", "This node was held up", "Received shutdown notice",
	"mach_down takeover complete", "Resource takeover cancelled",
}

func (s *Simulation) tally(a core.Action) {
	text := ""
	switch a := a.(type) {
	case core.Log:
		text = a.Text
	case core.Reboot:
		text = a.Reason
	}
	for _, c := range Cases {
		if text != "" && strings.Contains(text, c) {
			s.Tally[c]++
		}
	}
}

// compare says that a machine claims less than what runs there. A claim may be larger: what is
// about to start, or may not have stopped.
func (s *Simulation) compare(m *Machine, where string, claimed []string) {
	for _, g := range s.World.Groups {
		held := false
		for _, c := range claimed {
			held = held || strings.HasSuffix(c, ":"+g.Resources[0])
		}
		for _, r := range g.Resources {
			if m.Running[r] && !held {
				s.fail("%s runs on %s, but %s does not name the group: %v", r, m.Name, where, claimed)
			}
		}
	}
}

// noDeathOfTheLiving: the other machine holds something, beats, and nothing was done to its
// beats that could make it look dead.
func (s *Simulation) noDeathOfTheLiving(m *Machine) {
	for _, o := range s.World.Machines() {
		if o != m && o.Core != nil && len(o.Running) > 0 && o.Core.View(s.World.Now).State == "active" {
			s.fail("%s declares %s dead, which lives", m.Name, o.Name)
		}
	}
}

func (s *Simulation) fail(format string, args ...any) {
	if s.verdict == nil {
		s.verdict = fmt.Errorf("%s: %s", stamp(s.World.Now), fmt.Sprintf(format, args...))
	}
}

// guarantees are what must hold at every moment.
func (s *Simulation) guarantees() error {
	w := s.World
	if len(w.Both) > 0 && !s.split && !s.lying {
		s.fail("two owners without a split: %v", w.Both)
	}
	for _, m := range w.Machines() {
		if m.Core == nil || s.lying {
			continue
		}
		var claimed []string
		probed := true
		for _, g := range m.Core.View(w.Now).Groups {
			probed = probed && g.State != "unknown" && g.State != "probing"
			if g.Owner == m.Name || g.Owner == "both" {
				claimed = append(claimed, ":"+g.Key)
			}
		}
		if probed {
			s.compare(m, "its status", claimed)
		}
	}
	s.count()
	return s.verdict
}

// Bounds on what a core may send and how often it may wake up in a minute, in multiples of its
// beats. Beyond the beats there are acknowledgements, requests for what was lost, claims.
const (
	sentBound = 4
	tickBound = 8
)

// count looks at the last minute or more of every machine.
func (s *Simulation) count() {
	w := s.World
	span := w.Now - s.start
	if span < time.Minute {
		return
	}
	beats := float64(span)/float64(w.Options.Keepalive) + 50
	for _, m := range w.Machines() {
		sent, ticks := float64(m.Sent-s.sent[m])/beats, float64(m.Ticks-s.ticks[m])/beats
		s.maxSent, s.maxTicks = max(s.maxSent, sent), max(s.maxTicks, ticks)
		if sent > sentBound || ticks > tickBound {
			s.fail("%s sent %.1f and woke up %.1f times as often as it beats in %s", m.Name, sent, ticks, span)
		}
		s.sent[m], s.ticks[m] = m.Sent, m.Ticks
	}
	s.start = w.Now
}

// calm mends everything, starts both nodes and waits until all is as it must be; then it must
// stay so.
func (s *Simulation) calm() error {
	w := s.World
	s.Trace("%s calm", stamp(w.Now))
	s.mend()
	path := w.Path
	w.Path = nil
	s.normalScripts()
	for _, m := range w.Machines() {
		w.Unhang(m)
		w.Resume(m)
	}
	patience := w.Now + 4*w.Options.Initdead + 3*time.Minute
	for s.judge() != nil && w.Now < patience && s.verdict == nil {
		for _, m := range w.Machines() {
			w.Boot(m) // one may still have been stopping
		}
		w.Advance(w.Options.Deadtime)
	}
	for range 2 {
		if err := s.judge(); err != nil {
			s.fail("when all is calm: %v", err)
		}
		w.Advance(w.Options.Deadtime + 12*time.Second) // longer than any clash, join or answer is waited for
	}
	if err := s.guarantees(); err != nil {
		return err
	}
	w.Path, w.Both, s.split = path, nil, false
	clear(s.said)
	return nil
}

// judge says what is not as it must be: each group runs, all of it, on exactly one node, and
// both nodes agree which.
func (s *Simulation) judge() error {
	w := s.World
	var views []core.View
	for _, m := range w.Machines() {
		if m.Core == nil {
			return fmt.Errorf("no daemon on %s", m.Name)
		}
		v := m.Core.View(w.Now)
		views = append(views, v)
		if v.Holding == "transition" {
			return fmt.Errorf("%s is in transition: %+v", m.Name, v)
		}
	}
	for i, g := range w.Groups {
		owner := views[0].Groups[i].Owner
		if views[1].Groups[i].Owner != owner || owner == "" || owner == "both" {
			return fmt.Errorf("%s is owned by %q for alpha, by %q for beta", g.Resources[0], owner, views[1].Groups[i].Owner)
		}
		if s.lying {
			continue
		}
		for _, r := range g.Resources {
			if on := w.Owners(r); len(on) != 1 || on[0] != owner {
				return fmt.Errorf("%s runs on %v, its owner is %s", r, on, owner)
			}
		}
		if w.Options.Failback == core.FailbackLegacy && owner != g.Home && !s.failing {
			return fmt.Errorf("%s runs on %s in spite of legacy failback", g.Resources[0], owner)
		}
	}
	return nil
}
