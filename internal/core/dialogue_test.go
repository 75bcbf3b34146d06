package core

import (
	"testing"
	"time"
)

// A C taker that answers at the last moment is given to all the same; it must not release for nobody.
func TestAnswerAtTheLastMoment(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.advance(9900*time.Millisecond, "beats")
	b.from("ask_resources", "info", "other", "rsc_hold", "local")
	b.step(StandbyCommand{Local})
	b.wants("Standby in progress- new request from alpha ignored [10 seconds left]")
	b.from("ask_resources", "info", "perhaps", "rsc_hold", "local")
	b.wants("Ignored standby message 'perhaps' from beta in state 1")
	b.advance(time.Second, "beats")
	b.wants("info=done")
	b.wantsNot("No reply to standby request")
}

// What changed here before a C giver's word is no part of what we took from it.
func TestNothingTakenInTheStatus(t *testing.T) {
	b := joinedToC(t, "local")
	b.failing("db")
	b.now += time.Second
	b.step(StandbyCommand{Foreign})
	b.now += time.Second
	b.group("ip1").changed = b.c.now // it came up while we waited for the answer
	b.now += time.Second
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "info", "standby")
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.wants("Standby resource acquisition done [local].")
	b.wantsLast("db could not be started here (db start returned 1)")
}

// A standby of several groups takes as long as their scripts do; what was stopped first counts as moved, too.
func TestMoveOfSeveralGroups(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) {
		c.Groups = append(c.Groups, GroupConfig{Home: "alpha", Resources: []string{"nfs"}})
	})
	b.now += time.Second
	id := b.givenTo2(Local)
	b.beat("active", "hbd", "1", "hbd_standby", id+" offered")
	b.end(0, "")
	b.end(0, "")
	b.wants("run nfs stop")
	b.now += time.Second
	b.end(0, "")
	b.wants("info=done")
	b.claim("2:1:ip1 1:1:db")
	b.wantsLast("local resources taken by beta (standby)")
}

// A side without a line in haresources moves, as in 3.0.6, but nothing is with it: status does not say so.
func TestMoveOfNothingInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.Groups = c.Groups[1:] })
	last := b.last()
	b.now += time.Second
	b.givenTo(Local)
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:db")
	b.wants("Other node completed standby takeover of local resources.")
	b.wantsLast(last)

	b = joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] })
	last = b.last()
	b.now += time.Second
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.claim("", "hbd_standby", hex(b.seq)+" waiting")
	b.wants("Standby resource acquisition done [local].")
	b.wantsLast(last)
}

// What the giver could not stop stays there: it is not claimed here as well.
func TestGiverKeepsWhatItCannotStop(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.claim("1:1:db", "hbd_standby", hex(b.seq)+" waiting")
	b.wants("Standby resource acquisition done [local].")
	b.wantsNot("run db", "Both machines own", "2:0:db")
	if owner := b.c.View(b.now).Groups[1].Owner; owner != "beta" {
		t.Errorf("owner %s", owner)
	}
}

// A claim from before the dialogue that arrives late does not end it.
func TestLateClaimOfAGiver(t *testing.T) {
	b := joined(t, "1:1:db")
	late := b.message("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:db", "seq", hex(b.seq+1))
	b.seq++
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	b.beat("active", "hbd", "1", "hbd_standby", id+" releasing")
	b.deliver(late)
	b.wantsNot("Cancelling")
	b.from("reqnodes", "dest", "alpha") // it carries no report, and takes none back
	b.wantsNot("Cancelling")
	b.claim("", "hbd_standby", id+" waiting")
	b.wants("run db start")
}

// A C taker that restarts while we still release has started nothing: the group stays here. And only what it
// was to take is doubtful.
func TestWhatARestartedTakerMayRun(t *testing.T) {
	restart := func(b *bench) {
		b.gen, b.seq = b.gen+1, 0
		b.beat("up")
		b.wants("Heartbeat restart on node beta")
	}
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.hang()
	b.agrees("local")
	b.wants("run web stop")
	restart(b)
	b.wantsNot("which may run there")

	b = standbyToC(t)
	b.group("db").changed = b.c.now              // stopped here by chance meanwhile
	b.group("ip1").retryAt = b.now + time.Minute // it had failed here once, before it ran
	restart(b)
	b.wants("it was taking ip1, which may run there")
	b.wantsNot("taking db")
	b.clear()
	b.beat("active")
	b.from("starting")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("info=me")
}

// A C taker that took over once is waited for as any other the next time.
func TestStandbyAfterATakeover(t *testing.T) {
	b := standbyToC(t)
	b.from("resource", "rsc_hold", "foreign", "info", "mach_down")
	b.wants("Other node completed standby takeover of local resources.")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.clear()
	b.step(StandbyCommand{Foreign})
	b.agrees("foreign")
	b.wants("info=done")
	b.wantsNot("Other node completed")
}

// A group of the other side that cannot be stopped here holds up no standby of ours.
func TestStandbyDespiteAStopFailure(t *testing.T) {
	b := joined(t, "")
	g := b.group("db")
	g.state, g.retryAt = groupStopFailed, b.now+time.Hour
	b.givenTo(Local)
}
