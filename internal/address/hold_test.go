package address

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func spec(t *testing.T, word string) Spec {
	t.Helper()
	_, s, err := ParseWord(word)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantHeld(t *testing.T, s Spec, want bool) {
	t.Helper()
	if held, _, err := Status(s); held != want || err != nil {
		t.Errorf("status of %s: %v, %v, want %v", s.Addr, held, err, want)
	}
}

func TestStartStatusStop(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.cable("e1", "e1p")
	h.addr("e0", "10.1.0.1/16")
	h.addr("e1", "10.1.2.1/24")
	h.addr("e1", "fd00:2::1/64")
	base := map[string][]string{"e0": h.list("e0", false), "e1": h.list("e1", false), "6": h.list("e1", true)}
	for _, tt := range []struct{ word, iface, want string }{
		{"10.1.2.9", "e1", "10.1.2.9/24 brd 10.1.2.255"},   // the longest prefix wins
		{"10.1.3.9", "e0", "10.1.3.9/16 brd 10.1.255.255"}, // only the wide network has it
		{"10.1.2.9/255.255.255.128", "e1", "10.1.2.9/25 brd 10.1.2.127"},
		{"10.1.2.9/32", "e1", "10.1.2.9/32"},
		{"10.1.2.9/31/e0", "e0", "10.1.2.9/31"},
		{"10.1.2.9//e1", "e1", "10.1.2.9/24 brd 10.1.2.255"},
		{"172.16.0.1//e1", "e1", "172.16.0.1/32"},
		{"10.1.2.9/24/e1:web", "e1", "10.1.2.9/24 brd 10.1.2.255 e1:web"},
		{"IPaddr2::10.1.2.9/24/e1:0/10.1.2.127", "e1", "10.1.2.9/24 brd 10.1.2.127 e1:0"},
		{"10.1.2.9/24/10.1.2.63", "e1", "10.1.2.9/24 brd 10.1.2.63"},
		{"10.1.2.9/24/e1/-", "e1", "10.1.2.9/24"},
		{"IPv6addr::fd00:2::9", "6", "fd00:2::9/64"},
		{"IPv6addr::fd00:2::9/128", "6", "fd00:2::9/128"},
		{"IPaddr2::fd00:9::9/64/e1", "6", "fd00:9::9/64"},
	} {
		s := spec(t, tt.word)
		wantHeld(t, s, false)
		for _, again := range []bool{false, true} {
			if out, err := Start(s); err != nil || out.Already != again {
				t.Errorf("%s: start: %+v, %v, want already there: %v", tt.word, out, err, again)
			}
		}
		want := append(slices.Clone(base[tt.iface]), tt.want)
		slices.Sort(want)
		dev, v6 := tt.iface, tt.iface == "6"
		if v6 {
			dev = "e1"
		}
		h.wantList(dev, v6, want...)
		wantHeld(t, s, true)
		for range 2 { // stopping what is stopped is a success
			if _, err := Stop(s); err != nil {
				t.Errorf("%s: stop: %v", tt.word, err)
			}
		}
		wantHeld(t, s, false)
		h.wantList("e0", false, base["e0"]...)
		h.wantList("e1", false, base["e1"]...)
		h.wantList("e1", true, base["6"]...)
	}
}

// An IPv6 address must serve at once, not after duplicate address detection.
func TestIPv6NotTentative(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	if _, err := Start(spec(t, "IPv6addr::fd00::9/64/e0")); err != nil {
		t.Fatal(err)
	}
	all, err := h.c.holdings(true)
	h.must(err)
	for _, o := range all {
		if o.addr == ip("fd00::9") && o.flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0 {
			t.Errorf("flags %#x", o.flags)
		}
	}
}

func TestRefusals(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.cable("e1", "e1p")
	h.addr("e0", "10.1.0.1/24")
	h.addr("e1", "10.2.0.9/24")
	for _, tt := range []struct {
		word string
		is   error
		text string
	}{
		{"10.1.0.9/24/nix0", ErrNoInterface, "no such interface: invalid interface name [nix0]"},
		{"10.9.0.9", ErrNoRoute, "no interface found: no route to 10.9.0.9"},
		{"10.9.0.9/24", ErrNoRoute, "no interface found: no route to 10.9.0.9"},
		{"IPv6addr::fd00:9::9", ErrNoRoute, "no interface found: no route to fd00:9::9"},
		{"10.2.0.9/24/e0", ErrElsewhere, "address on another interface: 10.2.0.9 is on e1 and not on e0 as configured"},
	} {
		if _, err := Start(spec(t, tt.word)); !errors.Is(err, tt.is) || err.Error() != tt.text {
			t.Errorf("start %s: %v, want %s", tt.word, err, tt.text)
		}
	}
	h.wantList("e0", false, "10.1.0.1/24")
	held, out, err := Status(spec(t, "10.2.0.9/24/e0"))
	if err != nil || !held || out.Iface != "e1" || out.Notes[0] != "WARN: 10.2.0.9 is on device e1 and not on e0 as configured" {
		t.Errorf("status of an address elsewhere: %v, %+v, %v", held, out, err)
	}
	out, err = Stop(spec(t, "10.2.0.9/24/e0"))
	if err != nil || !strings.Contains(strings.Join(out.Notes, "\n"), "WARN: 10.2.0.9 is on device e1 and not on e0") {
		t.Errorf("stop of an address elsewhere: %+v, %v", out, err)
	}
	h.wantList("e1", false)
	if held, out, err := Status(spec(t, "10.2.0.9/24/e0")); err != nil || held || len(out.Notes) > 0 {
		t.Errorf("status of an address that is nowhere: %v, %+v, %v", held, out, err)
	}
	// The interface of the word is gone: so is the address.
	if _, err := Stop(spec(t, "10.1.0.9/24/nix0")); err != nil {
		t.Error(err)
	}
	wantHeld(t, spec(t, "10.1.0.9/24/nix0"), false)
}

func TestByRoute(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.cable("e1", "e1p")
	h.addr("e0", "10.1.0.1/16")
	h.route("10.8.0.0/24", "e1", "")
	h.route("10.7.0.0/16", "e0", "10.1.0.253")
	h.route("10.1.5.0/24", "e1", "")
	h.route("0.0.0.0/0", "e0", "10.1.0.254")
	for _, tt := range []struct{ word, want string }{
		{"10.8.0.7", "e1/24 10.8.0.255"}, // a network on the interface without an address of it
		{"10.1.5.7", "e1/24 10.1.5.255"}, // narrower than the one with an address
		{"10.1.6.7", "e0/16 10.1.255.255"},
		{"10.9.9.9", "no interface found: cannot use default route w/o netmask [10.9.9.9]"},
		{"10.9.9.9/24", "e0/24 10.9.9.255"},
		{"10.7.1.1", "no interface found: 10.7.1.1 is reached through a gateway, its network is not on an interface here"},
		{"10.7.1.1/32", "e0/32 invalid IP"},
		{"127.0.0.7", "lo/8 invalid IP"},
	} {
		iface, bits, brd, err := Resolve(spec(t, tt.word))
		got := iface + "/" + strconv.Itoa(bits) + " " + brd.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.word, got, tt.want)
		}
	}
	// An interface that is down is the second choice, and start sets it up.
	h.addr("e1", "10.1.6.1/24")
	h.down("e1")
	if iface, _, _, err := Resolve(spec(t, "10.1.6.7")); iface != "e0" || err != nil {
		t.Errorf("beside a narrower network that is down: %s, %v", iface, err)
	}
	out, err := Start(spec(t, "10.20.0.7/24/e1"))
	if err != nil || !h.dev("e1").up() || !slices.Contains(out.Notes, "INFO: Bringing device e1 up") {
		t.Errorf("start on an interface that is down: %+v, %v", out, err)
	}
	h.down("e0p")
	out, err = Start(spec(t, "10.20.0.8/24/e0"))
	if err != nil || !slices.Contains(out.Notes, "WARN: device e0 has no carrier") {
		t.Errorf("start without carrier: %+v, %v", out, err)
	}
}

// Without promotion the kernel takes all of a subnet away with its first address.
func TestStopKeepsOthers(t *testing.T) {
	for _, promote := range []bool{false, true} {
		h := newHost(t)
		h.cable("e0", "e0p")
		e0 := h.dev("e0").index
		h.must(h.c.setPromote(e0, promote))
		s := spec(t, "10.1.0.9/24/e0")
		if _, err := Start(s); err != nil {
			t.Fatal(err)
		}
		h.addr("e0", "10.1.0.1/24")
		h.addr("e0", "10.1.0.2/24")
		h.addr("e0", "10.1.0.3/25") // of another subnet by its length
		if _, err := Stop(s); err != nil {
			t.Fatal(err)
		}
		h.wantList("e0", false, "10.1.0.1/24", "10.1.0.2/24", "10.1.0.3/25")
		if got := h.dev("e0").promote; got != promote {
			t.Errorf("promote_secondaries is %v after stop, was %v", got, promote)
		}
	}
}

// Where the setting cannot be changed, what was lost is added again.
func TestRestore(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.must(h.c.setPromote(h.dev("e0").index, false))
	h.addr("e0", "10.1.0.9/24")
	h.must(h.c.add(h.dev("e0").index, ip("10.1.0.1"), 24, ip("10.1.0.255"), "e0:x"))
	all, err := h.c.holdings(false)
	h.must(err)
	first := all[slices.IndexFunc(all, func(o holding) bool { return o.addr == ip("10.1.0.9") })]
	others, err := h.c.dependants(first)
	h.must(err)
	h.must(h.c.removeOne(first))
	h.wantList("e0", false) // the kernel's way
	h.must(h.c.restore(first, others))
	h.wantList("e0", false, "10.1.0.1/24 brd 10.1.0.255 e0:x")
}

// 3.0.6 counts another prefix as held, too; and the address must be found to be released.
func TestOtherPrefix(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/32")
	s := spec(t, "10.1.0.9/24/e0")
	wantHeld(t, s, true)
	out, err := Start(s)
	if err != nil || !slices.Contains(out.Notes, "WARN: the prefix of 10.1.0.9 on e0 is 32 and not 24 as configured, left as it is") {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := Stop(s); err != nil {
		t.Error(err)
	}
	h.wantList("e0", false)
}

// A real server of an LVS cluster has the service address on its loopback all the time.
func TestLoopbackCopy(t *testing.T) {
	h := newHost(t)
	h.cable("wide", "wide-p")
	h.addr("wide", "10.1.1.1/16")
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.1/24")
	h.addr("lo", "10.1.0.9/32") // hides the kernel's own choice of interface, too
	s := spec(t, "IPaddr2::10.1.0.9")
	wantHeld(t, s, false)
	if _, err := Start(s); err != nil {
		t.Fatal(err)
	}
	h.wantList("e0", false, "10.1.0.1/24", "10.1.0.9/24 brd 10.1.0.255")
	wantHeld(t, s, true)
	if _, err := Stop(s); err != nil {
		t.Fatal(err)
	}
	h.wantList("e0", false, "10.1.0.1/24")
	h.wantList("lo", false, "10.1.0.9/32", "127.0.0.1/8")
}

// The same link-local address on two links is two addresses.
func TestLinkLocal(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.cable("e1", "e1p")
	h.addr("e1", "fe80::9/64")
	s := spec(t, "IPv6addr::fe80::9/64/e0")
	wantHeld(t, s, false)
	if _, err := Start(s); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, s, true)
	if _, err := Stop(s); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, s, false)
	wantHeld(t, spec(t, "IPv6addr::fe80::9/64/e1"), true)
}

// The words of the kernel reach the operator.
func TestKernelRefuses(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	err := os.WriteFile("/proc/sys/net/ipv6/conf/e0/disable_ipv6", []byte("1"), 0)
	if err != nil {
		t.Skipf("this machine refuses to change a setting of its own namespace: %v", err)
	}
	_, err = Start(spec(t, "IPv6addr::fd00::9/64/e0"))
	if !errors.Is(err, unix.EACCES) || !strings.HasPrefix(err.Error(), "add fd00::9/64 to e0: permission denied") {
		t.Errorf("%v", err)
	}
}
