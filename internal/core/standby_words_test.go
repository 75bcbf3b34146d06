package core

import (
	"strings"
	"testing"
	"time"
)

// givenTo is a standby to a heartbeatd, up to the moment when it may take; it returns the dialogue's number.
func (b *bench) givenTo(w Which) string {
	b.t.Helper()
	b.step(StandbyCommand{w})
	id := hex(b.c.standby.id)
	b.beat("active", "hbd", "1", "hbd_standby", id+" offered")
	b.wants("info=done")
	b.clear()
	return id
}

// What status says after a standby: what moved, or what did not.
func TestStandbyInTheStatus(t *testing.T) {
	b := joined(t, "1:1:db")
	id := b.givenTo(Local)
	b.beat("active", "hbd", "1", "hbd_standby", id+" taking")
	b.claim("2:1:ip1 1:1:db")
	b.wants("Other node completed standby takeover of local resources.")
	b.wantsLast("local resources taken by beta (standby)")

	b = joined(t, "1:1:db") // it cannot run ours, and had a failure of its own before
	id = b.givenTo(Local)
	b.beat("active", "hbd", "1", "hbd_standby", id+" taking")
	b.claim("1:1:db", "hbd_failed", "ip1")
	b.wants("WARN ip1 could not be started on beta")
	b.wantsLast("ip1 could not be started on beta (standby)")

	b = joined(t, "1:1:db")
	last := b.last()
	b.now += time.Second
	b.givenTo(Foreign) // nothing was here to give
	b.claim("1:1:db")
	b.wants("Other node completed standby takeover of foreign resources.")
	b.wantsLast(last)

	b = joined(t, "1:1:db")
	last = b.last()
	b.givenTo(Local)
	b.hang()
	b.claim("1:1:db") // it took nothing, and does not say why
	b.wantsLast(last)
}

// A failure of the other node's own group is no part of a standby of ours.
func TestStandbyNamesOnlyWhatMoved(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) {
		c.Groups = append(c.Groups, GroupConfig{Home: "beta", Resources: []string{"nfs"}})
	})
	b.givenTo(Local)
	b.hang()
	b.claim("2:1:ip1 1:1:db", "hbd_failed", "nfs")
	b.wants("Other node completed standby takeover of local resources.")
	b.wantsNot("nfs could not be started on beta")
	b.wantsLast("local resources taken by beta (standby)")
}

// What a taker says of a failed standby is what counts when it dies: it held nothing.
func TestTakerThatFailedAndDied(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] })
	b.givenTo(Local)
	b.hang()
	b.claim("", "hbd_failed", "ip1")
	b.wants("ip1 could not be started on beta")
	b.clear()
	b.advance(6 * time.Second)
	b.wants("Dead node beta gave up resources.")
	b.wantsNot("STONITH")
}

func TestTakenInTheStatus(t *testing.T) {
	for _, rc := range []int{0, 1} {
		b := joined(t, "1:1:db")
		works := b.answer
		b.answer = func(r Run) (int, string, bool) {
			if r.Op == Start {
				return rc, "", true
			}
			return works(r)
		}
		b.now += time.Second
		b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
		b.claim("", "hbd_standby", hex(b.seq)+" waiting")
		b.wants("Standby resource acquisition done [local].", "info=done")
		if rc == 0 {
			b.wantsLast("local resources taken from beta (standby)")
		} else {
			b.wantsLast("db could not be started here (db start returned 1)")
		}
	}
}

// Nobody can move anything to or from a node that is stopping.
func TestNoStandbyWhileStopping(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StopCommand{})
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1")
	b.wantsNot("standby", "info=other")
}

// Words of a standby that fit nowhere are named and change nothing.
func TestStrayWords(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("ask_resources", "info", "other", "rsc_hold", "local")
	b.advance(time.Second, "beats")
	b.wants("ERROR Ignored standby message 'other' from beta in state 0")
	b.wantsNot("run")

	b = standbyToC(t)
	b.clear()
	b.from("ask_resources", "info", "perhaps", "rsc_hold", "local")
	b.wants("Ignored standby message 'perhaps' from beta in state 3")
	b.wantsNot("Other node completed")

	b = joinedToC(t, "all")
	b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
	b.from("ask_resources", "info", "perhaps", "rsc_hold", "foreign")
	b.wants("Ignored standby message 'perhaps' from beta in state 4")
	b.wantsNot("acquire", "run")

	b = joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.hang()
	b.agrees("local")
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.wants("Ignored standby message 'done' from beta in state 2")
	b.wantsNot("acquire")
}

// A request that is refused or void gets no `other`: the asker would release for nobody.
func TestNoAnswerToAVoidRequest(t *testing.T) {
	b := joined(t, "1:1:db")
	b.from("ask_resources", "info", "me", "rsc_hold", "everything", "hbd", "1")
	late := b.message("ask_resources", "seq", hex(b.seq+1), "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.seq++
	b.beat("active", "hbd", "1")
	b.deliver(late)
	b.wants("unknown word [everything]", "beta has given that request up already")
	b.wantsNot("info=other")
}

// A `done` to nobody: the C node has released to an earlier life of ours, or has taken. What it still
// claims it has not released.
func TestDoneToNobody(t *testing.T) {
	for _, hold := range []Which{None, Local, Foreign, All} {
		for _, which := range []Which{Local, Foreign, All, "some"} {
			b := joinedToC(t, string(hold))
			b.from("ask_resources", "info", "done", "rsc_hold", string(which))
			claims := hold.includes(true) && which.includes(true) || hold.includes(false) && which.includes(false)
			want := which.valid() && !claims
			if got := strings.Contains(b.text(), "Standby resource acquisition done"); got != want {
				t.Errorf("it claims %s and is done with %s: taken %v", hold, which, got)
			}
		}
	}
}

// One that was seen releasing has released what it names, and may be waited for as ever after that.
func TestDoneOfAReleasingCNode(t *testing.T) {
	b := joinedToC(t, "local")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "info", "standby")
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.wants("run db start", "Standby resource acquisition done [local].")
	b.wantsNot("Both machines own")
	b.clear()
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0")
	b.from("ask_resources", "info", "done", "rsc_hold", "local") // it claims it again: a taker's word
	if n := strings.Count(b.text(), "Standby resource acquisition done [local]."); n != 0 {
		t.Errorf("taken %d times", n)
	}
}

// While nobody is settled a C giver that waits is told to go on, and no more.
func TestDoneBeforeWeAreSettled(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.wants("Ignored standby message 'done'")
	b.from("repnodes", "nodelist", "alpha beta")
	b.clear()
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.wants("info=done")
	b.wantsNot("Ignored", "acquire")
}

// Both operators ask at once, and numbers of the two nodes cannot be compared: the first in the
// alphabet gives.
func TestBothAsk(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StandbyCommand{Local})
	b.seq += 1000
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.wants("Standby in progress- new request from beta ignored")
	b.wantsNot("info=other")
}

// The order of names decides between two that ask, not between a request and its repetition.
func TestAskedTwiceByTheFirstInTheAlphabet(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Self, c.Groups[0].Home = "zeta", "zeta" })
	b.beat("active")
	b.from("repnodes", "nodelist", "zeta beta")
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
	b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
	b.wants("Standby in progress- new request from beta ignored")
	if n := strings.Count(b.text(), "info=other"); n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// The other node is in a dialogue of its own, by chance with the same number, or with another: it is
// not in ours any more.
func TestOtherDialogue(t *testing.T) {
	for _, other := range []string{"fff taking", "ID waiting", "ID asked"} {
		b := joined(t, "1:1:db")
		id := b.givenTo(Local)
		b.claim("2:1:ip1 1:1:db", "hbd_standby", strings.Replace(other, "ID", id, 1))
		b.wants("Other node completed standby takeover of local resources.")
	}
}

// The taker has finished, and its beat overtakes its claim: what it took must not be started here.
func TestTakersBeatOvertakesItsClaim(t *testing.T) {
	b := joined(t, "1:1:db")
	b.givenTo(Local)
	claim := b.message("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "2:1:ip1 1:1:db",
		"hbd_claim", hex(b.seq+1), "seq", hex(b.seq+1))
	b.seq++
	b.beat("active", "hbd", "1", "hbd_claim", hex(b.seq))
	b.wantsNot("Other node completed", "run")
	b.deliver(claim)
	b.wants("Other node completed standby takeover of local resources.")
	b.wantsNot("run")
}

// rarely is a pair that beats once in ten minutes, so that an hour is soon over.
func rarely(c *Config) {
	c.Keepalive, c.Warntime, c.Deadtime, c.Initdead = 10*time.Minute, time.Hour, 2*time.Hour, 2*time.Hour
}

// A giver whose scripts take long is waited for an hour, counted from when it began; so is a taker.
func TestSlowGiverIsAwaited(t *testing.T) {
	b := joined(t, "1:1:db", rarely)
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	for range 6 {
		b.from("status", "st", "active", "hbd", "1", "hbd_standby", id+" releasing", "dt", "ffffff")
		b.advance(599 * time.Second)
		b.wantsNot("No reply to standby request.")
	}
	b.advance(7 * time.Second)
	b.wants("No reply to standby request.")
}

func TestEachStepIsAwaitedForAnHour(t *testing.T) {
	taking := func() *bench {
		b := joinedToC(t, "all", rarely)
		b.from("ask_resources", "info", "me", "rsc_hold", "foreign")
		b.hang()
		b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
		b.wants("run ip1 status")
		return b
	}
	waiting := func() *bench {
		b := joinedToC(t, "local", rarely)
		b.step(StandbyCommand{Local})
		b.agrees("local")
		b.wants("info=done")
		return b
	}
	for name, at := range map[string]func() *bench{"taking": taking, "waiting": waiting} {
		b := at()
		b.from("status", "st", "active", "dt", "ffffff")
		b.c.scripts = nil // one that hangs would end the wait sooner
		b.advance(time.Hour - time.Second)
		if strings.Contains(b.text(), "No reply") {
			t.Errorf("%s: gave up within the hour", name)
		}
		b.advance(2 * time.Second)
		if !strings.Contains(b.text(), "No reply to standby request.  Standby request cancelled.") {
			t.Errorf("%s: did not give up after an hour", name)
		}
	}
}
