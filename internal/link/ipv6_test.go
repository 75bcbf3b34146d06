package link

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newWire6 is a wire where we have fd09::1 and fe80::9:1, and the peer ::2, on an interface eth0.
func newWire6(t *testing.T) (*wire, *host) {
	t.Helper()
	peer := newHost(t)
	w := newWire(t, "eth0", "10.9.0", peer)
	w.own6("eth0")
	for _, prefix := range []string{"fd09::", "fe80::9:"} {
		peer.ip(t, fmt.Sprintf("-6 addr add %s2/64 dev eth0 nodad", prefix))
	}
	return w, peer
}

// own6 gives an interface of our own its addresses.
func (w *wire) own6(dev string) {
	w.t.Helper()
	for _, prefix := range []string{"fd09::", "fe80::9:"} {
		command(w.t, fmt.Sprintf("ip -6 addr add %s1/64 dev %s nodad", prefix, dev))
	}
}

func ucast6(dev, peer string) Medium {
	return Medium{Kind: Ucast6, Device: dev, Port: 694, Peer: netip.MustParseAddr(peer)}
}

func mcast6(dev, group string, port uint16, loop bool) Medium {
	return Medium{Kind: Mcast6, Device: dev, Port: port, Peer: netip.MustParseAddr(group), TTL: 1, Loop: loop}
}

func TestIPv6Carries(t *testing.T) {
	for _, c := range []struct {
		name      string
		here, far Medium
		from      string // "" for the kernel's choice
		own       bool   // our own datagrams come back
	}{
		{"ucast6", ucast6("eth0", "fd09::2"), ucast6("eth0", "fd09::1"), "fd09::1", false},
		{"ucast6 link-local", ucast6("eth0", "fe80::9:2"), ucast6("eth0", "fe80::9:1"), "", false},
		{"mcast6 loop 0", mcast6("eth0", "ff02::694", 694, false), mcast6("eth0", "ff02::694", 694, false), "", false},
		{"mcast6 loop 1", mcast6("eth0", "ff15::694", 700, true), mcast6("eth0", "ff15::694", 700, true), "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, peer := newWire6(t)
			far, here := openOn(t, peer, c.far), open(t, Options{}, c.here)
			if !here.medium(0).Up || here.said("info: "+c.here.startLine()) != 1 {
				t.Fatalf("not up at once: %+v, log %q", here.medium(0), here.all())
			}
			before := here.opt.Clock()
			beat(t, far, here, "answer", "eth0")
			here.Send([]byte("question"))
			d := far.await(t, "question")
			if d.Link != "eth0" || !d.From.Addr().Is6() || c.from != "" && d.From.Addr() != netip.MustParseAddr(c.from) {
				t.Errorf("at the peer: link %s from %s", d.Link, d.From)
			}
			if c.own {
				here.await(t, "question")
			}
			far.Send([]byte("last"))
			for {
				d := here.next(t)
				if string(d.Data) == "question" && !c.own {
					t.Error("our own came back")
				}
				if now := here.opt.Clock(); d.Mono < before || d.Mono > now || d.At.IsZero() {
					t.Errorf("stamp %s is not between %s and %s", d.Mono, before, now)
				}
				if string(d.Data) == "last" {
					break
				}
			}
		})
	}
}

// One port, one interface, every kind: each carries, and what comes over IPv4 is not heard by a socket for IPv6.
func TestIPv6BesidesIPv4OnOnePort(t *testing.T) {
	_, peer := newWire6(t)
	media := func(n int) []Medium {
		return []Medium{bcast("eth0"), ucast("eth0", fmt.Sprintf("10.9.0.%d", n)), mcast("eth0", 694, false),
			ucast6("eth0", fmt.Sprintf("fd09::%d", n)), mcast6("eth0", "ff02::694", 694, false), mcast6("eth0", "ff02::695", 694, false)}
	}
	here := open(t, Options{}, media(2)...)
	for i, m := range media(1) {
		far := openOn(t, peer, m)
		if !far.medium(0).Up {
			t.Fatalf("%s: %+v", m, far.medium(0))
		}
		heard := func() (all []uint64) {
			for _, s := range here.States() {
				all = append(all, s.Heard)
			}
			return all
		}
		before := heard()
		beat(t, far, here, fmt.Sprintf("by %d", i), "eth0")
		for range 20 {
			far.Send([]byte("more"))
		}
		// The last of them may be on their way still; those of another kind would have been heard before.
		for n := 0; n < 10; n++ {
			for string(here.next(t).Data) != "more" {
			}
		}
		own, now := uint64(0), heard()
		for k, n := range now {
			switch {
			case k == i || i < 2 && k < 2: // the first two have sockets of one kind: the kernel gives to either
				own += n - before[k]
			case n != before[k]:
				t.Errorf("%s: heard by %s too: %v, before %v", m, media(1)[k], now, before)
			}
		}
		if own < 10 {
			t.Errorf("%s: not heard by its own kind: %v, before %v", m, now, before)
		}
		far.Close()
		for rest := true; rest; {
			select {
			case <-here.Inbox():
			case <-time.After(200 * time.Millisecond):
				rest = false
			}
		}
	}
}

func TestIPv6InterfaceRemovedAndMadeAnew(t *testing.T) {
	w, peer := newWire6(t)
	media := func(n int) []Medium {
		return []Medium{ucast6("eth0", fmt.Sprintf("fd09::%d", n)), mcast6("eth0", "ff02::694", 694, false)}
	}
	far, here := openOn(t, peer, media(1)...), open(t, Options{}, media(2)...)
	beat(t, far, here, "before", "eth0")
	w.unplug()
	awaitTrue(t, "it is known to be gone", func() bool { return !here.medium(0).Open && !here.medium(1).Open })
	here.Send([]byte("into the void"))
	w.plug()
	w.own6("eth0")
	awaitTrue(t, "both are open again", func() bool { return here.medium(0).Up && here.medium(1).Up })
	heard := [2]uint64{here.medium(0).Heard, here.medium(1).Heard}
	sendUntil(t, far, "both carry again", func() bool {
		select {
		case <-here.Inbox():
		default:
		}
		return here.medium(0).Heard > heard[0] && here.medium(1).Heard > heard[1]
	})
}

// Both ways of a beat over IPv6 make no garbage.
func TestIPv6AllocatesNothing(t *testing.T) {
	newWire6(t)
	m := ucast6("eth0", "fd09::1") // ourselves
	ctl, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ctl)
	dev, err := lookUp(ctl, m)
	if err != nil {
		t.Fatal(err)
	}
	k, err := openSockets(m, dev, "", -1)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	var recv receiver
	data, buf := bytes.Repeat([]byte("x"), 400), make([]byte, MaxDatagram)
	var in incoming
	awaitTrue(t, "a datagram to ourselves arrives", func() bool { // the first may be lost: the interface has just been made
		if err := k.to.Send(k.send, data); err != nil {
			t.Fatal(err)
		}
		if err := k.recv.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		late := k.raw.Read(func(fd uintptr) bool { in, err = recv.once(int(fd), buf); return err != unix.EAGAIN })
		return late == nil
	})
	if err != nil || in.size != len(data) || in.from.Addr() != netip.MustParseAddr("fd09::1") || in.from.Port() == 0 {
		t.Fatalf("%+v %v", in, err)
	}
	send, receive := func() { _ = k.to.Send(k.send, data) }, func(fd uintptr) { in, err = recv.once(int(fd), buf) }
	if n := testing.AllocsPerRun(100, func() { send(); _ = k.raw.Control(receive) }); n != 0 || err != nil && err != unix.EAGAIN {
		t.Errorf("%g allocations, %v", n, err)
	}
}

func TestIPv6CannotSend(t *testing.T) {
	_, _ = newWire6(t)
	here := open(t, Options{}, ucast6("eth0", "fe80::9:2"))
	here.Send(bytes.Repeat([]byte("x"), 65528)) // more than fits
	here.journal.await(t, 1, "ERROR: glib: ucast6_write: Unable to send HBcomm packet eth0[fe80::9:2%eth0]:694 len=65528 [-1]: Message too long")
	here.journal.await(t, 1, "ERROR: write_child: write failure on ucast6 eth0.: Message too long")
}

func TestIPv6MediaThatMakeNoSense(t *testing.T) {
	for _, m := range []Medium{
		ucast6("eth0", "10.9.0.2"), ucast6("eth0", "ff02::1"), ucast6("eth0", "::"), ucast6("eth0", "::ffff:10.9.0.2"),
		mcast6("eth0", "fe80::1", 694, false), mcast6("eth0", "239.1.1.1", 694, false), mcast6("eth0", "ff02::1", 0, false),
		{Kind: Mcast6, Device: "eth0", Port: 694, Peer: netip.MustParseAddr("ff02::1"), TTL: 256},
	} {
		if s, err := Open([]Medium{m}, Options{}); err == nil {
			s.Close()
			t.Errorf("%s to %s was opened", m, m.Peer)
		}
	}
}

func TestIPv6StartLines(t *testing.T) {
	for _, c := range []struct {
		m    Medium
		want string // as the C daemon logs it
	}{
		{ucast6("eth0", "fe80::77"), "glib: ucast6: heartbeat started for [fe80::77%eth0]:694 on interface eth0"},
		{ucast6("eth0", "fd77::2"), "glib: ucast6: heartbeat started for [fd77::2]:694 on interface eth0"},
		{mcast6("eth1", "ff02::694", 694, false), "glib: UDP multicast heartbeat started for [ff02::694]:694 on interface eth1 (hops=1 loop=0)"},
		{Medium{Kind: Mcast6, Device: "eth1", Port: 695, Peer: netip.MustParseAddr("ff15::695"), TTL: 2, Loop: true},
			"glib: UDP multicast heartbeat started for [ff15::695]:695 on interface eth1 (hops=2 loop=1)"},
	} {
		if got := c.m.startLine(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
