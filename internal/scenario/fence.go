package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"heartbeatd/internal/core"
)

// Device is the STONITH device that a machine uses. It cuts the other machine's power.
type Device struct {
	Take  time.Duration // what an attempt takes
	Fails int           // so many attempts fail; negative: all
	Hang  bool          // an attempt does not end by itself
	Lie   bool          // says that it has done what it has not
	Alien bool          // knows no such machine
}

// DefaultTake is what a device takes of which nothing is said.
const DefaultTake = 500 * time.Millisecond

// attempt is a device at work.
type attempt struct {
	asked core.Fence
	life  uint64 // of the daemon that asked
	power uint64 // the program that asks the device ends with its machine
	hangs bool
}

// fence sends the device.
func (w *World) fence(m *Machine, a core.Fence) {
	t := &attempt{a, m.life, m.power, m.Device.Hang}
	m.attempts = append(m.attempts, t)
	if !t.hangs {
		w.At(w.Now+m.Device.Take, func() { w.fenced(m, t) })
	}
}

// fenced is the moment the device acts, and says so.
func (w *World) fenced(m *Machine, t *attempt) {
	i := slices.Index(m.attempts, t)
	if i < 0 {
		return
	}
	m.attempts = slices.Delete(m.attempts, i, i+1)
	if m.power != t.power {
		return
	}
	d := &m.Device
	done := core.FenceDone{Attempt: t.asked.Attempt, PID: 100 + t.asked.Attempt}
	switch {
	case t.hangs:
		done.Code, done.Output = 1, "given up"
	case d.Alien:
		done.Code, done.Output = 100, "no such machine"
	case d.Fails != 0:
		d.Fails = max(d.Fails-1, -1)
		done.Code, done.Output = 1, "no answer"
	default:
		done.OK = true
		if target := w.Machine(t.asked.Node); target != nil && !d.Lie {
			w.Crash(target)
		}
	}
	if m.life == t.life {
		w.Step(m, done)
	}
}

// Fencing says that a device was asked by the machine and is still at work.
func (m *Machine) Fencing() bool { return len(m.attempts) > 0 }

// endHanging gives up attempts that do not end by themselves, as the daemon does after a while.
func (w *World) endHanging(m *Machine) {
	for _, t := range slices.Clone(m.attempts) {
		if t.hangs {
			w.fenced(m, t)
		}
	}
}

// setDevice reads: works [D], fails [N], hangs, ends, lies, alien.
func (w *World) setDevice(m *Machine, f []string) error {
	arg := ""
	if len(f) > 1 {
		arg = f[1]
	}
	d := Device{Take: m.Device.Take}
	switch f[0] {
	case "works":
		if arg != "" {
			take, err := time.ParseDuration(arg)
			if err != nil {
				return err
			}
			d.Take = take
		}
	case "fails":
		d.Fails = -1
		if arg != "" {
			n, err := strconv.Atoi(arg)
			if err != nil {
				return err
			}
			d.Fails = n
		}
	case "hangs":
		d.Hang = true
	case "ends":
		w.endHanging(m)
		return nil
	case "lies":
		d.Lie = true
	case "alien":
		d.Alien = true
	default:
		return fmt.Errorf("want: device NODE works [D]|fails [N]|hangs|ends|lies|alien")
	}
	m.Device = d
	return nil
}

// device is what the core calls it.
func (o *Options) device() string {
	if o.Stonith {
		return "device"
	}
	return ""
}
