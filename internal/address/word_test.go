package address

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"heartbeatd/internal/config"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestParseSpec(t *testing.T) {
	for _, tt := range []struct {
		arg  string
		v6   bool
		want Spec
		err  string
	}{
		{arg: "10.0.0.1", want: Spec{Addr: ip("10.0.0.1")}},
		{arg: "10.0.0.1/24", want: Spec{Addr: ip("10.0.0.1"), Bits: 24}},
		{arg: "10.0.0.1/255.255.254.0", want: Spec{Addr: ip("10.0.0.1"), Bits: 23}},
		{arg: "10.0.0.1/255.255.255.255", want: Spec{Addr: ip("10.0.0.1"), Bits: 32}},
		{arg: "10.0.0.1/24/eth0", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0"}},
		{arg: "10.0.0.1//eth0", want: Spec{Addr: ip("10.0.0.1"), Iface: "eth0"}},
		{arg: "10.0.0.1/24/eth0:web", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0", Label: "eth0:web"}},
		{arg: "10.0.0.1/24/eth0:0", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0", Label: "eth0:0"}},
		{arg: "10.0.0.1/24/eth0:", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0"}},
		{arg: "10.0.0.1/24/eth0/10.0.0.255", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0", Broadcast: ip("10.0.0.255")}},
		{arg: "10.0.0.1/24/10.0.0.127", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Broadcast: ip("10.0.0.127")}},
		{arg: "10.0.0.1/24/10.0.0.127/eth0", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Broadcast: ip("10.0.0.127"), Ignored: "eth0"}},
		{arg: "10.0.0.1/24/eth0/-", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0", NoBroadcast: true}},
		{arg: "10.0.0.1/24/eth0/+", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0"}},
		{arg: "10.0.0.1/24/eth0/10.0.0.255/x/y", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0", Broadcast: ip("10.0.0.255"), Ignored: "x/y"}},
		{arg: "10.0.0.1/24/eth0/", want: Spec{Addr: ip("10.0.0.1"), Bits: 24, Iface: "eth0"}},
		{arg: "10.0.0.1/", want: Spec{Addr: ip("10.0.0.1")}},

		{arg: "", err: `address word "": IP address [] not valid: want an IPv4 address`},
		{arg: "10.0.0", err: `address word "10.0.0": IP address [10.0.0] not valid: want an IPv4 address`},
		{arg: "10.0.0.256/24", err: `address word "10.0.0.256/24": IP address [10.0.0.256] not valid: want an IPv4 address`},
		{arg: "fd00::1", err: `address word "fd00::1": IP address [fd00::1] not valid: want an IPv4 address`},
		{arg: "224.0.0.1", err: `address word "224.0.0.1": IP address [224.0.0.1] not valid: a host cannot have it`},
		{arg: "0.0.0.0", err: `address word "0.0.0.0": IP address [0.0.0.0] not valid: a host cannot have it`},
		{arg: "255.255.255.255", err: `address word "255.255.255.255": IP address [255.255.255.255] not valid: a host cannot have it`},
		{arg: "10.0.0.1/0", err: `address word "10.0.0.1/0": invalid netmask specification [0]: want 1 to 32`},
		{arg: "10.0.0.1/33", err: `address word "10.0.0.1/33": invalid netmask specification [33]: want 1 to 32`},
		{arg: "10.0.0.1/+24", err: `address word "10.0.0.1/+24": invalid netmask specification [+24]: want 1 to 32`},
		{arg: "10.0.0.1/eth0", err: `address word "10.0.0.1/eth0": invalid netmask specification [eth0]: want 1 to 32`},
		{arg: "10.0.0.1/255.0.255.0", err: `address word "10.0.0.1/255.0.255.0": invalid netmask specification [255.0.255.0]`},
		{arg: "10.0.0.1/0.0.0.0", err: `address word "10.0.0.1/0.0.0.0": invalid netmask specification [0.0.0.0]`},
		{arg: "10.0.0.1/24/1eth", err: `address word "10.0.0.1/24/1eth": invalid broadcast address [1eth]`},
		{arg: "10.0.0.1/24/eth0/bcast", err: `address word "10.0.0.1/24/eth0/bcast": invalid broadcast address [bcast]`},
		{arg: "10.0.0.1/24/eth0/fd00::1", err: `address word "10.0.0.1/24/eth0/fd00::1": invalid broadcast address [fd00::1]`},
		{arg: "10.0.0.1/24/e h", err: `address word "10.0.0.1/24/e h": invalid interface name [e h]`},
		{arg: "10.0.0.1/24/..", err: `address word "10.0.0.1/24/..": invalid interface name [..]`},
		{arg: "10.0.0.1/24/eth0:1:2", err: `address word "10.0.0.1/24/eth0:1:2": invalid interface name [eth0:1:2]`},
		{arg: "10.0.0.1/24/eth0:elevenchars", err: `address word "10.0.0.1/24/eth0:elevenchars": interface label [eth0:elevenchars] exceeds maximum character limit of 15`},

		{arg: "fd00::5", v6: true, want: Spec{Addr: ip("fd00::5")}},
		{arg: "fd00::5/64/eth0", v6: true, want: Spec{Addr: ip("fd00::5"), Bits: 64, Iface: "eth0"}},
		{arg: "fe80::5/64/eth0", v6: true, want: Spec{Addr: ip("fe80::5"), Bits: 64, Iface: "eth0"}},
		{arg: "fd00::5/64/eth0/x", v6: true, want: Spec{Addr: ip("fd00::5"), Bits: 64, Iface: "eth0", Ignored: "x"}},
		{arg: "fd00::5/129", v6: true, err: `address word "fd00::5/129": invalid netmask specification [129]: want 1 to 128`},
		{arg: "fd00::5/255.255.255.0", v6: true, err: `address word "fd00::5/255.255.255.0": invalid netmask specification [255.255.255.0]: want 1 to 128`},
		{arg: "fd00::5/64/eth0:1", v6: true, err: `address word "fd00::5/64/eth0:1": interface [eth0:1]: a label exists for IPv4 only`},
		{arg: "fe80::5/64", v6: true, err: `address word "fe80::5/64": a link-local address needs its interface, as in fe80::5/64/eth0`},
		{arg: "fe80::5%eth0", v6: true, err: `address word "fe80::5%eth0": IP address [fe80::5%eth0] not valid: want an IPv6 address`},
		{arg: "::ffff:10.0.0.1", v6: true, err: `address word "::ffff:10.0.0.1": IP address [::ffff:10.0.0.1] not valid: want an IPv6 address`},
		{arg: "10.0.0.1", v6: true, err: `address word "10.0.0.1": IP address [10.0.0.1] not valid: want an IPv6 address`},
		{arg: "ff02::1", v6: true, err: `address word "ff02::1": IP address [ff02::1] not valid: a host cannot have it`},
		{arg: "::", v6: true, err: `address word "::": IP address [::] not valid: a host cannot have it`},
	} {
		got, err := ParseSpec(tt.arg, tt.v6)
		text := ""
		if err != nil {
			text = err.Error()
			if !errors.Is(err, ErrWord) {
				t.Errorf("%q: error does not wrap ErrWord", tt.arg)
			}
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%q:\n got %+v, %q\nwant %+v, %q", tt.arg, got, text, tt.want, tt.err)
		}
	}
}

func TestParseWord(t *testing.T) {
	for _, tt := range []struct {
		word, script string
		addr         string // "": an error
		bare         bool   // IsAddressWord
	}{
		{"10.0.0.1/24/eth0", IPaddr, "10.0.0.1", true},
		{"IPaddr::10.0.0.1", IPaddr, "10.0.0.1", true},
		{"IPaddr2::10.0.0.1/24", IPaddr2, "10.0.0.1", true},
		{"IPaddr2::fd00:0:0:0:0:0:0:1/64/eth0", IPaddr2, "fd00::1", true},
		{"IPaddr2::fd00::1/64/eth0", IPaddr2, "fd00::1", true},
		{"IPv6addr::fd00::1/64", IPv6addr, "fd00::1", true},
		{"IPv6addr::fd00::", IPv6addr, "fd00::", true},
		{"IPaddr::fd00::1", IPaddr, "", true},
		{"1x.2.3.4y", IPaddr, "", true}, // the shell pattern of 3.0.6 lets it through
		{"10.0.0", "", "", false},
		{"10.0.0.", "", "", false},
		{"httpd", "", "", false},
		{"IPaddr", IPaddr, "", true},
		{"IPaddr::", IPaddr, "", true},
		{"IPaddr::::10.0.0.1", IPaddr, "10.0.0.1", true}, // an empty argument is left out
		{"IPaddr::10.0.0.1/24/eth0/10.0.0.255/::x", IPaddr, "", true},
		{"IPaddr2::10.0.0.1::x", IPaddr2, "", true},
		{"IPsrcaddr::10.0.0.1", "", "", false},
		{"drbddisk::10.0.0.1", "", "", false},
		{"10.0.0.1::x", IPaddr, "", true}, // by the shell pattern, too; the script gets two arguments
		{"", "", "", false},
		{"fd00::1", "", "", false},
	} {
		script, spec, err := ParseWord(tt.word)
		if (err == nil) != (tt.addr != "") || script != tt.script || (err == nil && spec.Addr != ip(tt.addr)) {
			t.Errorf("ParseWord(%q) = %q, %+v, %v", tt.word, script, spec, err)
		}
		if got := IsAddressWord(tt.word); got != tt.bare {
			t.Errorf("IsAddressWord(%q) = %v", tt.word, got)
		}
	}
}

// A word that is wrong behind the address can still be released.
func TestBaseAddr(t *testing.T) {
	if got, err := BaseAddr(IPaddr, "10.0.0.1/99/!"); err != nil || got != ip("10.0.0.1") {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := BaseAddr(IPaddr2, "fd00::1/999"); err != nil || got != ip("fd00::1") {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := BaseAddr(IPv6addr, "10.0.0.1"); !errors.Is(err, ErrWord) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseWord(f *testing.F) {
	for _, s := range []string{"10.0.0.1/24/eth0:1/10.0.0.255", "IPv6addr::fd00::1/64/eth0", "IPaddr2::1.2.3.4/255.255.0.0/-", "IPaddr::", "1.2.3.4//x/+/y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		script, spec, err := ParseWord(word)
		if err != nil {
			if spec != (Spec{}) || !errors.Is(err, ErrWord) {
				t.Fatalf("%q: %+v beside error %v", word, spec, err)
			}
			return
		}
		if !IsAddressWord(word) {
			t.Fatalf("%q parses but is no address word", word)
		}
		if !spec.Addr.IsValid() || spec.Addr.IsMulticast() || spec.Bits < 0 || spec.Bits > spec.Addr.BitLen() {
			t.Fatalf("%q: %+v", word, spec)
		}
		if len(spec.Label) > maxLabel || (spec.Label != "" && !strings.HasPrefix(spec.Label, spec.Iface+":")) ||
			strings.ContainsAny(spec.Iface+spec.Label, " \n/\x00") {
			t.Fatalf("%q: label %q on %q", word, spec.Label, spec.Iface)
		}
		if spec.Broadcast.IsValid() && !spec.Broadcast.Is4() {
			t.Fatalf("%q: broadcast %s", word, spec.Broadcast)
		}
		base, err := BaseAddr(script, config.ParseResource(word).Args[0])
		if err != nil || base != spec.Addr {
			t.Fatalf("%q: base %v, %v", word, base, err)
		}
	})
}
