package link

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// ways are the kinds of media that need the hardware address of the peer.
func ways() map[string][2]Medium {
	return map[string][2]Medium{
		"ucast":               {ucast("eth0", "10.9.0.2"), ucast("eth0", "10.9.0.1")},
		"ucast6":              {ucast6("eth0", "fd09::2"), ucast6("eth0", "fd09::1")},
		"ucast6 (link-local)": {ucast6("eth0", "fe80::9:2"), ucast6("eth0", "fe80::9:1")},
	}
}

// asksOnce has our kernel ask for a neighbour once, and again in an hour. Nothing but the seeker helps then.
func asksOnce(t *testing.T) {
	t.Helper()
	for _, family := range []string{"ipv4", "ipv6"} {
		if err := os.WriteFile("/proc/sys/net/"+family+"/neigh/eth0/retrans_time_ms", []byte("3600000"), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// knows says that our kernel has the hardware address of the peer.
func knows(t *testing.T, m Medium) bool {
	t.Helper()
	out, err := exec.Command("ip", "neigh", "show", m.Peer.String(), "dev", m.Device).CombinedOutput()
	if err != nil {
		t.Fatalf("ip neigh: %v: %s", err, out)
	}
	return strings.Contains(string(out), "lladdr")
}

// unanswered sees to it that our kernel waits for an answer about the peer.
func unanswered(t *testing.T, here node) {
	t.Helper()
	command(t, "ip neigh flush dev eth0 nud all")
	for range 3 {
		here.Send([]byte("lost"))
	}
}

// TestPeerIsAskedForWhenHeard: a switch carries nothing for a while, and our kernel does not know the peer any more that
// still knows us.
func TestPeerIsAskedForWhenHeard(t *testing.T) {
	for name, m := range ways() {
		t.Run(name, func(t *testing.T) {
			w, peer := newWire6(t)
			far := openOn(t, peer, m[1])
			here := open(t, Options{Quiet: 10 * time.Millisecond}, m[0])
			beat(t, here, far, "before", "eth0") // a wire that has just been made may lose a question
			beat(t, far, here, "answer", "eth0")
			asksOnce(t)

			w.sw.ip(t, "link set sw down")
			unanswered(t, here)
			w.sw.ip(t, "link set sw up")
			beat(t, far, here, "again", "eth0")
			beat(t, here, far, "after", "eth0")
		})
	}
}

// TestPeerIsAskedForWhenTheCableIsIn: our cable was out, and the peer says nothing.
func TestPeerIsAskedForWhenTheCableIsIn(t *testing.T) {
	for name, m := range ways() {
		t.Run(name, func(t *testing.T) {
			w, peer := newWire6(t)
			far := openOn(t, peer, m[1])
			here := open(t, Options{Quiet: time.Hour}, m[0])
			beat(t, here, far, "before", "eth0")
			asksOnce(t)

			w.port(0, "down")
			sendUntil(t, here, "the kernel forgets the peer", func() bool { return !knows(t, m[0]) })
			here.Send([]byte("lost"))
			w.port(0, "up")
			beat(t, here, far, "after", "eth0")
		})
	}
}

// TestSeekerLooksAgain: what was asked may be lost, as what is sent just after a cable was put in; an error is told once.
func TestSeekerLooksAgain(t *testing.T) {
	now, log := time.Duration(0), newJournal()
	s := &Set{opt: Options{Clock: func() time.Duration { return now }, Log: log.log, Quiet: time.Second}}
	l := &line{Medium: ucast("eth0", "10.9.0.2"), set: s, sock: &sockets{dev: device{index: 7}}}
	s.lines = []*line{l}
	s.seek = newSeeker(s)
	var asked []time.Duration
	answer := time.Hour
	s.seek.find = func(index uint32, peer netip.Addr) (bool, error) {
		if index != 7 || peer != l.Peer {
			t.Errorf("looked for %s on %d", peer, index)
		}
		asked = append(asked, now)
		if now < answer {
			return true, errors.New("not allowed")
		}
		return false, nil
	}
	rounds := func() (n int) {
		before := len(asked)
		for wait := s.seek.round(); wait > 0; wait = s.seek.round() {
			now += wait
		}
		return len(asked) - before
	}
	if n := rounds(); n != 0 {
		t.Errorf("looked %d times for nothing", n)
	}
	l.hears(l.Peer, now)
	if n := rounds(); n != looks || now != (looks-1)*lookPause {
		t.Errorf("looked at %v, in %v", asked, now)
	}
	if n := log.said("debug: ucast eth0: not allowed"); n != 1 || len(log.all()) != 1 {
		t.Errorf("the log says %q", log.all())
	}
	l.hears(l.Peer, now)
	l.hears(netip.MustParseAddr("10.9.0.3"), now+time.Hour)
	if n := rounds(); n != 0 {
		t.Errorf("looked %d times for one who was not silent", n)
	}
	answer = now + 2*time.Second + 2*lookPause
	now += 2 * time.Second
	l.hears(l.Peer, now)
	if n := rounds(); n != 3 {
		t.Errorf("looked %d times for one who answered the second time", n)
	}
}
