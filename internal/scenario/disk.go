package scenario

import "time"

// Disk is where a machine keeps its generation: a file of /var/lib and a copy in /run, which a
// power cut empties. The rules are those of internal/daemon, identity.go.
type Disk struct {
	Full bool // nothing can be written, in both places

	lib, run saved
	since    time.Duration // of the newest boot of the machine
}

type saved struct {
	gen uint64
	at  int64 // by the machine's own clock; 0: there is no file
}

// generation is that of a daemon which starts at this wall clock, and how long it waits first
// because it could not save it.
func (d *Disk) generation(now int64, uptime time.Duration) (gen uint64, wait time.Duration) {
	gen = uint64(now) + 1
	ahead := false
	for _, s := range []saved{d.lib, d.run} {
		if s.at != 0 {
			gen = max(gen, s.gen+uint64(max(1, now-s.at)))
			ahead = ahead || s.at > now
		}
	}
	if !d.Full {
		d.lib, d.run = saved{gen, now}, saved{gen, now}
		return gen, 0
	}
	if ahead {
		gen += uint64(uptime / time.Second)
	}
	return gen, 2 * time.Second
}

// Lose removes the generation's file, or both copies.
func (d *Disk) Lose(both bool) {
	d.lib = saved{}
	if both {
		d.run = saved{}
	}
}

// Future makes the file one that was written far in the future.
func (d *Disk) Future(by uint64) { d.lib.gen += by }

func (d *Disk) powerCut(now time.Duration) { d.run, d.since = saved{}, now }

// wall is the clock of a machine.
func (w *World) wall(m *Machine) int64 { return epoch + int64((w.Now+m.Clock)/time.Second) }

// Renew makes the next generation one above n, as an operator does who writes the file.
func (w *World) Renew(m *Machine, n uint64) {
	if m.Disk.lib.gen < n {
		m.Disk.lib = saved{n, w.wall(m)}
	}
}
