package scenario

import (
	"fmt"
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// Net is what happens to datagrams under way. Latency is added to all of its times.
type Net struct {
	Loss     int           // in percent
	Double   int           // in percent: they arrive twice
	Late     int           // in percent: they travel longer, by up to LateBy, and are overtaken
	LateBy   time.Duration //
	Slow     time.Duration // all travel so much longer
	dice     uint64        // state of a generator that every scenario begins anew
	delays   map[string]time.Duration
	anyDelay bool
}

// NewNet is a net that neither loses, doubles nor delays.
func NewNet() Net { return Net{dice: 1} }

// Longest is the longest a datagram travels.
func (p *Net) Longest() time.Duration {
	d := Latency + p.Slow
	if p.Late > 0 {
		d += p.LateBy
	}
	if p.Double > 0 {
		d += doubleAfter
	}
	for _, by := range p.delays {
		d = max(d, Latency+by)
	}
	return d
}

// doubleAfter is when the second copy of a doubled datagram arrives after the first, at most.
const doubleAfter = 2 * time.Millisecond

// copies says how much longer each copy of a datagram travels.
func (p *Net) copies(from string, msg *wire.Message) (extra [2]time.Duration, n int) {
	if p.Loss > 0 && p.roll() < p.Loss {
		return extra, 0
	}
	if p.anyDelay {
		t := from + " " + msg.Str("t")
		d, ok := p.delays[t+"/"+msg.Str("info")]
		if !ok {
			d = p.delays[t]
		}
		extra[0] = d
	}
	extra[0] += p.Slow
	if p.Late > 0 && p.roll() < p.Late {
		extra[0] += time.Duration(p.next() % uint64(p.LateBy/time.Microsecond+1) * uint64(time.Microsecond))
	}
	if p.Double > 0 && p.roll() < p.Double {
		extra[1] = extra[0] + time.Duration(p.next()%uint64(doubleAfter))
		return extra, 2
	}
	return extra, 1
}

// next is Knuth's MMIX generator; its high bits are good enough for this.
func (p *Net) next() uint64 {
	p.dice = p.dice*6364136223846793005 + 1442695040888963407
	return p.dice >> 33
}

// roll gives 0 to 99.
func (p *Net) roll() int { return int(p.next() % 100) }

// splitmix is the generator of the random numbers that cores are given.
func splitmix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Dice begins all that is random anew.
func (w *World) Dice(n uint64) { w.Net.dice, w.rand = n, n|1<<63 }

// onNet runs the commands on the net; ok is false if f is none of them.
func (p *Player) onNet(f []string) (ok bool, err error) {
	n := &p.World.Net
	want := map[string]int{"loss": 1, "double": 1, "late": 2, "slow": 1, "delay": 3, "dice": 1}
	args, ok := want[f[0]]
	if !ok {
		return false, nil
	}
	if len(f)-1 != args {
		return true, fmt.Errorf("want: loss PERCENT, double PERCENT, late PERCENT D, slow D, delay FROM TYPE[/INFO] D, dice N")
	}
	switch f[0] {
	case "loss":
		n.Loss, err = strconv.Atoi(f[1])
	case "double":
		n.Double, err = strconv.Atoi(f[1])
	case "slow":
		n.Slow, err = time.ParseDuration(f[1])
	case "late":
		if n.Late, err = strconv.Atoi(f[1]); err == nil {
			n.LateBy, err = time.ParseDuration(f[2])
		}
	case "delay":
		if n.delays == nil {
			n.delays = map[string]time.Duration{}
		}
		n.delays[f[1]+" "+f[2]], err = time.ParseDuration(f[3])
		n.anyDelay = true
	case "dice":
		var d uint64
		d, err = strconv.ParseUint(f[1], 10, 63)
		p.World.Dice(d)
	}
	return true, err
}
