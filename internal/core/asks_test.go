package core

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// A C node that says `starting` speaks of claims, whatever auto_failback is here: it waits for ours.
func TestStartingIsAWordOfClaims(t *testing.T) {
	b := newBench(t, legacy)
	b.beat("up")
	b.beat("active")
	b.from("repnodes", "nodelist", "alpha beta")
	b.clear()
	b.from("starting")
	b.wants("send t=resource")
}

// Who says `starting` is not settled, and no move is begun with it; unless the claim that followed it
// was here first.
func TestStartingUnsettles(t *testing.T) {
	b := joinedToC(t, "local")
	if r := b.c.Refusal(); r != "" {
		t.Fatal(r)
	}
	b.from("starting")
	if r := b.c.Refusal(); !strings.Contains(r, "in flux") {
		t.Errorf("refusal %q", r)
	}

	b = joinedToC(t, "local")
	b.seq++
	late := b.message("starting", "seq", strconv.FormatUint(b.seq, 16))
	b.from("resource", "rsc_hold", "local", "rtype", "full", "isstable", "1")
	b.deliver(late)
	if r := b.c.Refusal(); r != "" {
		t.Errorf("refusal %q", r)
	}
}

// With ip-request our answer makes a C node active, and one that has not heard us be active takes its
// groups unasked: our status goes first.
func TestStatusGoesBeforeRepnodes(t *testing.T) {
	b := newBench(t, legacy)
	b.beat("up")
	b.clear()
	b.from("reqnodes", "dest", "alpha")
	text := b.text()
	if st := strings.Index(text, "t=status"); st < 0 || st > strings.Index(text, "t=repnodes") {
		t.Errorf("%s", text)
	}
}

// A node that does not answer is asked every second, as in 3.0.6.
func TestReqnodesIsRepeated(t *testing.T) {
	b := newBench(t)
	for range 4 {
		b.beat("up")
		b.advance(time.Second)
	}
	if n := len(b.sent("reqnodes")); n < 4 || n > 5 {
		t.Errorf("asked %d times in 4 s", n)
	}
}
