package core

import (
	"strconv"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// lender is the rest of a node whose beats are sent by something punctual.
type lender struct {
	*bench
	out  []*wire.Message // waiting to go out
	went int             // gone out, and not yet told
	took int             // how often they were taken back
	gone bool
	// meanwhile is what happens between the beginning of an event and the question.
	meanwhile func()
}

// lending is a settled core whose first beats are handed over.
func lending(t *testing.T, change ...func(*Config)) *lender {
	l := &lender{bench: joined(t, "", change...)}
	l.event(Tick{})
	if len(l.out) == 0 {
		t.Fatal("no beat was handed over")
	}
	l.clear()
	return l
}

func (l *lender) event(ev Event) {
	l.t.Helper()
	s := Stamp{At: l.now, Wall: 1_700_000_000 + int64(l.now/time.Second), Load: "0.1", Rand: 5, Ahead: !l.gone, Went: l.went, TakeBack: func() int {
		if l.meanwhile != nil {
			l.meanwhile()
		}
		n := l.went
		l.out, l.went = nil, 0
		l.took++
		return n
	}}
	l.went = 0
	done := l.c.Step(s, ev)
	l.all = append(l.all, done...)
	for _, a := range done {
		if r, ok := a.(Run); ok {
			rc, text, _ := l.answer(r)
			defer l.event(ScriptDone{ID: r.ID, RC: rc, Output: text})
		}
	}
	for {
		m := &wire.Message{}
		at, ok := l.c.BeatAhead(m)
		if !ok {
			return
		}
		if at <= l.now || at > l.now+l.c.cfg.Deadtime/2 {
			l.t.Errorf("a beat of %v was handed over at %v", at, l.now)
		}
		l.out = append(l.out, m)
	}
}

// goes lets the next beat go out and returns its number.
func (l *lender) goes() uint64 {
	l.t.Helper()
	if len(l.out) == 0 {
		l.t.Fatal("nothing is handed over")
	}
	m := l.out[0]
	l.out, l.went = l.out[1:], l.went+1
	return number(l.t, m)
}

func number(t *testing.T, m *wire.Message) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(m.Str("seq"), 16, 64)
	if err != nil {
		t.Fatalf("no number: %v", err)
	}
	return n
}

// A beat that goes out while we decide something has its number: the claim gets the next one, and
// the beats after it the ones after that.
func TestNumbersGoOnFromTheBeatThatWentOut(t *testing.T) {
	l := lending(t)
	first := uint64(0)
	l.meanwhile = func() { first = l.goes() }
	l.event(TakeoverCommand{Which: All})
	sent := l.sends()
	if len(sent) == 0 {
		t.Fatalf("no message: %s", l.text())
	}
	next := first + 1
	for _, m := range sent {
		if m.Str("seq") == "" {
			continue
		}
		if n := number(t, m); n != next {
			t.Errorf("%s has number %d, want %d", m.Str("t"), n, next)
		}
		next++
	}
	if n := number(t, l.out[0]); n != next || l.took != 1 {
		t.Errorf("the next beat has number %d, want %d; taken back %d times", n, next, l.took)
	}
}

// The same number is never on the wire with two contents, whatever happens in between.
func TestNoNumberTwice(t *testing.T) {
	l := lending(t)
	seen := map[uint64]string{}
	see := func(m *wire.Message) {
		if m.Str("seq") == "" {
			return
		}
		n, text := number(t, m), string(m.AppendNetstring(nil))
		if old, ok := seen[n]; ok && old != text {
			t.Errorf("number %d: %s, then %s", n, old, text)
		}
		seen[n] = text
	}
	for i := range 200 {
		l.now += 250 * time.Millisecond
		if i%4 == 3 && i%7 != 0 && len(l.out) > 0 {
			see(l.out[0])
			l.goes()
		}
		l.clear()
		switch {
		case i%16 == 5:
			l.event(TakeoverCommand{Which: All})
		case i%16 == 9:
			l.event(StandbyCommand{Which: All})
		default:
			l.event(Tick{})
		}
		for _, m := range l.sends() {
			see(m)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d messages", len(seen))
	}
}

// When the other node's status changes, the beats that wait say something that is no longer so.
func TestBeatsThatAreNoLongerTrueAreTakenBack(t *testing.T) {
	l := lending(t, func(c *Config) { c.Groups = nil }) // else a claim would take them back anyway
	if l.out[0].Str(fieldSees) != "active" {
		t.Fatalf("sees %s", l.out[0].Str(fieldSees))
	}
	for i := 0; l.c.peer.status != "dead"; i++ {
		if i > 20 {
			t.Fatal("it never dies")
		}
		l.now += 500 * time.Millisecond
		if i%2 == 1 {
			l.goes()
		}
		l.event(Tick{})
	}
	if got := l.out[0].Str(fieldSees); got != "dead" {
		t.Errorf("the next beat still says it is %s", got)
	}
}

// When the other node, a C node, signs with another key of ours, so do the beats that wait: it knows no other.
func TestBeatsOfTheOldKeyAreTakenBack(t *testing.T) {
	l := lending(t)
	took := l.took
	l.seq++
	m := l.message("status", "st", "active", "dt", "1388", "seq", hex(l.seq))
	l.event(Received{Link: "eth0", Heard: l.now, Key: 7, Msg: m})
	if l.c.PeerKey() != 7 || l.took == took {
		t.Errorf("it signs with key %d now, and the beats were taken back %d times", l.c.PeerKey(), l.took-took)
	}
}

// What does not go out by itself we send, with its number, a quarter of a keepalive late.
func TestBeatLentInVainIsSent(t *testing.T) {
	l := lending(t)
	want := number(t, l.out[0])
	at := l.c.NextTick()
	if late := at - l.c.nextBeat; late != l.c.cfg.Keepalive/4 {
		t.Errorf("looked after %v", late)
	}
	l.now = at
	l.event(Tick{})
	if got := l.sends(); len(got) != 1 || got[0].Str("t") != "status" || number(t, got[0]) != want {
		t.Errorf("want status %d: %s", want, l.text())
	}
	l.clear()
	l.gone = true
	l.event(Tick{})
	l.now = l.c.NextTick()
	if l.now != l.c.nextBeat {
		t.Errorf("without anybody to send them they are sent at their moments, not at %v", l.now-l.c.nextBeat)
	}
	l.event(Tick{})
	if got := l.sends(); len(got) != 1 || number(t, got[0]) != want+1 {
		t.Errorf("without anybody to send them: %s", l.text())
	}
}

// A beat that was handed over is resent as it went out.
func TestLentBeatIsResentAsItWentOut(t *testing.T) {
	l := lending(t)
	l.now += l.c.cfg.Keepalive
	first := l.out[0]
	n := l.goes()
	l.now += 3 * time.Second
	l.event(Received{Link: "eth0", Heard: l.now, Msg: l.message("NS_rexmit", "dest", "alpha", "firstseq", dec(n), "lastseq", dec(n))})
	for _, m := range l.sends() {
		if m.Str("seq") == hex(n) {
			if got, want := string(m.AppendNetstring(nil)), string(first.AppendNetstring(nil)); got != want {
				t.Errorf("resent %s\nwent out %s", got, want)
			}
			return
		}
	}
	t.Errorf("not resent: %s", l.text())
}

// Nothing is handed over for longer than half a deadtime, and nothing after the end.
func TestBeatsEndWithTheirDecider(t *testing.T) {
	l := lending(t, func(c *Config) { c.Deadtime = 3 * time.Second })
	if n := len(l.out); time.Duration(n)*l.c.cfg.Keepalive > l.c.cfg.Deadtime/2 {
		t.Errorf("%d beats", n)
	}
	if n := len(lending(t, func(c *Config) { c.Keepalive = 10 * time.Millisecond }).out); n != mostLent {
		t.Errorf("%d beats of a hundred a second", n)
	}
	l.event(StopCommand{})
	for i := 0; !l.c.ended; i++ {
		if i > 100 {
			t.Fatal("it does not end")
		}
		l.now += 100 * time.Millisecond
		l.event(Tick{})
	}
	if len(l.out) != 0 {
		t.Errorf("%d beats wait after the end", len(l.out))
	}
}

// A beat costs no memory: what it needs was there before.
func TestBeatAheadNeedsNoMemory(t *testing.T) {
	b := joined(t, "")
	b.c.now.Ahead, b.c.nextBeat = true, b.c.now.At+2*b.c.cfg.Keepalive
	var m wire.Message
	round := func() {
		b.c.now.At += b.c.cfg.Keepalive
		b.c.wentOut(len(b.c.lent))
		for {
			if _, ok := b.c.BeatAhead(&m); !ok {
				return
			}
		}
	}
	for range 2 * historySize {
		round()
	}
	before := b.c.seq
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations a beat", n)
	}
	if b.c.seq < before+1000 {
		t.Errorf("only %d beats", b.c.seq-before)
	}
}
