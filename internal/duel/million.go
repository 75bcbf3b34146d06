package duel

import (
	"fmt"
	"time"

	"heartbeatd/internal/lab"
)

// millionLoad is what works against a million beats.
var millionLoad = map[string]int{"cpu": 4, "memory": 1, "disk": 1, "fork": 1}

// million: pairs of heartbeatd with keepalive 10 ms and deadtime 50 ms, under hogs of every kind, until they have
// sent a million beats. Whoever is declared dead lived.
func (d *duel) million(b *book) error {
	c := cluster{keepalive: 10 * time.Millisecond, deadtime: 50 * time.Millisecond, links: 1}
	var ask []*lab.Software
	for range d.millionPairs {
		ask = append(ask, d.ours)
	}
	pairs, err := d.pairs(c, ask...)
	if err != nil {
		return err
	}
	defer closeAll(pairs)
	for _, p := range pairs {
		if err := p.up(); err != nil {
			return err
		}
	}
	load, err := startHogs(millionLoad)
	if err != nil {
		return err
	}
	defer load.stop()
	watch, err := startSentries()
	if err != nil {
		return err
	}
	defer watch.stop()
	dead := map[*pair]int{}
	from := time.Now()
	for _, p := range pairs {
		dead[p] = p.deaths()
		p.mark()
	}
	want := int(d.beats)
	for told := time.Now(); ; time.Sleep(time.Second) {
		beats, deaths := 0, 0
		for _, p := range pairs {
			beats += p.wire.count(beatFrame)
			deaths += p.deaths() - dead[p]
		}
		if time.Since(told) > 30*time.Second {
			told = time.Now()
			fmt.Fprintf(b.out, "%d of %d beats after %v, %d deaths\n", beats, want, time.Since(from).Round(time.Second), deaths)
		}
		if beats >= want {
			break
		}
		if time.Since(from) > time.Duration(want/len(pairs))*10*time.Millisecond {
			return fmt.Errorf("only %d of %d beats after %v: no pair beats as it should", beats, want, time.Since(from))
		}
	}
	to := time.Now().UnixNano()
	for _, p := range pairs {
		for node := range p.nodes {
			p.late(b, rowMillion, node, c, from.UnixNano(), to, watch)
		}
		b.put(rowDeaths, p.name, float64(p.deaths()-dead[p]), nil)
	}
	return nil
}

// count is the number of frames of a kind since the last forget.
func (t *wiretap) count(kind frameKind) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.frames {
		if f.kind == kind {
			n++
		}
	}
	return n
}
