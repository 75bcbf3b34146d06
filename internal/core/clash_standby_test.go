package core

import (
	"testing"
	"time"
)

// A standby that was only asked for is no reason to go on beside a node that does not hear us.
func TestWayIsGivenToTheDeafDuringARequest(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StandbyCommand{Local})
	b.claim("2:1:ip1 1:1:db", "hbd_sees", "dead")
	b.advance(2500*time.Millisecond, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wants("beta does not hear this node and has taken ip1 over: this node releases it", "run web stop")
}

// A clash that we lost is over for us: when a standby gives us the group later, nobody has "released" it then.
func TestLostClashAndStandby(t *testing.T) {
	b := split(t, "1:1:db")
	b.hang()
	b.beat("active", "hbd", "1")
	b.claim("1:9000:db")
	b.wants("beta keeps db", "run db stop")
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	b.wants("info=other")
	waits := hex(b.seq) + " waiting"
	b.end(0, "")
	b.from("ask_resources", "info", "done", "rsc_hold", "local", "hbd", "1", "hbd_standby", waits, "hbd_claim", hex(b.seq+2))
	b.wantsNot("standby: acquire")
	b.claim("", "hbd_standby", waits)
	b.wants("standby: acquire [local] resources from beta", "run db status")
	b.wantsNot("beta has released db")
}

// A C giver may go on claiming what it has given, until its next claim: the taker starts it all the same.
func TestWhatACGiverStillClaimsIsStarted(t *testing.T) {
	b := joinedToC(t, "local")
	b.hang()
	b.from("ask_resources", "info", "me", "rsc_hold", "local")
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.wants("run db status")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "0", "info", "standby")
	b.end(3, "stopped")
	b.wants("run db start")
}

// The side of a node that is the home of no group is given way without a word.
func TestEmptySideIsGivenToTheDeafSilently(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.Groups = c.Groups[1:] })
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:db", "hbd_sees", "dead")
	b.advance(3*time.Second, "beats", "hbd", "1", "hbd_sees", "dead")
	b.wantsNot("does not hear this node")
}

// What was left running here is not given to a node that does not hear us once it is settled that it does
// not run there.
func TestNothingIsGivenToTheDeafThatHasNothing(t *testing.T) {
	cfg := testConfig()
	cfg.Groups = cfg.Groups[:1]
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("active", "hbd", "1", "hbd_sees", "dead")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("", "hbd_sees", "dead")
	b.advance(3*time.Second, "beats", "hbd", "1", "hbd_sees", "dead")
	b.end(0, "running")
	b.end(0, "running")
	b.wants("Running here already, of group ip1", "Initial resource acquisition complete")
	b.wantsNot("does not hear this node", "stop")
}

// A claim may overtake the status by which its sender becomes active: nothing is judged before that.
func TestClaimOfANodeThatIsNotActive(t *testing.T) {
	b := joined(t, "1:1:db")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up", "hbd", "1")
	b.claim("b1:0:ip1")
	b.wantsNot("Both machines own")
	b.beat("active", "hbd", "1")
	b.wants("Both machines own resource group ip1")
}
