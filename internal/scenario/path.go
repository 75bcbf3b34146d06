package scenario

import (
	"fmt"
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// path is what a scenario does to datagrams under way.
type path struct {
	loss   int                      // in percent
	dice   uint64                   // state of a generator that every scenario begins anew
	delays map[string]time.Duration // by "FROM TYPE" or "FROM TYPE/INFO"
}

func newPath() *path { return &path{dice: 1, delays: map[string]time.Duration{}} }

func (p *path) copies(from, _, _ string, msg *wire.Message) []time.Duration {
	if p.loss > 0 && p.roll() < p.loss {
		return nil
	}
	t := from + " " + msg.Str("t")
	if d, ok := p.delays[t+"/"+msg.Str("info")]; ok {
		return []time.Duration{d}
	}
	return []time.Duration{p.delays[t]}
}

// roll gives 0 to 99. Knuth's MMIX generator; its high bits are good enough for losses.
func (p *path) roll() int {
	p.dice = p.dice*6364136223846793005 + 1442695040888963407
	return int(p.dice >> 33 % 100)
}

func (p *path) setLoss(f []string) (err error) {
	if len(f) != 1 {
		return fmt.Errorf("want: loss PERCENT")
	}
	p.loss, err = strconv.Atoi(f[0])
	return err
}

func (p *path) setDelay(f []string) (err error) {
	if len(f) != 3 {
		return fmt.Errorf("want: delay FROM TYPE[/INFO] DURATION")
	}
	p.delays[f[0]+" "+f[1]], err = time.ParseDuration(f[2])
	return err
}
