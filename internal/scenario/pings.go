package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// pingNodes reads a list of names: ping nodes that stand behind the nodes in ha.cf.
func pingNodes(list string) (all []core.PingConfig) {
	for _, name := range strings.Split(list, ",") {
		all = append(all, core.PingConfig{Name: name, Kind: "ping", After: 2})
	}
	return all
}

// ping lets the ping nodes answer a machine that has a cable.
func (w *World) ping(m *Machine) {
	if !slices.Contains(m.cut, false) {
		return
	}
	for _, n := range w.OptionsOf(m).Pings {
		if m.silent[n.Name] {
			continue
		}
		life, at := m.life, w.Now+2*Latency
		w.At(at, func() {
			if m.life == life && slices.Contains(m.cut, false) {
				w.Step(m, core.Answered{Node: n.Name, Heard: at + time.Nanosecond})
			}
		})
	}
}

// Silence makes a ping node answer a machine no more, or again.
func (w *World) Silence(name string, to *Machine, silent bool) {
	if to.silent == nil {
		to.silent = map[string]bool{}
	}
	to.silent[name] = silent
}

// onPings runs the commands on ping nodes; ok is false if f is none of them.
func (p *Player) onPings(f []string) (ok bool, err error) {
	if f[0] != "silence" && f[0] != "answer" {
		return false, nil
	}
	if len(f) < 2 {
		return true, fmt.Errorf("want: %s NAME [NODE...]", f[0])
	}
	to := p.World.Machines()
	if len(f) > 2 {
		to = nil
	}
	for _, name := range f[2:] {
		m := p.World.Machine(name)
		if m == nil {
			return true, fmt.Errorf("unknown node %s", name)
		}
		to = append(to, m)
	}
	for _, m := range to {
		p.World.Silence(f[1], m, f[0] == "silence")
	}
	return true, nil
}
