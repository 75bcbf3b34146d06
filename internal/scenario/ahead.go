package scenario

import (
	"fmt"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// pacer is what sends a machine's beats at their moments, in a process of its own.
type pacer struct {
	gone  bool     // there is none, and the daemon knows
	stuck bool     // it takes beats and sends none
	lease int      // beats of an earlier one were taken back
	went  int      // sent, and not yet told to the core
	late  []func() // due while the whole machine stood still
}

// stamp completes what a core hears about its beats ahead of time.
func (w *World) stamp(m *Machine, s *core.Stamp) {
	if !w.OptionsOf(m).Ahead {
		return
	}
	p := &m.pacer
	s.Ahead, s.Went = !p.gone, p.went
	p.went = 0
	s.TakeBack = func() int {
		n := p.went
		p.went = 0
		p.lease++
		return n
	}
}

// lend hands the beats of the near future over, as the daemon does after each event.
func (w *World) lend(m *Machine) {
	for {
		msg := &wire.Message{}
		at, ok := m.Core.BeatAhead(msg)
		if !ok {
			return
		}
		life, lease := m.life, m.pacer.lease
		var do func()
		do = func() {
			switch {
			case m.life != life || m.pacer.lease != lease:
			case m.stalled && !m.paced:
				m.pacer.late = append(m.pacer.late, do)
			default:
				w.pace(m, msg)
			}
		}
		w.At(at, do)
	}
}

// catchUp is the first thing that a pacer does when its machine goes on: what was due goes out in a burst.
func (w *World) catchUp(m *Machine) {
	late := m.pacer.late
	m.pacer.late = nil
	for _, do := range late {
		do()
	}
}

// pace sends a beat.
func (w *World) pace(m *Machine, msg *wire.Message) {
	p := &m.pacer
	if p.stuck || p.gone {
		p.lease++ // numbers go out in their order or not at all
		return
	}
	p.went++
	a := core.Send{Msg: msg}
	w.act(m, a)
	if w.Emit != nil {
		w.Emit(m, a)
	}
}

// setPacer reads: on, off or stuck.
func (m *Machine) setPacer(how string) error {
	switch how {
	case "on", "off", "stuck":
		m.pacer.gone, m.pacer.stuck = how == "off", how == "stuck"
		return nil
	}
	return fmt.Errorf("want: pacer NODE on|off|stuck")
}

// Horizon is how long a machine's beats go on when only its decider is held up.
func (w *World) Horizon(m *Machine) time.Duration {
	o := w.OptionsOf(m)
	if !o.Ahead {
		return 0
	}
	return o.Deadtime/2 + o.Keepalive
}
