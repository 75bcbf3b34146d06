package scenario

import (
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// tape is what somebody on the network has recorded of a machine. It outlives the machine.
type tape struct {
	ring [64]*wire.Message
	n    int
}

func (m *Machine) record(msg *wire.Message) {
	m.tape.ring[m.tape.n%len(m.tape.ring)] = msg
	m.tape.n++
}

// Replay plays the newest n messages of a machine again, a millisecond apart, to all others.
// Whoever does so needs no key.
func (w *World) Replay(from *Machine, n int) {
	t := &from.tape
	n = min(n, t.n, len(t.ring))
	for i := range n {
		msg := t.ring[(t.n-n+i)%len(t.ring)]
		w.At(w.Now+time.Duration(i)*time.Millisecond, func() {
			for _, to := range w.nodes {
				if to == from || to.peer != nil || to.handing || to.Key != from.Key {
					continue
				}
				if w.Arrived != nil {
					w.Arrived(to, msg, true)
				}
				w.Step(to, core.Received{Link: w.Options.Links[0], Msg: msg})
			}
		})
	}
}
