package duel

import (
	"fmt"
	"os"
	"time"
)

// idle: three media, keepalive 100 ms, nothing happens. Both softwares at the same time: what is read is their
// own use of the processor.
func (d *duel) idle(b *book) error {
	c := cluster{keepalive: 100 * time.Millisecond, deadtime: 2 * time.Second, links: 3}
	pairs, err := d.pairs(c, d.software()...)
	if err != nil {
		return err
	}
	defer closeAll(pairs)
	for _, p := range pairs {
		if err := p.up(); err != nil {
			return err
		}
	}
	time.Sleep(3 * time.Second)
	begin := time.Now()
	before := map[*pair][2]usage{}
	for _, p := range pairs {
		before[p] = [2]usage{usageOf(p.nodes[0]), usageOf(p.nodes[1])}
	}
	time.Sleep(d.long(60*time.Second, 3*time.Second))
	for _, p := range pairs {
		for i, was := range before[p] {
			is := usageOf(p.nodes[i])
			per1000 := 1000 / time.Since(begin).Seconds()
			each := map[string]float64{}
			for name, used := range is.each {
				each[name] = (used - was.each[name]).Seconds() * per1000
			}
			b.put(rowIdle, p.name, (is.processor-was.processor).Seconds()*per1000, each)
		}
	}
	// What two nodes on one machine share would be halved: one of them goes.
	for _, p := range pairs {
		owner := p.runs()
		if owner < 0 {
			return fmt.Errorf("%s: the service does not run once", p.name)
		}
		if err := p.nodes[1-owner].StopDaemon(); err != nil {
			return err
		}
		time.Sleep(time.Second)
		for range 3 {
			is := usageOf(p.nodes[owner])
			b.put(rowMemory, p.name, float64(is.memory)/(1<<20), map[string]float64{"processes": float64(is.processes)})
		}
	}
	return nil
}

// hogged: keepalive 50 ms, and six programs that calculate. The softwares take turns; of 3.0.6, whose worst beats are
// not one in ten thousand, fewer are looked at.
func (d *duel) hogged(b *book) error {
	c := cluster{keepalive: 50 * time.Millisecond, deadtime: 2 * time.Second, links: 1}
	pairs, err := d.pairs(c, d.software()...)
	if err != nil {
		return err
	}
	defer closeAll(pairs)
	load, err := startHogs(map[string]int{"cpu": 6})
	if err != nil {
		return err
	}
	defer load.stop()
	watch, err := startSentries()
	if err != nil {
		return err
	}
	defer watch.stop()
	for range d.times(3, 1) {
		for _, p := range pairs {
			if err := p.up(); err != nil {
				return err
			}
			time.Sleep(time.Second)
			from := p.mark()
			lasts := 85 * time.Second
			if p.name == nameC {
				lasts = 20 * time.Second
			}
			time.Sleep(d.long(lasts, 5*time.Second))
			to := time.Now().UnixNano()
			for node := range p.nodes {
				p.late(b, rowLate, node, c, from, to, watch)
			}
			if err := p.down(); err != nil {
				return err
			}
		}
	}
	return nil
}

// late notes how late a node's beats were, and the longest pause between two.
func (p *pair) late(b *book, row rowKey, node int, c cluster, from, to int64, watch *sentries) {
	for link := range c.links {
		at := p.beats(node, link, from, to)
		for _, l := range lateness(at, int64(c.keepalive)) {
			b.keep(row, p.name, milliseconds(l.by), nil)
			b.keep(row+own, p.name, milliseconds(l.own(watch)), nil)
		}
		b.keep(row, p.name+pauses, milliseconds(longestPause(at, int64(c.keepalive))), nil)
	}
}

// flooded: forged datagrams to one node.
func (d *duel) flooded(b *book) error {
	c := cluster{keepalive: 200 * time.Millisecond, deadtime: 2 * time.Second, links: 1}
	pairs, err := d.pairs(c, d.software()...)
	if err != nil {
		return err
	}
	defer closeAll(pairs)
	watch, err := startSentries()
	if err != nil {
		return err
	}
	defer watch.stop()
	for range d.times(3, 1) {
		for _, p := range pairs {
			if err := p.up(); err != nil {
				return err
			}
			if err := d.flood(b, p, c, watch); err != nil {
				return err
			}
			if err := p.down(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *duel) flood(b *book, p *pair, c cluster, watch *sentries) error {
	time.Sleep(time.Second)
	forged, err := p.forgery()
	if err != nil {
		return err
	}
	log := p.nodes[0].Path("/var/log/ha-log")
	size := func() int64 {
		info, err := os.Stat(log)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	dead, from, bytes, before := p.deaths(), p.mark(), size(), usageOf(p.nodes[0])
	sent, err := p.send(forged, floodRate, d.long(8*time.Second, time.Second))
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // what waits is read
	to := time.Now().UnixNano()
	used := usageOf(p.nodes[0]).processor - before.processor
	lates := lateness(p.beats(0, 0, from, to), int64(c.keepalive))
	worst, tooLate, ownLate := int64(0), 0, 0
	for _, l := range lates {
		worst = max(worst, l.by)
		if l.by > int64(lateBeat) {
			tooLate++
		}
		if l.own(watch) > int64(lateBeat) {
			ownLate++
		}
	}
	rate := float64(sent) / d.long(8*time.Second, time.Second).Seconds()
	b.put(rowFloodRate, p.name, rate, nil)
	b.put(rowFloodCPU, p.name, used.Seconds(), nil)
	b.put(rowFloodLog, p.name, float64(size()-bytes)/1024, nil)
	b.put(rowFloodDead, p.name, float64(p.deaths()-dead), nil)
	b.put(rowFloodLate, p.name, float64(tooLate), map[string]float64{"beats": float64(len(lates)), "worst": milliseconds(worst)})
	b.put(rowFloodLate+own, p.name, float64(ownLate), nil)
	return os.Truncate(log, 0)
}
