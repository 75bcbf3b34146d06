package duel

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"heartbeatd/internal/lab"
)

// duel is a run of the tool.
type duel struct {
	cache        string
	ours, c      *lab.Software
	procs        *processes
	repeat       int
	beats        int64
	millionPairs int
	quick        bool
	out          io.Writer
	spoiled      atomic.Int32
}

// software are those that are compared in everything heartbeat does; they take turns in this order.
func (d *duel) software() []*lab.Software { return []*lab.Software{d.c, d.ours} }

// times is how often something is done.
func (d *duel) times(full, quick int) int {
	if d.quick {
		return quick
	}
	return full
}

// long is how long something is watched.
func (d *duel) long(full, quick time.Duration) time.Duration {
	if d.quick {
		return quick
	}
	return full
}

// names are what the table calls a software.
func (d *duel) nameOf(s *lab.Software) string {
	if s == d.c {
		return nameC
	}
	return nameOurs
}

// bigDisk holds what 3.0.6 writes to its log under a flood.
const bigDisk = 1024

// pairs makes a pair of each software; no daemon is started.
func (d *duel) pairs(c cluster, of ...*lab.Software) (pairs []*pair, err error) {
	for _, s := range of {
		p, err := newPair(d.nameOf(s), s, lab.HostOptions{Disk: bigDisk}, c.links, d.procs, c.configure)
		if err != nil {
			closeAll(pairs)
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// spoiledAtMost ends a run that gets nowhere.
const spoiledAtMost = 10

// again plays something on a pair, and once more from the begin if it could not be played: then what it has
// noted does not count. How often that was is told.
func (d *duel) again(b *book, p *pair, play func() error) error {
	for {
		had := len(b.samples)
		err := play()
		if err == nil {
			return nil
		}
		b.samples = b.samples[:had]
		spoiled := d.spoiled.Add(1)
		fmt.Fprintf(d.out, "%s: not counted: %v\n", p.name, err)
		p.showLogs(os.Stderr)
		if spoiled > spoiledAtMost {
			return fmt.Errorf("%s: the last of %d plays that could not be played: %w", p.name, spoiled, err)
		}
		if err := p.reset(); err != nil {
			return err
		}
	}
}

// showLogs writes the end of what both nodes have logged and printed, for those who look for the reason.
func (p *pair) showLogs(w io.Writer) {
	for _, h := range p.nodes {
		text, _ := h.ReadFile("/var/log/ha-log")
		text += h.Console()
		text = text[max(0, len(text)-4096):]
		fmt.Fprintf(w, "%s, %s:\n%s\n", p.name, h.Name, text)
	}
}
