package core

import (
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// How far ahead beats are handed over, at either bound and between them.
func TestHorizonOfBeats(t *testing.T) {
	for _, test := range []struct{ keepalive, deadtime, want time.Duration }{
		{200 * time.Millisecond, 10 * time.Second, time.Second},
		{500 * time.Millisecond, 10 * time.Second, time.Second},
		{time.Second, 10 * time.Second, 2 * time.Second},
		{time.Second, 3 * time.Second, 1500 * time.Millisecond},
		{200 * time.Millisecond, time.Second, 500 * time.Millisecond},
	} {
		l := lending(t, func(c *Config) { c.Keepalive, c.Deadtime = test.keepalive, test.deadtime })
		if got := l.c.horizon(); got != test.want {
			t.Errorf("keepalive %v, deadtime %v: %v ahead, want %v", test.keepalive, test.deadtime, got, test.want)
		}
		last := l.c.lent[len(l.c.lent)-1].at
		if ahead := last - l.now; ahead > test.want || ahead <= test.want-test.keepalive {
			t.Errorf("keepalive %v, deadtime %v: the last beat is %v ahead", test.keepalive, test.deadtime, ahead)
		}
	}
}

// A beat that is due in this moment is sent by us: it is late for who would send it ahead.
func TestBeatDueNowIsNotHandedOver(t *testing.T) {
	l := lending(t)
	l.gone = true
	l.event(Tick{})
	l.now = l.c.nextBeat
	l.gone = false
	l.event(Received{Link: "eth0", Heard: l.now, Msg: l.message("NS_ackmsg", "dest", "alpha", "ackseq", "1")})
	if len(l.out) != 0 {
		t.Fatalf("%d beats are handed over", len(l.out))
	}
	var m wire.Message
	if at, ok := l.c.BeatAhead(&m); at != 0 || ok {
		t.Errorf("%v, %v for no beat", at, ok)
	}
	l.clear()
	l.event(Tick{})
	if n := len(l.sent("status")); n != 1 || len(l.out) == 0 {
		t.Errorf("%d beats were sent, %d are handed over", n, len(l.out))
	}
}

// Each beat says the time at which it goes out, not that at which it was made.
func TestTimeOfABeatAhead(t *testing.T) {
	l := lending(t)
	if len(l.out) < 2 {
		t.Fatalf("%d beats", len(l.out))
	}
	for i, m := range l.out {
		at := l.c.lent[i].at
		if want := hex(uint64(l.c.now.Wall + int64((at-l.now)/time.Second))); m.Str("ts") != want || at == l.now {
			t.Errorf("beat %d of %v ahead says %s, want %s", i, at-l.now, m.Str("ts"), want)
		}
	}
}

// What goes out as it should is left alone: at no tick is it taken back, also not before we were told that it went.
func TestBeatsThatGoOutAreLeftAlone(t *testing.T) {
	l := lending(t)
	l.now = l.c.lent[0].at + l.c.cfg.Keepalive/8 // it is out, and nobody has said so
	l.event(Tick{})
	if n := len(l.sent("status")); n != 0 || l.took != 0 {
		t.Errorf("%d beats were sent, and they were taken back %d times", n, l.took)
	}
	next := number(t, l.out[1])
	l.goes()
	l.now = l.c.NextTick()
	l.event(Tick{})
	if n := len(l.sent("status")); n != 0 || l.took != 0 || number(t, l.out[0]) != next {
		t.Errorf("%d beats were sent, they were taken back %d times, the next is %s: want %d", n, l.took, l.out[0].Str("seq"), next)
	}
}

// Somebody who says that more went out than he was given is believed what he was given.
func TestMoreBeatsWentOutThanThereWere(t *testing.T) {
	l := lending(t)
	given, seq := len(l.c.lent), l.c.seq
	l.went = given + 5
	l.out = nil
	l.now += time.Duration(given) * l.c.cfg.Keepalive
	l.event(Received{Link: "eth0", Heard: l.now, Msg: l.message("NS_ackmsg", "dest", "alpha", "ackseq", "1")})
	if got := l.c.seq - seq; got != uint64(given) {
		t.Errorf("%d numbers are used up, of %d beats", got, given)
	}
}

// A change about which nothing is sent: the beats that wait are all that tells it.
func TestBeatsThatAreTheOnlyWordAreTakenBack(t *testing.T) {
	l := lending(t)
	took := l.took
	l.seq++
	l.event(Received{Link: "eth0", Heard: l.now, Msg: l.message("status", "st", "up", "dt", "1388", "hbd", "1", "seq", hex(l.seq))})
	if n := len(l.sends()); n != 0 {
		t.Fatalf("%d messages were sent:\n%s", n, l.text())
	}
	if l.took != took+1 || l.out[0].Str(fieldSees) != "up" {
		t.Errorf("taken back %d times; the next beat says that it is %s", l.took-took, l.out[0].Str(fieldSees))
	}
}

// A cluster of one has nobody to say anything about.
func TestBeatsOfOneSeeNobody(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Peer = "" })
	b.advance(3 * time.Second)
	list := b.sent("status")
	if len(list) == 0 {
		t.Fatal("no beat")
	}
	for _, m := range list {
		if m.Has(fieldSees) || !m.Has(fieldCapable) {
			t.Errorf("a beat: %s", m.AppendNetstring(nil))
		}
	}
}

// A tick that was put off because beats were handed over is not late.
func TestTickAfterABeatAheadIsOnTime(t *testing.T) {
	l := lending(t)
	for range 5 {
		l.goes()
		l.now = l.c.NextTick()
		l.event(Tick{})
	}
	if late := l.c.Lateness(l.now).Ticks.Start; late.Count == 0 || late.Worst != 0 {
		t.Errorf("%d ticks, the latest %v late", late.Count, late.Worst)
	}
}
