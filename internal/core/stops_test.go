package core

import (
	"testing"
	"time"
)

// ends ends the oldest script that runs, in any way.
func (b *bench) ends(e ScriptDone) {
	b.t.Helper()
	if len(b.runs) == 0 {
		b.t.Fatal("no script runs")
	}
	r := b.runs[0]
	b.runs = b.runs[1:]
	e.ID, e.Path = r.ID, "/etc/ha.d/resource.d/"+r.Resource
	b.step(e)
}

var missing = ScriptDone{RC: 5, Missing: true}

// starting is a core that is alone and waits for the status of ip1, to start its group.
func starting(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, func(c *Config) { c.Groups = c.Groups[:1] })
	b.hang()
	b.advance(10 * time.Second)
	b.wants("run ip1 status")
	b.end(3, "stopped")
	b.clear()
	return b
}

// stopping is one that runs its group and waits for the first stop.
func stopping(t *testing.T, retries int) *bench {
	t.Helper()
	b := newBench(t, func(c *Config) { c.Groups, c.StopRetries = c.Groups[:1], retries })
	b.advance(11 * time.Second)
	b.hang()
	b.clear()
	b.step(StopCommand{})
	b.wants("run web stop")
	return b
}

// fails lets the oldest script fail n times, a second apart.
func (b *bench) fails(n int) {
	b.t.Helper()
	for range n {
		b.end(1, "")
		b.advance(time.Second)
	}
}

// A start that failed, whatever it printed, may have left half of the resource running: a stop script
// that has vanished by then is no proof of the contrary.
func TestVanishedScriptOfAFailedStart(t *testing.T) {
	b := starting(t)
	b.end(0, "")
	b.end(3, "stopped")
	b.end(1, "running")
	b.wants("CRIT: Giving up resources due to failure of web", "run web stop")
	b.ends(missing)
	b.wants("Retrying failed stop operation [web]")
}

// What was never started needs no script to be stopped; but if its stop fails, that counts.
func TestStopOfWhatWasNeverStarted(t *testing.T) {
	b := starting(t)
	b.end(1, "")
	b.wants("run web stop")
	b.ends(missing)
	b.wants("run ip1 stop")
	b.wantsNot("Retrying")
	b.ends(missing)
	b.wants("Retrying failed stop operation [ip1]")

	b = starting(t)
	b.end(1, "")
	b.end(1, "")
	b.wants("Retrying failed stop operation [web]")

	b = starting(t)
	b.ends(missing)
	b.ends(missing)
	b.ends(missing)
	b.wants("run ip1 stop")
	b.wantsNot("Retrying", "reboot")
}

// Each resource has all of its retries, whatever happened to the one before, and a second round after a
// failure has them again.
func TestRetriesOfEachStop(t *testing.T) {
	b := stopping(t, 2)
	b.fails(2)
	b.end(0, "")
	b.fails(2)
	b.wantsNot("run web status", "run ip1 status")
	b.end(0, "")
	b.wants("All HA resources relinquished.")

	b = stopping(t, 1)
	b.fails(2)
	b.wants("run web status")
	b.end(3, "stopped")
	b.wants("ERROR: Resource script for web probably not LSB-compliant.",
		"WARN: it (web) MUST succeed on a stop when already stopped", "WARN: Machine reboot narrowly avoided!")
	b.fails(1)
	b.wants("Retrying failed stop operation [ip1]")
	b.wantsNot("run ip1 status", "reboot resource")

	b = stopping(t, 1)
	b.fails(2)
	b.ends(ScriptDone{Unsure: true}) // a status that was killed proves nothing
	b.wants("CRIT: Resource STOP failure. Reboot required!", "reboot resource web could not be stopped")
	b.clear()
	b.advance(retryStop)
	b.wants("run web stop")
	b.end(1, "")
	b.wants("Retrying failed stop operation [web]")

	b = stopping(t, -1) // HA_STOPRETRYMAX=0: for ever
	b.fails(20)
	b.wantsNot("run web status", "reboot")
}

// A group that has run since it failed fails for the first time: it is tried again after half a minute.
func TestFailureAfterSuccess(t *testing.T) {
	b := newBench(t)
	mend := b.failing("ip1")
	b.advance(10 * time.Second)
	b.wants("Giving up resources due to failure of ip1")
	mend()
	b.clear()
	b.advance(retryFailed)
	b.wants("run ip1 start")
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.claim("1:100:ip1 1:100:db")
	b.wants("run ip1 stop")
	b.failing("ip1")
	b.clear()
	b.advance(5 * time.Second)
	b.wants("node beta: is dead", "Giving up resources due to failure of ip1")
	b.clear()
	b.advance(retryFailed)
	b.wants("run ip1 start")
}
