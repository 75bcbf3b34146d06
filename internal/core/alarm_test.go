package core

import (
	"testing"
	"time"
)

// at lets time pass till just before a moment, in which nothing of what is named may happen, and then to it.
func (b *bench) at(d time.Duration, want string) {
	b.t.Helper()
	b.clear()
	b.advance(d - time.Nanosecond)
	b.wantsNot(want)
	b.advance(time.Nanosecond)
	b.wants(want)
}

// slowC is beside a C node in a pair that beats once in ten minutes: whatever happens sooner, happens
// because the core asked for a tick at that moment, and not because a beat was due.
func slowC(t *testing.T, hold string, change ...func(*Config)) *bench {
	t.Helper()
	b := joinedToC(t, hold, append([]func(*Config){rarely}, change...)...)
	b.from("status", "st", "active", "dt", "ffffff")
	return b
}

func slow(t *testing.T, groups string, change ...func(*Config)) *bench {
	t.Helper()
	b := joined(t, groups, append([]func(*Config){rarely}, change...)...)
	b.from("status", "st", "active", "dt", "ffffff", "hbd", "1")
	return b
}

// failing lets the start of a resource fail.
func (b *bench) failing(word string) (mend func()) {
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start && r.Resource == word {
			return 1, "", true
		}
		return works(r)
	}
	return func() { b.answer = works }
}

// Everything that waits for a time happens at that time, however rarely the nodes beat.
func TestNothingWaitsForABeat(t *testing.T) {
	for name, play := range map[string]func(t *testing.T){
		"a group that a C node leaves to nobody": func(t *testing.T) {
			b := slowC(t, "none")
			b.at(orphanPatience, "beta leaves db to nobody: it is asked to take it")
		},
		"a C node that claims what runs here": func(t *testing.T) {
			b := slowC(t, "local")
			b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
			b.at(clashPatience, "run web stop")
		},
		"a C node that is not settled": func(t *testing.T) {
			b := newBench(t, rarely)
			b.from("status", "st", "active", "dt", "ffffff")
			b.from("repnodes", "nodelist", "alpha beta")
			b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
			b.at(joinPatience, "local resource transition completed.")
			b.at(unsettledPatience-joinPatience, "run ip1 start")
		},
		"a start that failed": func(t *testing.T) {
			b := slow(t, "1:1:db")
			b.failing("db")
			b.from("shutdone", "st", "dead")
			b.wants("Giving up resources due to failure of db")
			b.at(retryFailed, "run db start")
		},
		"a start that failed, beside C": func(t *testing.T) {
			b := slowC(t, "local", func(c *Config) { c.Groups[0].Resources = []string{"ip1"} })
			b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
			b.advance(clashPatience)
			b.failing("ip1")
			b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
			b.wants("Giving up resources due to failure of ip1")
			b.at(retryFailed, "alpha wants to go standby [local]")
		},
		"a standby without an answer": func(t *testing.T) {
			b := slow(t, "1:1:db")
			b.step(StandbyCommand{Local})
			b.at(standbyAnswer, "No reply to standby request.")
		},
		"a failback that was refused": func(t *testing.T) {
			b := slow(t, "1:1:db", func(c *Config) { c.Failback = FailbackOn })
			b.from("shutdone", "st", "dead")
			b.wants("run db start")
			b.gen, b.seq = b.gen+1, 0
			b.from("status", "st", "active", "dt", "ffffff", "hbd", "1")
			b.claim("")
			b.wants("alpha wants to go standby [foreign]")
			b.at(standbyAnswer, "alpha wants to go standby [foreign]") // 3.0.6: every second, once the last is over
		},
		"a C node's ten seconds": func(t *testing.T) {
			b := newBench(t, rarely)
			b.from("status", "st", "active", "dt", "ffffff")
			b.from("repnodes", "nodelist", "alpha beta")
			b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0")
			b.at(joinPatience, "local resource transition completed.")
		},
		"reqnodes": func(t *testing.T) {
			b := newBench(t, rarely)
			b.from("status", "st", "up", "dt", "ffffff")
			b.wants("t=reqnodes")
			b.at(reqEvery, "t=reqnodes")
			b.at(reqEvery, "t=reqnodes")
		},
		"starting": func(t *testing.T) {
			b := newBench(t, rarely)
			b.from("status", "st", "active", "dt", "ffffff")
			b.from("repnodes", "nodelist", "alpha beta")
			b.wants("t=starting")
			b.at(startingEvery, "t=starting")
			b.at(startingEvery, "t=starting")
			b.advance(15 * time.Second)
			b.wantsNot("does not say what it holds")
			b.at(2*joinPatience-2*startingEvery-15*time.Second, "WARN beta does not say what it holds")
			b.clear()
			b.advance(10 * time.Second)
			b.wantsNot("does not say what it holds")
		},
		"a claim that did not come": func(t *testing.T) {
			b := slow(t, "1:1:db")
			b.from("status", "st", "active", "dt", "ffffff", "hbd", "1", "hbd_claim", hex(b.seq+9))
			b.at(reqEvery, "t=resource")
			if b.lastClaim().Str("hbd_reply") != "yes" {
				t.Error("the other is not asked for its own")
			}
			b.at(startingEvery, "t=resource")
		},
		"the end of a stop": func(t *testing.T) {
			b := slowC(t, "local")
			b.step(StopCommand{})
			b.wants("t=shutdone")
			b.at(linger, "exit")
		},
		"a stop in a standby with a C taker": func(t *testing.T) {
			b := slowC(t, "local")
			b.step(StandbyCommand{Local})
			b.agrees("local")
			b.step(StopCommand{})
			b.at(stopPatience, "t=shutdone")
		},
		"a message that is missing": func(t *testing.T) {
			b := slow(t, "1:1:db", func(c *Config) { c.MaxRexmit = 60 * time.Millisecond })
			b.seq++
			b.from("status", "st", "active", "dt", "ffffff", "hbd", "1")
			b.at(1234, "t=NS_rexmit") // of the random number of every event here, below max_rexmit_delay
			b.at(60*time.Millisecond, "t=NS_rexmit")
		},
		"a group asked for by ip-request": func(t *testing.T) {
			b := newBench(t, rarely, func(c *Config) { c.Failback = FailbackLegacy })
			b.from("status", "st", "up", "dt", "ffffff")
			b.from("status", "st", "active", "dt", "ffffff")
			b.from("repnodes", "nodelist", "alpha beta")
			b.wants("t=ip-request ipaddr=ip1")
			b.at(askGroupEvery, "t=ip-request ipaddr=ip1")
			b.at(askGroupEvery, "t=ip-request ipaddr=ip1")
			b.at(2*askGroupEvery, "t=ip-request ipaddr=ip1") // ever more slowly
			b.advance(10 * time.Minute)
			b.clear()
			b.advance(10 * time.Minute)
			if n := len(b.sent("ip-request")); n != 10 {
				t.Errorf("asked %d times in ten minutes, want once a minute", n)
			}
		},
	} {
		t.Run(name, play)
	}
}
