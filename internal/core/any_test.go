package core

import (
	"math/rand"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// Whatever a peer with the right key sends, in any order: no panic, no time that stands still or
// runs backwards, and never more than a few messages for one.
func TestAnyMessages(t *testing.T) {
	types := []string{"status", "starting", "resource", "ask_resources", "hb_takeover", "shutdone", "reqnodes", "repnodes",
		"ip-request", "ip-request-resp",
		"NS_ackmsg", "NS_rexmit", "NS_nak_rexmit", "stonith", "", "NS_"}
	names := []string{"st", "dt", "rsc_hold", "rtype", "isstable", "info", "dest", "firstseq", "lastseq", "ackseq", "nodelist", "ipaddr", "ok", "weown",
		"hbd", "hbd_sees", "hbd_groups", "hbd_failed", "hbd_standby", "hbd_claim", "hbd_reply", "hbd_haresources", "src", "hg", "seq"}
	values := []string{"", "0", "1", "5", "9", "a", "ffffffffffffffff", "-1", "active", "up", "init", "dead", "all", "local", "foreign", "none",
		"failback", "full", "OK", "ip1", "db", "me", "other", "done", "standby", "shutdown", "mach_down", "alpha", "beta", "gamma", "alpha beta",
		"1:1:ip1", "b9:9:ip1 1:1:db", "::", "b:x:y", "99999999999999999999:1:db", "ip1 db", "5 asked", "5 releasing", "5 waiting", "5 offered", "5 taking", "x y"}
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		b := newBench(t, func(c *Config) { c.Failback = AutoFailback(seed % 3) })
		for range 200 {
			b.clear()
			m := wire.New(types[r.Intn(len(types))])
			for range r.Intn(8) {
				m.AddStr(names[r.Intn(len(names))], values[r.Intn(len(values))])
			}
			if r.Intn(8) > 0 {
				b.seq += uint64(r.Intn(3))
				b.gen += uint64(r.Intn(50) / 49)
				for _, f := range b.message("", "seq", hex(b.seq)).Fields[1:] {
					if !m.Has(f.Name) {
						m.AddStr(f.Name, string(f.Value))
					}
				}
			}
			b.deliver(m)
			if n := len(b.sends()); n > 60 {
				t.Fatalf("seed %d: %d messages for one", seed, n)
			}
			switch r.Intn(30) {
			case 0:
				b.step(StandbyCommand{All})
			case 1:
				b.step(TakeoverCommand{Failback})
			}
			if at := b.c.NextTick(); at < b.now {
				t.Fatalf("seed %d: a tick in the past", seed)
			}
			b.advance(time.Duration(r.Intn(1500)) * time.Millisecond)
			b.c.View(b.now)
		}
		b.step(StopCommand{})
		b.advance(5 * time.Second)
		if !b.c.ended {
			t.Fatalf("seed %d: it does not stop:\n%s", seed, b.text())
		}
	}
}
