package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// replaceGap is how long nobody decides and nobody listens while a daemon replaces itself.
const replaceGap = 20 * time.Millisecond

// Replace lets a daemon replace itself as soon as nothing stands in its way; its successor has the ha.cf and the
// haresources of that moment. Its state goes through JSON, as in the daemon.
func (w *World) Replace(m *Machine) {
	if m.Core == nil && !m.handing {
		return // there is nobody to do so
	}
	m.replacing = true
	w.tryReplace(m)
}

// tryReplace is asked again after every event.
func (w *World) tryReplace(m *Machine) {
	if !m.replacing || m.Core == nil || m.stalled || m.draining || m.Core.Replaceable() != "" {
		return
	}
	m.replacing = false
	w.step(m, core.Handover{})
	if m.Core == nil {
		return
	}
	if m.Core.Replaceable() != "" { // time has passed, and something has begun
		m.replacing = true
		w.afterStep(m)
		return
	}
	next, err := w.successor(m)
	if err != nil {
		w.refused(m, err)
		w.afterStep(m)
		return
	}
	m.Core, m.booting, m.handing, m.tickAt = nil, true, true, core.NoTick
	life := m.life
	w.At(w.Now+replaceGap, func() {
		if m.life != life {
			return
		}
		events := m.waiting
		m.booting, m.handing, m.Core, m.Replaced, m.waiting = false, false, next, w.Now, nil
		w.Step(m, core.Resumed{})
		for _, ev := range events {
			w.Step(m, ev)
		}
	})
}

// missed is what happens while nobody decides: an operator's word waits, a datagram is lost.
func (m *Machine) missed(ev core.Event) {
	switch ev.(type) {
	case core.StopCommand, core.StandbyCommand, core.TakeoverCommand:
		if m.handing {
			m.waiting = append(m.waiting, ev)
		}
	}
}

// successor goes on from what the core of a machine says.
func (w *World) successor(m *Machine) (*core.Core, error) {
	b, err := json.Marshal(m.Core.Snapshot())
	if err != nil {
		return nil, err
	}
	var s core.Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	return core.Resume(w.config(m), s)
}

// refused says that the daemon goes on as it was.
func (w *World) refused(m *Machine, err error) {
	m.Refused = err
	if w.Emit != nil {
		w.Emit(m, core.Log{From: "heartbeat", Level: core.Error, Text: fmt.Sprintf("not replaced: %v", err)})
	}
}

// Replacing says that a machine's daemon is to replace itself, and has not yet.
func (m *Machine) Replacing() bool { return m.replacing || m.handing }

// edit gives a machine another haresources: HOME RESOURCE... [; HOME RESOURCE...].
func (w *World) edit(m *Machine, f []string) error {
	var groups []core.GroupConfig
	for _, line := range strings.Split(strings.Join(f, " "), ";") {
		words := strings.Fields(line)
		if len(words) < 2 {
			return fmt.Errorf("want: edit NODE HOME RESOURCE... [; HOME RESOURCE...]")
		}
		groups = append(groups, core.GroupConfig{Home: words[0], Resources: words[1:]})
	}
	w.Files[m.Name], w.edited = groups, true
	return nil
}

// allGroups are those of the scenario, and what an edited file has besides.
func (w *World) allGroups() []core.GroupConfig {
	all := slices.Clone(w.Groups)
	seen := map[string]bool{}
	for _, g := range all {
		for _, r := range g.Resources {
			seen[r] = true
		}
	}
	for _, m := range w.nodes {
		for _, g := range w.Files[m.Name] {
			var more []string
			for _, r := range g.Resources {
				if !seen[r] && w.edited {
					more = append(more, r)
				}
				seen[r] = true
			}
			if len(more) > 0 {
				all = append(all, core.GroupConfig{Home: g.Home, Resources: more})
			}
		}
	}
	return all
}
