package link

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestEachKindCarries(t *testing.T) {
	for _, c := range []struct {
		name      string
		here, far Medium
		own       bool // our own datagrams come back
	}{
		{"bcast", bcast("eth0"), bcast("eth0"), true},
		{"ucast", ucast("eth0", "10.9.0.2"), ucast("eth0", "10.9.0.1"), false},
		{"mcast loop 0", mcast("eth0", 694, false), mcast("eth0", 694, false), false},
		{"mcast loop 1", mcast("eth0", 694, true), mcast("eth0", 694, true), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer := newHost(t)
			newWire(t, "eth0", "10.9.0", peer)
			far := openOn(t, peer, c.far)
			origin := time.Now()
			clock := func() time.Duration { return time.Since(origin) }
			here := open(t, Options{Clock: clock}, c.here)
			if !here.medium(0).Up || here.said("info: "+c.here.startLine()) != 1 {
				t.Fatalf("not up at once: %+v, log %q", here.medium(0), here.all())
			}

			before, wall := clock(), time.Now()
			here.Send([]byte("question"))
			if d := far.await(t, "question"); d.Link != "eth0" || d.From.Addr() != netip.MustParseAddr("10.9.0.1") {
				t.Errorf("at the peer: link %s from %s", d.Link, d.From)
			}
			far.Send([]byte("answer"))
			first := here.next(t)
			if c.own {
				if string(first.Data) != "question" {
					t.Errorf("first came %q, want our own", first.Data)
				}
				first = here.next(t)
			}
			if string(first.Data) != "answer" || first.From.Addr() != netip.MustParseAddr("10.9.0.2") {
				t.Errorf("got %q from %s", first.Data, first.From)
			}
			if now := clock(); first.Mono < before || first.Mono > now {
				t.Errorf("stamp %s is not between %s and %s", first.Mono, before, now)
			}
			if now := time.Now(); first.At.Before(wall.Add(-time.Second)) || first.At.After(now.Add(time.Second)) {
				t.Errorf("wall stamp %s is not between %s and %s", first.At, wall, now)
			}
			if s := here.medium(0); s.Sent != 1 || s.Failed != 0 || s.Heard == 0 || s.Err != "" {
				t.Errorf("state %+v", s)
			}
		})
	}
}

func TestLargestDatagramPasses(t *testing.T) {
	peer := newHost(t)
	newWire(t, "eth0", "10.9.0", peer)
	far, here := openOn(t, peer, bcast("eth0")), open(t, Options{}, bcast("eth0"))
	big := bytes.Repeat([]byte("x"), MaxDatagram)
	here.Send(big)
	if d := far.next(t); !bytes.Equal(d.Data, big) {
		t.Errorf("got %d bytes", len(d.Data))
	}
	here.Send(append(big, 'x'))
	here.journal.await(t, 1, "ERROR: glib: bcast_write: Unable to send HBcomm packet eth0 10.9.0.255:694 len=65508 [-1]: Message too long")
	here.journal.await(t, 1, "ERROR: write_child: write failure on bcast eth0.: Message too long")
	if s := here.medium(0); !s.Up || s.Failed != 1 {
		t.Errorf("a message too long is not the medium's fault: %+v", s)
	}
}

func TestSeveralUcastOnOneInterface(t *testing.T) {
	b, c := newHost(t), newHost(t)
	newWire(t, "eth0", "10.9.0", b, c)
	all := []Medium{ucast("eth0", "10.9.0.1"), ucast("eth0", "10.9.0.2"), ucast("eth0", "10.9.0.3")}
	here := open(t, Options{}, all...) // one ha.cf for all nodes: the own address is in it
	farB, farC := openOn(t, b, all...), openOn(t, c, all...)

	here.Send([]byte("to all"))
	farB.await(t, "to all")
	farC.await(t, "to all")
	if n := here.Counters()["send-errors"]; n != 0 {
		t.Errorf("%d send errors; the own address must be harmless", n)
	}

	// Many source ports, so that the kernel spreads them over all our sockets.
	want := make(map[string]bool)
	for i := range 30 {
		for _, p := range []*host{b, c} {
			m := text("%d of %d", i, p.tid)
			want[string(m)] = true
			s := p.listen(t, ":0")
			if _, err := s.WriteTo(m, &net.UDPAddr{IP: net.IPv4(10, 9, 0, 1), Port: 694}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for len(want) > 0 {
		d := here.next(t)
		delete(want, string(d.Data))
		if d.Link != "eth0" {
			t.Errorf("link %q", d.Link)
		}
	}
	used := 0
	for _, s := range here.States() {
		if s.Heard > 0 {
			used++
		}
	}
	if used < 2 {
		t.Errorf("only %d of 3 sockets were used: the test did not try what it is for", used)
	}
}

func TestBcastUcastAndMcastOnOnePort(t *testing.T) {
	peer := newHost(t)
	newWire(t, "eth0", "10.9.0", peer)
	here := open(t, Options{}, bcast("eth0"), ucast("eth0", "10.9.0.2"), mcast("eth0", 694, false))
	const n = 40
	got := make(map[string]int)
	for i := range n {
		s := peer.listen(t, ":0")
		for kind, ip := range map[string]net.IP{"u": net.IPv4(10, 9, 0, 1), "b": net.IPv4(10, 9, 0, 255), "m": net.IPv4(239, 1, 2, 3)} {
			dst := &net.UDPAddr{IP: ip, Port: 694}
			if kind == "m" {
				peerRouteOnce(t, peer, i)
			}
			if _, err := s.WriteTo(text("%s%d", kind, i), dst); err != nil {
				t.Fatal(err)
			}
		}
	}
	for len(got) < 3*n {
		d := here.next(t)
		if d.Link != "eth0" {
			t.Errorf("%q credited to %s", d.Data, d.Link)
		}
		got[string(d.Data)]++
	}
	for name, times := range got {
		if name[0] != 'b' && times != 1 {
			t.Errorf("%s came %d times, want once", name, times)
		}
	}
}

// peerRouteOnce gives a peer a way for multicast from sockets that name no interface.
func peerRouteOnce(t *testing.T, h *host, i int) {
	if i == 0 {
		h.ip(t, "route add 224.0.0.0/4 dev eth0")
	}
}

// The same port, and the same group, on two interfaces: each beat counts for the link it came by.
func TestTwoInterfacesAreCreditedRight(t *testing.T) {
	for name, m := range map[string]func(dev, peer string) Medium{
		"bcast": func(dev, _ string) Medium { return bcast(dev) },
		"ucast": ucast,
		"mcast": func(dev, _ string) Medium { return mcast(dev, 694, false) },
	} {
		t.Run(name, func(t *testing.T) {
			peer := newHost(t)
			newWire(t, "eth0", "10.9.0", peer)
			newWire(t, "eth1", "10.9.1", peer)
			here := open(t, Options{}, m("eth0", "10.9.0.2"), m("eth1", "10.9.1.2"))
			far0, far1 := openOn(t, peer, m("eth0", "10.9.0.1")), openOn(t, peer, m("eth1", "10.9.1.1"))
			for range 5 {
				far1.Send([]byte("by eth1"))
				if d := here.next(t); d.Link != "eth1" || string(d.Data) != "by eth1" {
					t.Errorf("%q credited to %s", d.Data, d.Link)
				}
				far0.Send([]byte("by eth0"))
				if d := here.next(t); d.Link != "eth0" || string(d.Data) != "by eth0" {
					t.Errorf("%q credited to %s", d.Data, d.Link)
				}
			}
		})
	}
}

func TestBroadcastAddressFromMask(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"10.9.0.1/24", "10.9.0.255"},
		{"10.9.0.1/22", "10.9.3.255"},
		{"10.9.0.1/31", "255.255.255.255"},
		{"10.9.0.1/32", "255.255.255.255"},
		{"10.9.0.1/24 brd 10.9.0.77", "10.9.0.77"},
	} {
		t.Run(c.addr, func(t *testing.T) {
			w := newWire(t, "eth0", "10.9.0", newHost(t))
			command(t, "ip addr flush dev eth0")
			command(t, "ip addr add "+c.addr+" dev eth0")
			here := open(t, Options{}, bcast("eth0"))
			if got := here.lines0().sock.dev.broadcast.String(); got != c.want {
				t.Errorf("sends to %s, want %s", got, c.want)
			}
			if c.addr == "10.9.0.1/24" || c.addr == "10.9.0.1/32" {
				far := openOn(t, w.peers[0], bcast("eth0"))
				here.Send([]byte("hear me"))
				far.await(t, "hear me")
			}
		})
	}
}

func (n node) lines0() *line { return n.Set.lines[0] }
