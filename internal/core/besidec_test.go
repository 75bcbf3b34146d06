package core

import (
	"testing"
	"time"
)

// What runs here is left to nobody by nobody.
func TestWhatRunsHereIsNoOrphan(t *testing.T) {
	b := newBench(t)
	b.advance(11 * time.Second)
	b.wants("run db start")
	b.beat("active")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.advance(15*time.Second, "beats")
	b.wantsNot("leaves db to nobody")
}

// A C node that has taken what it had left to nobody, and leaves it again, is asked as if for the first time:
// without the `done` that is for one who has refused.
func TestOrphanOnceMore(t *testing.T) {
	b := joinedToC(t, "none")
	b.advance(orphanPatience, "beats")
	b.wants("leaves db to nobody")
	b.advance(standbyAnswer+time.Second, "beats")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.advance(time.Second, "beats")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.clear()
	b.advance(orphanPatience+time.Second, "beats")
	b.wants("leaves db to nobody")
	b.wantsNot("info=done")
}

// During a standby a C node leaves to nobody what is on its way: its ten seconds begin when that is over.
func TestOrphanAfterAStandby(t *testing.T) {
	b := joinedToC(t, "none")
	b.advance(5*time.Second, "beats")
	b.step(StandbyCommand{Local})
	b.advance(standbyAnswer, "beats")
	b.wants("No reply to standby request.")
	b.advance(orphanPatience-time.Second, "beats")
	b.wantsNot("leaves db to nobody")
	b.advance(2*time.Second, "beats")
	b.wants("leaves db to nobody")
}

// A group that failed here is offered to a C node by the word for its side, only when it has stopped here, and
// again half a minute later if nobody answers; never to one that is in flux, which would refuse.
func TestHowAFailedGroupIsHandedOver(t *testing.T) {
	b := newBench(t)
	b.failing("db")
	b.advance(11 * time.Second)
	b.beat("active")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.advance(retryFailed, "beats")
	b.wants("alpha wants to go standby [foreign]")
	b.wantsNot("alpha wants to go standby [local]")

	b = newBench(t)
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		switch {
		case r.Op == Start && r.Resource == "web":
			return 1, "", true
		case r.Op == Stop:
			return 0, "", false
		}
		return works(r)
	}
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.advance(retryFailed+time.Second, "beats")
	b.wantsNot("wants to go standby")
	b.end(0, "")
	b.end(0, "")
	b.wants("alpha wants to go standby [local]")

	b = newBench(t)
	b.failing("ip1")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0")
	b.advance(unsettledPatience+retryFailed+5*time.Second, "beats")
	b.wants("Giving up resources due to failure of ip1")
	b.wantsNot("Other side is in flux")
}

// failedBesideC is beside a C node, and could not start ip1 a moment ago.
func failedBesideC(t *testing.T) *bench {
	t.Helper()
	b := slowC(t, "local", func(c *Config) { c.Groups[0].Resources = []string{"ip1"} })
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1")
	b.advance(clashPatience)
	b.failing("ip1")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("Giving up resources due to failure of ip1")
	return b
}

// 3.0.6: a failed start is answered after 30 s, every time.
func TestEveryFailureBesideACNodeIsTheFirst(t *testing.T) {
	b := failedBesideC(t)
	b.at(retryFailed, "alpha wants to go standby [local]")
	b.at(retryFailed, "alpha wants to go standby [local]")

	b = failedBesideC(t)
	b.from("resource", "rsc_hold", "all", "rtype", "full", "isstable", "1") // the C node has it
	b.from("shutdone", "st", "dead")
	b.at(retryFailed, "run ip1 start")
}

// A failback is asked for once a second, however the last request ended, and however rarely the nodes beat.
func TestFailbackIsAskedForOnceASecond(t *testing.T) {
	b := slow(t, "1:1:db", failbackOn)
	b.from("shutdone", "st", "dead")
	b.wants("run db start")
	for range 2 { // it restarts in the moment in which it is asked
		b.gen, b.seq = b.gen+1, 0
		b.from("status", "st", "active", "dt", "ffffff", "hbd", "1")
		b.advance(100 * time.Millisecond) // so that what else is due in a second is due sooner
		b.claim("")
		b.times("alpha wants to go standby [foreign]", 1)
	}
	b.at(failbackEvery-100*time.Millisecond, "alpha wants to go standby [foreign]")
}

// The lines of a start wait for a C node that has restarted meanwhile; those of a takeover do not, for what
// they speak of is here.
func TestLinesBesideACNodeThatReturns(t *testing.T) {
	b := newBench(t)
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.hang()
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	for range 2 {
		b.end(3, "stopped")
		b.end(0, "")
	}
	b.wants("run web start")
	b.wantsNot("Local Resource acquisition completed")
	b.beat("active")
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.wants("Local Resource acquisition completed.")

	b = joinedToC(t, "local")
	b.hang()
	b.advance(6 * time.Second)
	b.gen, b.seq = b.gen+1, 0
	b.beat("up")
	b.end(3, "stopped")
	b.end(0, "")
	b.wants("mach_down takeover complete for node beta.")
}

// A node that says goodbye while we are still asking what runs here is taken over from later.
func TestGoodbyeBeforeWeAreSettled(t *testing.T) {
	b := &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.from("shutdone", "st", "dead")
	b.wants("Resources being acquired from beta.")
	b.wantsNot("takeover complete")
}

// What was found here of another home is no resource of ours in the line that sums up our start, and no proof
// that we have none.
func TestLineOfAStartWithLeftovers(t *testing.T) {
	b := foundHere(t, map[string]bool{"db": true})
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.claim("1:1:ip1")
	b.wants("Local Resource acquisition completed. (none)")
	b.wantsNot("No local resources")
}

// A node that runs nothing has nothing to wait for beside one that has said goodbye.
func TestStopWithNothingBesideAGoodbye(t *testing.T) {
	b := joined(t, "1:1:db 1:1:ip1")
	b.failing("ip1")
	b.failing("db")
	b.from("shutdone", "st", "dead")
	b.wants("Giving up resources due to failure of ip1", "Giving up resources due to failure of db")
	b.step(StopCommand{})
	b.wants("exit")
}
