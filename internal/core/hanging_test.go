package core

import (
	"strings"
	"testing"
	"time"
)

// A script that hangs is named after half a minute, and then every five; the other groups go on.
func TestHangingScriptIsNamed(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) {
		c.Groups = append(c.Groups, GroupConfig{Home: "beta", Resources: []string{"nfs"}})
	})
	b.hang()
	b.advance(5 * time.Second)
	b.wants("run db status")
	b.advance(29999 * time.Millisecond)
	b.wantsNot("seems to hang", "run nfs")
	b.advance(time.Millisecond)
	b.wants("db status has been running for 30 s: it seems to hang; group db waits for it", "run nfs status")
	b.clear()
	b.advance(300*time.Second - time.Millisecond)
	if n := strings.Count(b.text(), "db status has been running"); n != 0 {
		t.Errorf("named %d times within five minutes", n)
	}
	b.advance(time.Millisecond)
	b.wants("db status has been running for 330 s")
	b.end(3, "stopped")
	b.wants("db status has ended after 330 s with code 3")
}

// A status that hangs at the start: its group may run here, and is claimed, blind, until the answer comes.
func TestHangingProbe(t *testing.T) {
	b := &bench{t: t, c: New(testConfig()), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.advance(31*time.Second, "beats", "hbd", "1") // ip1 hangs; db is asked
	if got := b.c.listing(false); got != "b1:ip1" {
		t.Errorf("listing %q", got)
	}
	b.claim("")
	b.clear()
	b.runs[0], b.runs[1] = b.runs[1], b.runs[0]
	b.end(3, "stopped") // db
	b.advance(time.Second, "beats", "hbd", "1")
	if got := b.c.listing(false); got != "1:ip1" { // the other node is heard, and does not have it
		t.Errorf("listing %q", got)
	}
	if v := b.c.View(b.now).Groups[0]; v.Owner != "alpha" {
		t.Errorf("%+v", v)
	}
	b.wantsNot("run ip1", "run web")
	b.end(3, "stopped")
	b.wants("run web status")
}

// A status that is killed is asked again three times, a second apart; then what it asks about counts as running.
func TestKilledProbe(t *testing.T) {
	cfg := testConfig()
	cfg.Groups = cfg.Groups[:1]
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	for n := range 4 {
		if len(b.runs) != 1 || b.runs[0].Resource != "ip1" {
			t.Fatalf("%d: %v", n, b.runs)
		}
		r := b.runs[0]
		b.runs = nil
		b.step(ScriptDone{ID: r.ID, Unsure: true, RC: 137})
		if n < 3 {
			b.advance(999 * time.Millisecond)
			if len(b.runs) != 0 {
				t.Errorf("asked again at once")
			}
			b.advance(time.Millisecond)
		}
	}
	b.end(3, "stopped") // web
	b.wants("Running here already, of group ip1: ip1 (")
}

// The end of a script of an earlier daemon, or twice the same, means nothing.
func TestUnknownScript(t *testing.T) {
	b := joined(t, "1:1:db")
	b.hang()
	b.step(StandbyCommand{Local})
	b.beat("active", "hbd", "1", "hbd_standby", hex(b.c.standby.id)+" offered")
	b.step(ScriptDone{ID: b.runs[0].ID + 7, RC: 1, Path: "web"})
	b.wantsNot("Return code", "Retrying")
	id := b.runs[0].ID
	b.end(0, "")
	b.step(ScriptDone{ID: id, RC: 1, Path: "web"})
	b.wantsNot("Return code", "Retrying")
}

// A failed stop is retried each second, so often as the operator wants, and a missing script has nothing running.
func TestStopIsRetried(t *testing.T) {
	b := joined(t, "1:1:db", func(c *Config) { c.StopRetries = 3 })
	b.hang()
	b.step(StopCommand{})
	for n := 1; n <= 3; n++ {
		b.end(1, "")
		b.wants("ERROR: Return code 1 from /etc/ha.d/resource.d/web", "info: Retrying failed stop operation [web]")
		b.clear()
		b.advance(999*time.Millisecond, "beats", "hbd", "1")
		b.wantsNot("run")
		b.advance(time.Millisecond, "beats", "hbd", "1")
		b.wants("run web stop")
		b.clear()
	}
	b.end(1, "")
	b.wants("run web status")
	b.wantsNot("Retrying")
	b.end(0, "running")
	b.wants("reboot resource web could not be stopped")
	b.wantsLast("ip1 may still run here: reboot (web could not be stopped)")
	b.clear()
	b.advance(time.Minute-time.Millisecond, "beats", "hbd", "1")
	b.wantsNot("run")
	b.advance(time.Millisecond, "beats", "hbd", "1")
	b.wants("run web stop")
	b.end(0, "")
	b.wants("run ip1 stop")
}

// A group that cannot be started here and nowhere else is tried again after 30, 60, and then every 120 seconds.
func TestFailedStartIsTriedAgain(t *testing.T) {
	b := joined(t, "1:1:db")
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Op == Start {
			return 1, "", true
		}
		return works(r)
	}
	b.advance(5 * time.Second)
	for _, pause := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 2 * time.Minute} {
		b.wants("run db start")
		b.clear()
		b.advance(pause - time.Millisecond)
		b.wantsNot("run db start")
		b.advance(time.Millisecond)
	}
	b.wants("run db start")
	b.answer = works
	b.clear()
	b.advance(2 * time.Minute)
	b.wants("run db start")
}
