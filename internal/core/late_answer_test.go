package core

import (
	"testing"
	"time"
)

// asks lets the other node, whose resources are in flux, ask for a standby, and gives the number of its request.
func (b *bench) asks() string {
	b.t.Helper()
	b.flux("0")
	id := hex(b.seq + 1)
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", fieldStandby, id+" asked")
	b.wants("Other side is in flux")
	b.wantsNot("info=other")
	b.clear()
	return id
}

// flux delivers a claim of the other node, settled ("1") or not.
func (b *bench) flux(stable string, fields ...string) {
	b.t.Helper()
	b.from("resource", append([]string{"rsc_hold", "local", "rtype", "full", "isstable", stable, "hbd", "1", "hbd_groups", "1:1:db"}, fields...)...)
}

// A request that came in flux is answered as soon as nothing is, once, if it still stands.
func TestRequestInFluxIsAnsweredLater(t *testing.T) {
	b := joined(t, "1:1:db")
	id := b.asks()
	b.beat("active", "hbd", "1", fieldStandby, id+" asked")
	b.wantsNot("info=other")
	b.flux("1", fieldStandby, id+" asked")
	b.wants("info=other")
	b.clear()
	b.beat("active", "hbd", "1", fieldStandby, id+" asked")
	b.wantsNot("info=other")
}

// One that was given up is answered no more: neither where another one is asked now, nor where nothing is.
func TestRequestGivenUpInFluxIsNotAnswered(t *testing.T) {
	for name, now := range map[string]string{"another": "ffff asked", "another, and further": "ffff waiting", "further": "ID waiting", "none": ""} {
		t.Run(name, func(t *testing.T) {
			b := joined(t, "1:1:db")
			id := b.asks()
			report := []string{}
			if now == "ID waiting" {
				now = id + " waiting"
			}
			if now != "" {
				report = []string{fieldStandby, now}
			}
			b.flux("1", report...)
			b.wantsNot("info=other")
			b.beat("active", "hbd", "1", fieldStandby, id+" asked") // nobody takes a word back that way
			b.wantsNot("info=other")
		})
	}
}

// What is asked for in the middle of our own request is not answered when that has come to nothing.
func TestRequestInARequestIsNotAnsweredLater(t *testing.T) {
	b := joined(t, "1:1:db")
	b.step(StandbyCommand{Local})
	id := hex(b.seq + 1)
	b.from("ask_resources", "info", "me", "rsc_hold", "local", "hbd", "1", fieldStandby, id+" asked")
	b.wants("Standby in progress")
	b.advance(12*time.Second, "beats", "hbd", "1", fieldStandby, id+" asked")
	if b.c.standby.phase != standbyNone {
		t.Fatalf("still %s", b.c.standby.phase)
	}
	b.wantsNot("info=other")
}
