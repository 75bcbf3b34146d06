package ping

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"
	"time"
)

// reply is what a host makes of a request; over a raw IPv4 socket it comes with its IP header.
func reply(f family, request []byte) []byte {
	p := bytes.Clone(request)
	p[0], p[2], p[3] = f.reply, 0, 0
	if f.checksum {
		sum := checksum(p)
		p[2], p[3] = byte(sum>>8), byte(sum)
	}
	if f.ipHeader {
		p = append([]byte{0x45, 19: 0}, p...)
	}
	return p
}

func TestPacket(t *testing.T) {
	e := &echo{id: 0x0f00, seq: 7}
	copy(e.nonce[:], "0123456789abcdef")
	var buf [packetLength]byte
	const body = "0f000007" + "6865617274626561746420" + "70696e6720" + "30313233343536373839616263646566"
	for f, want := range map[family]string{icmp4: "0800" + "b0c2" + body, icmp6: "8000" + "0000" + body} {
		p := f.put(buf[:], e)
		if got := hex.EncodeToString(p); got != want {
			t.Errorf("request\n%s, want\n%s", got, want)
		}
		if got, ok := f.parse(reply(f, p)); !ok || got != *e {
			t.Errorf("%v %v", got, ok)
		}
	}
}

// TestNoAnswer changes every byte of a good reply, and its length: none is taken for an answer.
func TestNoAnswer(t *testing.T) {
	b := newBook(0x0f00, []Target{{Node: "gw", Hosts: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}})
	from := b.hosts[0].addr
	for _, f := range []family{icmp4, icmp6} {
		var buf [packetLength]byte
		good := reply(f, f.put(buf[:], b.ask(0, 3)))
		header := len(good) - packetLength
		for i := range good {
			for _, x := range []byte{1, 0x80, 0xff} {
				if i < header && (i > 0 || x&0x0f == 0) {
					continue // of the IP header only its length counts
				}
				bad := bytes.Clone(good)
				bad[i] ^= x
				if f.checksum && i >= header { // a forger can compute one
					bad[header+2], bad[header+3] = 0, 0
					sum := checksum(bad[header:])
					bad[header+2], bad[header+3] = byte(sum>>8), byte(sum)
				}
				e, ok := f.parse(bad)
				if i != header+2 && i != header+3 && ok && b.answer(from, &e, 5) {
					t.Fatalf("byte %d changed by %#x, and still an answer", i, x)
				}
			}
		}
		for n := range good {
			if _, ok := f.parse(good[:n]); ok {
				t.Fatalf("an answer of %d bytes", n)
			}
		}
		if _, ok := f.parse(append(bytes.Clone(good), 0)); ok {
			t.Fatal("an answer with something behind it")
		}
		if e, ok := f.parse(good); !ok || !b.answer(from, &e, 5) {
			t.Fatal("the good one is none either")
		}
	}
}

// TestAnswersCountOnce: from the host that was asked, the first time, and not too long after.
func TestAnswersCountOnce(t *testing.T) {
	addr := netip.MustParseAddr
	b := newBook(9, []Target{
		{Node: "gw", Hosts: []netip.Addr{addr("10.0.0.1")}},
		{Node: "group", Hosts: []netip.Addr{addr("10.0.0.2"), addr("10.0.0.3"), addr("10.0.0.2"), addr("10.0.0.1")}},
		{Node: "six", Hosts: []netip.Addr{addr("fd00::1")}},
		{Node: "mapped", Hosts: []netip.Addr{addr("::ffff:10.0.0.4")}},
		{Node: "nobody"},
	})
	if len(b.hosts) != 6 {
		t.Fatalf("%d hosts, want 6: one that is named twice in a group is asked once", len(b.hosts))
	}
	sent := make([]*echo, len(b.hosts))
	for i := range b.hosts {
		sent[i] = b.ask(i, 1)
	}
	for _, c := range []struct {
		what string
		from string
		e    *echo
		want bool
	}{
		{"another host", "10.0.0.9", sent[0], false},
		{"another host that is asked too", "10.0.0.3", sent[0], false},
		{"the host", "10.0.0.1", sent[0], true},
		{"once more", "10.0.0.1", sent[0], false},
		{"the same host as a member of a group", "10.0.0.1", sent[3], true},
		{"another number", "10.0.0.2", &echo{id: 9, seq: 2, nonce: sent[1].nonce}, false},
		{"another program", "10.0.0.2", &echo{id: 8, seq: 1, nonce: sent[1].nonce}, false},
		{"over IPv6", "fd00::1", sent[4], true},
		{"an IPv4 address in IPv6 notation", "10.0.0.4", sent[5], true},
	} {
		if got := b.answer(addr(c.from), c.e, time.Second); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	for i, want := range []time.Duration{time.Second, time.Second, time.Second, time.Second, 0} {
		if b.heard[i] != want {
			t.Errorf("target %d heard %v, want %v", i, b.heard[i], want)
		}
	}
	for seq := uint16(2); seq < 2+keptRequests; seq++ {
		b.ask(1, seq)
	}
	if b.answer(addr("10.0.0.2"), sent[1], time.Second) {
		t.Errorf("an answer that was too long on its way")
	}
	late := b.ask(1, 65535)
	b.ask(1, 0) // the numbers begin anew
	if !b.answer(addr("10.0.0.2"), late, time.Second) {
		t.Errorf("an answer to the request before")
	}
}

func FuzzParse(f *testing.F) {
	var buf [packetLength]byte
	for _, family := range []family{icmp4, icmp6} {
		f.Add(reply(family, family.put(buf[:], &echo{id: 1, seq: 2})))
	}
	f.Add([]byte{0x4f})
	f.Fuzz(func(t *testing.T, p []byte) {
		for _, family := range []family{icmp4, icmp6} {
			e, ok := family.parse(p)
			if !ok {
				continue
			}
			var buf [packetLength]byte
			again := reply(family, family.put(buf[:], &e))
			if got, ok := family.parse(again); !ok || got != e {
				t.Fatalf("%x is read as %v, and that as %v", p, e, got)
			}
		}
	})
}
