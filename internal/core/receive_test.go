package core

import (
	"fmt"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// quietPeer is a settled core that hears nothing but the beats of a heartbeatd peer.
type quietPeer struct {
	c    *Core
	now  time.Duration
	seq  uint64
	beat *wire.Message
}

func newQuietPeer(t *testing.T, links, groups int, more ...string) *quietPeer {
	t.Helper()
	b := joined(t, "1:100:db", func(cfg *Config) {
		cfg.Thrifty = true
		cfg.Groups = []GroupConfig{{Home: "alpha", Resources: []string{"ip1", "web"}}, {Home: "beta", Resources: []string{"db"}}}
		for i := range groups {
			cfg.Groups = append(cfg.Groups, GroupConfig{Home: "alpha", Resources: []string{fmt.Sprintf("IPaddr2::10.1.2.%d/24/eth0", i)}})
		}
		for i := range links {
			cfg.Links = append(cfg.Links, fmt.Sprintf("eth%d", i))
		}
	})
	m := b.message("status", append([]string{"st", "active", "dt", "1388", "protocol", "1", fieldCapable, "1", fieldSees, "active", "seq", "0"}, more...)...)
	return &quietPeer{b.c, b.now, b.seq, m}
}

// hear delivers one beat on every link and returns what came of it.
func (p *quietPeer) hear() (n int) {
	p.seq++
	p.now += 100 * time.Millisecond
	p.beat.SetHex("seq", p.seq)
	for _, l := range p.c.peer.links {
		n += len(p.c.Step(Stamp{At: p.now, Wall: 1, Load: "0.1", Rand: p.seq}, Received{Link: l.name, Heard: p.now, Msg: p.beat}))
	}
	p.c.NextTick()
	return n
}

// TestHearingABeatAllocatesNothing: nor does its acknowledgement, for one that is thrifty.
func TestHearingABeatAllocatesNothing(t *testing.T) {
	for _, more := range [][]string{nil, {fieldClaim, "4"}, {fieldStandby, "ff none", fieldClaim, "4"}} {
		p := newQuietPeer(t, 3, 20, more...)
		for range 25 {
			p.hear()
		}
		least := 1.0
		for try := 0; try < 10 && least > 0; try++ { // what else goes on in the process is counted with it
			acks := 0
			least = min(least, testing.AllocsPerRun(1, func() {
				for range 100 {
					acks += p.hear()
				}
			}))
			if acks != 20 {
				t.Errorf("%v: %d acknowledgements of 100 beats", more, acks/2)
			}
		}
		if least > 0 {
			t.Errorf("%v: 100 beats allocate", more)
		}
	}
}

// BenchmarkBeatHeard is what a core does about a beat that came on each of its links.
func BenchmarkBeatHeard(b *testing.B) {
	for _, links := range []int{1, 3, 16} {
		for _, groups := range []int{1, 20, 500} {
			b.Run(fmt.Sprintf("links=%d/groups=%d", links, groups), func(b *testing.B) {
				p := newQuietPeer(&testing.T{}, links, groups)
				b.ReportAllocs()
				for b.Loop() {
					p.hear()
				}
			})
		}
	}
}
