package core

import (
	"strings"
	"testing"
	"time"
)

// Before its first event a core owns nothing.
func TestOwnerBeforeTheStart(t *testing.T) {
	for _, g := range New(testConfig()).View(0).Groups {
		if g.Owner != "" {
			t.Errorf("%s is owned by %q", g.Key, g.Owner)
		}
	}
}

// A cluster of one has nobody to wait for, and finds out what runs all the same before it says so.
func TestClusterOfOneAsksFirst(t *testing.T) {
	cfg := testConfig()
	cfg.Peer, cfg.Groups = "", cfg.Groups[:1]
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	b.hang()
	b.step(Started{})
	b.wants("run ip1 status")
	b.wantsNot("t=resource", "local resource transition completed.")
	b.end(0, "running")
	b.end(0, "running")
	b.wants("Running here already, of group ip1: ip1 web", "t=resource rsc_hold=local")
}

// The line of a group in ha-log stands before its scripts, and after those that were called before.
func TestOrderOfLinesAndScripts(t *testing.T) {
	b := newBench(t)
	b.hang()
	b.advance(10 * time.Second)
	b.wants("Acquiring resource group: alpha ip1 web\nrun ip1 status\n", "Acquiring resource group: beta db\n")
	if text := b.text(); strings.Index(text, "run ip1 status") > strings.Index(text, "group: beta db") {
		t.Errorf("in another order:\n%s", text)
	}
}

// A start that failed says nothing of the next one: what that has started has to be stopped, and a stop
// script that has vanished meanwhile stops nothing.
func TestVanishedScriptAfterTheSecondStart(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Groups = c.Groups[:1] })
	mend := b.failing("ip1")
	b.advance(10 * time.Second)
	b.wants("Giving up resources due to failure of ip1")
	mend()
	b.advance(retryFailed)
	b.wants("run web start")
	b.hang()
	b.step(StopCommand{})
	b.ends(missing)
	b.wants("Retrying failed stop operation [web]")
	b.wantsNot("run ip1 stop\nrun ip1 stop")
	if len(b.runs) != 0 {
		t.Errorf("after a stop that failed: %+v", b.runs)
	}
}

// What was found running in part is whole, or nothing, once it has stopped: the next claim of it says no more of
// parts, by which the other node would judge a clash.
func TestPartIsForgottenWhenItStops(t *testing.T) {
	b := foundHere(t, map[string]bool{"ip1": true})
	b.beat("active", "hbd", "1")
	b.from("repnodes", "nodelist", "alpha beta")
	b.wants("hbd_groups=bp1:0:ip1")
	b.claim("1:50:ip1 1:1:db")
	b.wants("beta keeps ip1", "run web stop")
	b.end(0, "")
	b.end(0, "")
	b.clear()
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "run ip1 start")
	if list := b.lastClaim().Str("hbd_groups"); !strings.HasPrefix(list, "2:") {
		t.Errorf("claim %s", list)
	}
}

// A group that did not stop at the first try is not known to run either: it is stopped before it is
// started again, though it is wanted here after all.
func TestFailedStopEndsBeforeANewStart(t *testing.T) {
	b := joined(t, "", func(c *Config) { c.Groups = c.Groups[:1] })
	b.hang()
	b.step(StandbyCommand{Local})
	b.beat("active", "hbd", "1", "hbd_standby", hex(b.c.standby.id)+" offered")
	b.end(1, "")
	b.advance(6 * time.Second)
	b.wants("node beta: is dead", "Retrying failed stop operation [web]")
	b.clear()
	b.end(1, "")
	b.advance(time.Second)
	b.wants("run web stop")
	b.wantsNot("Acquiring resource group")
}

// A group that is tried again is no failed one meanwhile: the other node would take it.
func TestTriedAgainIsNotFailed(t *testing.T) {
	b := newBench(t)
	mend := b.failing("ip1")
	b.advance(10 * time.Second)
	b.wants("hbd_failed=ip1")
	mend()
	b.clear()
	b.advance(retryFailed)
	b.wants("run web start")
	if m := b.lastClaim(); m.Has("hbd_failed") {
		t.Errorf("failed: %s", m.Str("hbd_failed"))
	}
}

// A stop that failed for good is tried again after a minute, however rarely the nodes beat.
func TestStopThatFailedIsTriedAgain(t *testing.T) {
	b := slow(t, "1:1:db", func(c *Config) { c.StopRetries = 1 })
	b.hang()
	b.step(StopCommand{})
	b.fails(2)
	b.end(0, "running")
	b.wants("Reboot required!")
	failed := b.now
	b.at(failed+retryStop-b.now, "run web stop")
}
