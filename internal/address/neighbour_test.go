package address

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func isNS(target netip.Addr) func([]byte) bool {
	return func(f []byte) bool {
		return len(f) >= 78 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_IPV6 && f[20] == 58 && f[54] == typeNS &&
			netip.AddrFrom16([16]byte(f[62:78])) == target
	}
}

func isQuestion(target netip.Addr) func([]byte) bool {
	return func(f []byte) bool {
		return isARP(arpRequest)(f) && netip.AddrFrom4([4]byte(f[38:42])) == target
	}
}

// speak sends a datagram, whatever becomes of it.
func (h *host) speak(to string) {
	h.t.Helper()
	addr := ip(to)
	fd, err := unix.Socket(int(family(addr.Is6())), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	h.must(err)
	defer unix.Close(fd)
	if addr.Is6() {
		h.must(unix.Sendto(fd, []byte("?"), 0, &unix.SockaddrInet6{Port: 694, Addr: addr.As16()}))
	} else {
		h.must(unix.Sendto(fd, []byte("?"), 0, &unix.SockaddrInet4{Port: 694, Addr: addr.As4()}))
	}
}

func (h *host) seek(k *Seeker, to string) bool {
	h.t.Helper()
	missing, err := k.Seek(h.dev("e0").index, ip(to))
	h.must(err)
	return missing
}

// forget takes an entry out of the kernel's table.
func (h *host) forget(addr string) {
	h.t.Helper()
	_, err := h.c.do(unix.RTM_DELNEIGH, 0, appendAttr(neighbourInfo(h.dev("e0").index, ip(addr)), unix.NDA_DST, ip(addr).AsSlice()))
	h.must(err)
}

// know puts one into it.
func (h *host) know(addr string, state uint16) {
	h.t.Helper()
	b := neighbourInfo(h.dev("e0").index, ip(addr))
	binary.NativeEndian.PutUint16(b[8:], state)
	b = appendAttr(b, unix.NDA_DST, ip(addr).AsSlice())
	_, err := h.c.do(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, appendAttr(b, unix.NDA_LLADDR, []byte{2, 0, 0, 0, 0, 9}))
	h.must(err)
}

// cannotSee is how long a test waits for what must not come; what is asked for is on the wire before Seek returns.
const cannotSee = 50 * time.Millisecond

// TestSeekAsksAsTheKernel: the same frames, over IPv4 and IPv6, for a neighbour and for a gateway.
func TestSeekAsksAsTheKernel(t *testing.T) {
	for name, tt := range map[string]struct {
		own, route, gateway, peer, asked string
		fits                             func(netip.Addr) func([]byte) bool
	}{
		"neighbour":       {own: "10.1.0.9/24", peer: "10.1.0.77", asked: "10.1.0.77", fits: isQuestion},
		"gateway":         {own: "10.1.0.9/24", route: "10.5.0.0/16", gateway: "10.1.0.78", peer: "10.5.0.1", asked: "10.1.0.78", fits: isQuestion},
		"neighbour, IPv6": {own: "fd00:1::9/64", peer: "fd00:1::12:3477", asked: "fd00:1::12:3477", fits: isNS},
		"gateway, IPv6":   {own: "fd00:1::9/64", route: "fd00:5::/64", gateway: "fd00:1::78", peer: "fd00:5::1", asked: "fd00:1::78", fits: isNS},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.cable("e0", "e0p")
			h.addr("e0", tt.own)
			if tt.route != "" {
				h.route(tt.route, "e0", tt.gateway)
			}
			peer, k := h.tap("e0p"), &Seeker{}
			defer k.Close()
			fits := tt.fits(ip(tt.asked))
			if !h.seek(k, tt.peer) {
				t.Error("not missing, of whom nothing is known")
			}
			if f := peer.next(cannotSee, fits); f != nil {
				t.Errorf("asked for one whom nobody needs: % x", f)
			}
			h.speak(tt.peer)
			kernels := peer.next(patience, fits)
			if !h.seek(k, tt.peer) {
				t.Error("not missing, of whom there is no answer")
			}
			if ours := peer.next(patience, fits); !bytes.Equal(ours, kernels) {
				t.Errorf("the kernel asks\n% x, and we\n% x", kernels, ours)
			}
			h.forget(tt.asked)
			h.know(tt.asked, unix.NUD_STALE)
			if h.seek(k, tt.peer) {
				t.Error("missing, though known")
			}
			if f := peer.next(cannotSee, fits); f != nil {
				t.Errorf("asked for one who is known: % x", f)
			}
		})
	}
}

// TestSeekEndsInAnAnswer: the kernel takes an answer to our question for one to its own.
func TestSeekEndsInAnAnswer(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	peer, k := h.tap("e0p"), &Seeker{}
	defer k.Close()
	h.speak("10.1.0.77")
	if !h.seek(k, "10.1.0.77") {
		t.Fatal("not missing")
	}
	var s sender
	defer s.close()
	fd, err := s.socket()
	h.must(err)
	here, there := h.dev("e0"), h.dev("e0p")
	answer := arpFrame(arpReply, [6]byte(there.mac), ip("10.1.0.77"), [6]byte(here.mac), ip("10.1.0.9"))
	h.must(unix.Sendto(fd, answer, 0, linkAddr(there, unix.ETH_P_ARP, [6]byte(here.mac))))
	isDatagram := func(f []byte) bool { return len(f) > 42 && f[23] == unix.IPPROTO_UDP }
	if peer.next(patience, isDatagram) == nil {
		t.Error("what waited has not gone out")
	}
	if h.seek(k, "10.1.0.77") {
		t.Error("missing after the answer")
	}
}

func TestSeekNobody(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	peer, k := h.tap("e0p"), &Seeker{}
	defer k.Close()
	if h.seek(k, "10.1.0.9") {
		t.Error("an address of this machine is missing")
	}
	if _, err := k.Seek(h.dev("e0").index, ip("fd07::1")); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("without a route: %v", err)
	}
	if missing, err := k.Seek(4711, ip("10.1.0.77")); err == nil && missing {
		t.Error("missing on an interface that is not there")
	}
	h.speak("10.1.0.77")
	if peer.next(patience, isARP(arpRequest)) == nil {
		t.Fatal("the kernel does not ask")
	}
	if missing, err := withoutRights(t, func() (bool, error) { return k.Seek(h.dev("e0").index, ip("10.1.0.77")) }); !missing || !errors.Is(err, unix.EPERM) {
		t.Errorf("without rights: missing %v, %v", missing, err)
	}
}

// withoutRights runs f on a thread that may not open packet sockets.
func withoutRights(t *testing.T, f func() (bool, error)) (bool, error) {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var all [2]unix.CapUserData
	if err := unix.Capget(&header, &all[0]); err != nil {
		t.Fatal(err)
	}
	few := all
	few[0].Effective &^= 1 << unix.CAP_NET_RAW
	if err := unix.Capset(&header, &few[0]); err != nil {
		t.Fatal(err)
	}
	missing, err := f()
	if err := unix.Capset(&header, &all[0]); err != nil {
		t.Fatal(err)
	}
	return missing, err
}

// TestNeighbourByTable: what an old kernel tells, which gives only the whole table, says the same.
func TestNeighbourByTable(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	h.know("10.1.0.7", unix.NUD_STALE)
	h.know("10.1.0.8", unix.NUD_PERMANENT)
	index := h.dev("e0").index
	table, err := h.c.dump(unix.RTM_GETNEIGH, neighbourInfo(0, ip("10.1.0.8")))
	h.must(err)
	for addr, want := range map[string]uint16{"10.1.0.7": unix.NUD_STALE, "10.1.0.8": unix.NUD_PERMANENT, "10.1.0.6": 0} {
		if got := stateOf(table, index, ip(addr)); got != want {
			t.Errorf("%s: state %#x in the table, want %#x", addr, got, want)
		}
		if got, err := h.c.neighbour(index, ip(addr)); got != want || err != nil {
			t.Errorf("%s: state %#x alone, want %#x: %v", addr, got, want, err)
		}
	}
	if got := stateOf(table, index+1, ip("10.1.0.8")); got != 0 {
		t.Errorf("on another interface: %#x", got)
	}
}
