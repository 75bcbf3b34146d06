package core

import (
	"testing"
	"time"
)

// agrees is a C taker's `other`, and the time after it in which our service runs on.
func (b *bench) agrees(which string) {
	b.t.Helper()
	b.from("ask_resources", "info", "other", "rsc_hold", which)
	b.advance(b.c.cGive())
}

// A C node looks at its network twice a second. Stopped at once, the service would be down for all of
// that half second: 680 to 760 ms in a move of a real pair, and two C nodes take 310 to 591.
func TestServiceRunsOnWhileACTakerSleeps(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.from("ask_resources", "info", "other", "rsc_hold", "local")
	b.advance(299 * time.Millisecond)
	b.wantsNot("run web stop", "info=standby", "standby: beta can take")
	b.from("ask_resources", "info", "other", "rsc_hold", "local") // again: the first counts
	b.advance(time.Millisecond)
	b.wants("standby: beta can take our local resources", "run web stop", "info=done")
	b.wantsNot("Ignored standby message")
}

// What is not running here is not waited for.
func TestNothingRunsOnNothingWaits(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Foreign})
	b.from("ask_resources", "info", "other", "rsc_hold", "foreign")
	b.wants("standby: beta can take our foreign resources", "info=done")
}

// A C taker that stops before we have begun leaves the service where it runs, untouched.
func TestCTakerStopsBeforeWeGive(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Local})
	b.from("ask_resources", "info", "other", "rsc_hold", "local")
	b.from("shutdone", "st", "dead")
	b.advance(20 * time.Second)
	b.wants("Cancelling pending standby operation")
	b.wantsNot("run web stop", "run ip1 stop", "info=done")
}

// What a C taker holds already is no answer to a standby of what it holds: its `done` came after we had ended
// the dialogue, was taken for a giver's, and answered with one that made the C node write an ERROR.
func TestStandbyOfWhatTheCTakerHas(t *testing.T) {
	b := joinedToC(t, "local")
	b.step(StandbyCommand{Foreign})
	b.agrees("foreign")
	b.wants("info=done")
	b.wantsNot("Other node completed standby takeover")
	b.clear()
	b.from("ask_resources", "info", "done", "rsc_hold", "foreign")
	b.wants("Other node completed standby takeover of foreign resources.")
	b.wantsNot("info=done", "standby: acquire")
}

// What else runs here is stopped in the same moment, not a beat later.
func TestStopGoesOnWithACTakersDone(t *testing.T) {
	b := joinedToC(t, "local", func(c *Config) {
		c.Groups = append(c.Groups, GroupConfig{Home: "beta", Resources: []string{"log"}})
	})
	b.advance(6 * time.Second) // beta is dead: everything is here
	b.beat("active")
	b.from("starting")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	b.step(StandbyCommand{Local})
	b.agrees("local")
	b.wants("info=done")
	b.step(StopCommand{})
	b.clear()
	b.from("ask_resources", "info", "done", "rsc_hold", "local")
	b.wants("Heartbeat shutdown in progress.", "run db stop", "run log stop")
}
