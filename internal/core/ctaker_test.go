package core

import (
	"strings"
	"testing"
	"time"
)

// A C giver that is settled before it began to release has only answered somebody; once it has begun,
// being settled means that it has given the standby up.
func TestCGiverGivesUp(t *testing.T) {
	offered := func() *bench {
		b := joinedToC(t, "all")
		b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
		b.wants("info=other")
		return b
	}
	b := offered()
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "info", "standby")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0")
	b.wantsNot("Cancelling")
	b.advance(time.Minute, "beats")
	b.wantsNot("No reply") // it was seen releasing
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.wants("Cancelling pending standby operation")

	b = offered()
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "info", "standby")
	b.hang()
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1") // settled, because it has given
	b.wantsNot("Cancelling")
}

// Only a C taker that restarts while it takes may have started what we gave.
func TestRestartsThatMeanNothing(t *testing.T) {
	restart := func(b *bench, beat ...string) {
		b.clear()
		b.gen, b.seq = b.gen+1, 0
		b.beat("up", beat...)
		b.wants("Heartbeat restart on node beta")
	}
	b := joinedToC(t, "local")
	restart(b)
	b.wantsNot("which may run there")

	b = joined(t, "1:1:db")
	b.givenTo(Local)
	restart(b, "hbd", "1")
	b.wantsNot("which may run there")

	b = joinedToC(t, "local")
	b.now += time.Second
	b.step(StandbyCommand{All})
	b.agrees("all")
	restart(b)
	b.wants("restarted while it was taking ip1, which may run there")
	b.wantsNot("taking db") // was there all the time

	b = joinedToC(t, "local", func(c *Config) { c.Groups = c.Groups[:1] })
	b.advance(6 * time.Second)
	restart(b)
	b.beat("active")
	b.from("starting")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.step(StandbyCommand{All})
	b.agrees("all")
	b.wants("info=done")
	restart(b)
	b.wants("restarted while it was taking ip1,")
	b.wantsNot("taking , which")
}

// A C taker's mach_down says that it has taken over, whatever was to be given; it says `foreign` at all times.
func TestMachDownOfACTaker(t *testing.T) {
	for _, which := range []Which{Local, Foreign, All} {
		for rtype, ends := range map[string]bool{"": true, "full": false} {
			b := joinedToC(t, "none")
			b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
			b.step(StandbyCommand{which})
			b.agrees(string(which))
			b.wants("info=done")
			b.from("resource", "rsc_hold", "foreign", "info", "mach_down", "rtype", rtype)
			if got := strings.Contains(b.text(), "Other node completed standby takeover"); got != ends {
				t.Errorf("standby %s, then a claim of type %q: ended %v", which, rtype, got)
			}
		}
	}
	b := joinedToC(t, "local") // said while our scripts still run, and followed by less
	b.step(StandbyCommand{Local})
	b.hang()
	b.agrees("local")
	b.from("resource", "rsc_hold", "foreign", "info", "mach_down")
	b.from("resource", "rsc_hold", "local", "info", "mach_down")
	for len(b.runs) > 0 {
		b.end(0, "")
	}
	b.wants("Other node completed standby takeover of local resources.")
}
