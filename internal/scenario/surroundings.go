package scenario

import (
	"fmt"
	"strconv"
	"time"
)

// stall holds a daemon up, for a while if one is given.
func stall(w *World, m *Machine, arg, what string) error {
	switch what {
	case "":
		w.Stall(m)
	case "decider":
		w.StallDecider(m)
	default:
		return fmt.Errorf("want: stall NODE [D [decider]]")
	}
	if arg == "" {
		return nil
	}
	d, err := time.ParseDuration(arg)
	number := m.stalls
	w.At(w.Now+d, func() {
		if m.stalls == number {
			w.Resume(m)
		}
	})
	return err
}

// onSurroundings runs the commands on what a machine stands on: its disk, its key, its files.
func (p *Player) onSurroundings(m *Machine, f []string) error {
	arg := ""
	if len(f) > 2 {
		arg = f[2]
	}
	switch f[0] {
	case "own":
		o, ok := p.World.Own[m.Name]
		if !ok {
			o = p.options
		}
		err := o.set(f[2:])
		p.World.Own[m.Name] = o
		return err
	case "key":
		m.Key = arg
	case "takes":
		return m.setTakes(f[2:])
	case "foreign":
		m.Foreign = true
	case "pacer":
		return m.setPacer(arg)
	case "stuck":
		m.Stuck = true
	case "device":
		if arg == "" {
			return fmt.Errorf("want: device NODE works...")
		}
		return p.World.setDevice(m, f[2:])
	case "replay":
		n, err := strconv.Atoi(arg)
		p.World.Replay(m, n)
		return err
	case "disk":
		return m.Disk.set(arg)
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (m *Machine) setTakes(f []string) error {
	if len(f) != len(m.Takes) {
		return fmt.Errorf("want: takes NODE START STOP STATUS")
	}
	for i, w := range f {
		d, err := time.ParseDuration(w)
		if err != nil {
			return err
		}
		m.Takes[i] = d
	}
	return nil
}

func (d *Disk) set(what string) error {
	switch what {
	case "full":
		d.Full = true
	case "lost":
		d.Lose(false)
	case "empty":
		d.Lose(true)
	case "future":
		d.Future(1 << 20)
	case "ok":
		d.Full = false
	default:
		return fmt.Errorf("want: disk NODE full|lost|empty|future|ok")
	}
	return nil
}

// Mend ends every fault: cables, net, keys, disks, scripts, stalls. A machine whose generation the
// others have seen surpassed is a stranger to them until somebody mends the file; that is done too.
func (w *World) Mend() {
	dice := w.Net.dice
	w.Net = NewNet()
	w.Net.dice = dice
	for _, m := range w.nodes {
		clear(m.cut)
		clear(m.deaf)
		clear(m.silent)
		m.Key, m.Disk.Full, m.Stuck = "", false, false
		m.Scripts = map[string]Script{}
		m.pacer.gone, m.pacer.stuck = false, false
		m.Device = Device{Take: m.Device.Take}
	}
	for _, m := range w.nodes {
		w.Unhang(m)
		w.endHanging(m)
		w.Resume(m)
	}
}

// calm mends everything, starts what is off and lets time pass.
func (p *Player) calm(f []string) error {
	w := p.World
	w.Mend()
	var d time.Duration
	var err error
	if len(f) > 0 {
		d, err = time.ParseDuration(f[0])
	}
	for _, m := range w.nodes {
		w.Boot(m)
	}
	w.Advance(d)
	return err
}
