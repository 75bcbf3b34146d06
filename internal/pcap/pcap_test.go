package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

const beat = "###\n%%%\n3:1 x,"

// udp4 is an IPv4 packet with payload; piece is the word of the fragment.
func udp4(piece uint16, payload string) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	binary.BigEndian.PutUint16(b[2:], uint16(28+len(payload)))
	binary.BigEndian.PutUint16(b[6:], piece)
	return append(append(b, udpHead(len(payload))...), payload...)
}

func udpHead(n int) []byte { return []byte{0x02, 0xb6, 0x02, 0xb7, 0, byte(8 + n), 0, 0} }

// udp6 is an IPv6 packet with extension headers in front of UDP.
func udp6(first byte, extensions []byte, payload string) []byte {
	b := make([]byte, 40)
	b[0], b[6], b[23], b[39] = 0x60, first, 1, 2
	b = append(append(append(b, extensions...), udpHead(len(payload))...), payload...)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

// longer changes the length in an IPv4 header.
func longer(b []byte, by int) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(int(binary.BigEndian.Uint16(b[2:]))+by))
	return b
}

func ethernetFrame(packet []byte, kinds ...byte) []byte {
	return append(append(make([]byte, 12), kinds...), packet...)
}

// pcapFile is a capture of one packet, of which the first kept bytes were taken.
func pcapFile(order binary.ByteOrder, magic, link uint32, frame []byte, whole int) []byte {
	b := make([]byte, 40)
	for i, v := range map[int]uint32{0: magic, 16: 262144, 20: link, 24: 1764000000, 28: 7, 32: uint32(len(frame)), 36: uint32(whole)} {
		order.PutUint32(b[i:], v)
	}
	return append(b, frame...)
}

func readAll(t *testing.T, file []byte) ([]Packet, *Reader, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, nil, err
	}
	var all []Packet
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, r, nil
		}
		if err != nil {
			return all, r, err
		}
		p.Payload = bytes.Clone(p.Payload)
		all = append(all, *p)
	}
}

func TestByteOrdersAndClocks(t *testing.T) {
	frame := udp4(0, beat)
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for magic, nanos := range map[uint32]int64{0xa1b2c3d4: 7000, 0xa1b23c4d: 7} {
			file := pcapFile(order, magic, linkRaw, frame, len(frame))
			if !IsCapture(file[:4]) {
				t.Errorf("%x is no capture", file[:4])
			}
			all, _, err := readAll(t, file)
			if err != nil || len(all) != 1 {
				t.Fatalf("%v: %d packets, %v", order, len(all), err)
			}
			p := all[0]
			if string(p.Payload) != beat || p.Number != 1 || p.Fragment || p.Cut ||
				!p.Time.Equal(time.Unix(1764000000, nanos)) ||
				p.From != netip.MustParseAddrPort("10.0.0.1:694") || p.To != netip.MustParseAddrPort("10.0.0.2:695") {
				t.Errorf("%v %x: %+v", order, magic, p)
			}
		}
	}
}

func TestLinkLayers(t *testing.T) {
	v4, v6 := udp4(0, beat), udp6(17, nil, beat)
	sll := func(packet []byte, hi, lo byte) []byte { return append(append(make([]byte, 14), hi, lo), packet...) }
	sll2 := func(packet []byte, hi, lo byte) []byte {
		return append(append([]byte{hi, lo}, make([]byte, 18)...), packet...)
	}
	for _, c := range []struct {
		name  string
		link  uint32
		frame []byte
		from  string // "" if it is no UDP
	}{
		{"null", linkNull, append([]byte{2, 0, 0, 0}, v4...), "10.0.0.1:694"},
		{"null v6", linkNull, append([]byte{0, 0, 0, 30}, v6...), "[::1]:694"},
		{"loop", linkLoop, append([]byte{0, 0, 0, 2}, v4...), "10.0.0.1:694"},
		{"ethernet", linkEthernet, ethernetFrame(v4, 8, 0), "10.0.0.1:694"},
		{"ethernet padded", linkEthernet, append(ethernetFrame(v4, 8, 0), 0, 0, 0, 0, 0, 0), "10.0.0.1:694"},
		{"ethernet v6", linkEthernet, ethernetFrame(v6, 0x86, 0xdd), "[::1]:694"},
		{"vlan", linkEthernet, ethernetFrame(v4, 0x81, 0, 0, 5, 8, 0), "10.0.0.1:694"},
		{"two vlans", linkEthernet, ethernetFrame(v4, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0), "10.0.0.1:694"},
		{"arp", linkEthernet, ethernetFrame(v4, 8, 6), ""},
		{"raw", linkRaw, v6, "[::1]:694"},
		{"cooked", linkCooked, sll(v4, 8, 0), "10.0.0.1:694"},
		{"cooked 2", linkCooked2, sll2(v6, 0x86, 0xdd), "[::1]:694"},
		{"cooked 2 arp", linkCooked2, sll2(v6, 8, 6), ""},
		{"hop-by-hop", linkRaw, udp6(0, []byte{17, 0, 1, 4, 0, 0, 0, 0}, beat), "[::1]:694"},
		{"atomic fragment", linkRaw, udp6(44, []byte{17, 0, 0, 0, 0, 0, 0, 9}, beat), "[::1]:694"},
		{"endless extension", linkRaw, udp6(0, []byte{0, 255, 0, 0, 0, 0, 0, 0}, ""), ""},
		{"icmp", linkRaw, udp6(58, nil, beat), ""},
		{"unknown link", 999, v4, ""},
		{"empty", linkRaw, nil, ""},
	} {
		all, r, err := readAll(t, pcapFile(binary.LittleEndian, 0xa1b2c3d4, c.link, c.frame, len(c.frame)))
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.from == "":
			if len(all) != 0 || r.Others() != 1 {
				t.Errorf("%s: %+v", c.name, all)
			}
		case len(all) != 1 || all[0].From.String() != c.from || string(all[0].Payload) != beat || all[0].Fragment || all[0].Cut:
			t.Errorf("%s: %+v", c.name, all)
		}
	}
}

func TestFragmentsAndCuts(t *testing.T) {
	whole := udp4(0, beat)
	for _, c := range []struct {
		name          string
		frame         []byte
		whole         int
		fragment, cut bool
		port          uint16
	}{
		{"first piece", udp4(0x2000, beat), 0, true, false, 694},
		{"middle piece", udp4(0x2001, beat), 0, true, false, 0},
		{"last piece", udp4(0x0001, beat), 0, true, false, 0},
		{"first piece v6", udp6(44, []byte{17, 0, 0, 1, 0, 0, 0, 9}, beat), 0, true, false, 694},
		{"last piece v6", udp6(44, []byte{17, 0, 0, 8, 0, 0, 0, 9}, beat), 0, true, false, 0},
		{"snaplen", whole[:len(whole)-1], len(whole), false, true, 694},
		{"short without snaplen", whole[:len(whole)-1], len(whole) - 1, false, true, 694},
		{"IP longer than UDP", append(longer(udp4(0, beat), 3), 1, 2, 3), 0, false, false, 694},
		{"length left to the card", longer(udp4(0, beat), -28-len(beat)), 0, false, false, 694},
		{"do not fragment", udp4(0x4000, beat), 0, false, false, 694},
	} {
		if c.whole == 0 {
			c.whole = len(c.frame)
		}
		all, _, err := readAll(t, pcapFile(binary.BigEndian, 0xa1b2c3d4, linkRaw, c.frame, c.whole))
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %v %v", c.name, all, err)
		}
		if got := string(all[0].Payload); c.port > 0 && got != beat && got != beat[:len(beat)-1] {
			t.Errorf("%s: payload %q", c.name, got)
		}
		if p := all[0]; p.Fragment != c.fragment || p.Cut != c.cut || p.From.Port() != c.port {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

// block is a pcapng block.
func block(order binary.AppendByteOrder, kind uint32, body ...byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, uint32(len(body)+12))
	return order.AppendUint32(append(b, body...), uint32(len(body)+12))
}

// ngFile is a section with a nanosecond interface, an unknown block, one packet of each kind.
func ngFile(order binary.AppendByteOrder, frame []byte, resolution byte, ticks uint64) []byte {
	u16, u32 := order.AppendUint16, order.AppendUint32
	section := append(u16(u16(u32(nil, 0x1a2b3c4d), 1), 0), 255, 255, 255, 255, 255, 255, 255, 255)
	options := append(u16(u16(nil, optResolution), 1), resolution, 0, 0, 0)
	options = u16(u16(options, 0), 0)
	description := append(u32(u16(u16(nil, linkEthernet), 0), 262144), options...)
	packet := u32(u32(u32(u32(u32(nil, 0), uint32(ticks>>32)), uint32(ticks)), uint32(len(frame))), uint32(len(frame)))
	file := block(order, blockSection, section...)
	file = append(file, block(order, blockInterface, description...)...)
	file = append(file, block(order, 5, 1, 2, 3, 4, 5)...)
	file = append(file, block(order, blockEnhanced, append(packet, frame...)...)...)
	return append(file, block(order, blockSimple, append(u32(nil, uint32(len(frame))), frame...)...)...)
}

func TestNG(t *testing.T) {
	frame := ethernetFrame(udp4(0, beat), 8, 0)
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for resolution, c := range map[byte]struct{ ticks, nanos uint64 }{
			6:    {1764000000_000007, 7000},
			9:    {1764000000_000000007, 7},
			0x8a: {1764000000*1024 + 512, 500000000},
		} {
			all, r, err := readAll(t, ngFile(order, frame, resolution, c.ticks))
			if err != nil || len(all) != 2 || r.Others() != 0 {
				t.Fatalf("%v: %+v %v", order, all, err)
			}
			if !all[0].Time.Equal(time.Unix(1764000000, int64(c.nanos))) || !all[1].Time.IsZero() {
				t.Errorf("resolution %#x: %v %v", resolution, all[0].Time, all[1].Time)
			}
			for _, p := range all {
				if string(p.Payload) != beat || p.Cut {
					t.Errorf("%+v", p)
				}
			}
		}
	}
}

// A capture cut anywhere gives an error or the packets before the cut, never a part of one.
func TestEveryCut(t *testing.T) {
	frame := ethernetFrame(udp4(0, beat), 8, 0)
	one := pcapFile(binary.LittleEndian, 0xa1b2c3d4, linkEthernet, frame, len(frame))
	for name, file := range map[string][]byte{"pcap": one, "pcapng": ngFile(binary.BigEndian, frame, 9, 1)} {
		clean := 0
		for n := range file {
			all, _, err := readAll(t, file[:n])
			if err == nil {
				clean++
			}
			for _, p := range all {
				if string(p.Payload) != beat {
					t.Errorf("%s cut to %d: %+v", name, n, p)
				}
			}
		}
		// pcap may end after its header; pcapng after any of its four first blocks.
		if want := map[string]int{"pcap": 1, "pcapng": 4}[name]; clean != want {
			t.Errorf("%s: %d cuts pass, want %d", name, clean, want)
		}
	}
}

func TestHostileLengths(t *testing.T) {
	huge := pcapFile(binary.LittleEndian, 0xa1b2c3d4, linkRaw, nil, 0)
	binary.LittleEndian.PutUint32(huge[32:], 1<<31)
	section := block(binary.LittleEndian, blockSection, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0)
	iface := block(binary.LittleEndian, blockInterface, 1, 0, 0, 0, 0, 0, 0, 0)
	claim := append(make([]byte, 12), 5, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4)
	for name, file := range map[string][]byte{
		"false claim":     slices.Concat(section, iface, block(binary.LittleEndian, blockEnhanced, claim...)),
		"huge packet":     huge,
		"huge block":      append(bytes.Clone(section), 6, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0),
		"tiny block":      append(bytes.Clone(section), 6, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0),
		"no interface":    append(bytes.Clone(section), block(binary.LittleEndian, blockEnhanced, make([]byte, 20)...)...),
		"short interface": append(bytes.Clone(section), block(binary.LittleEndian, blockInterface, 1)...),
		"short packet":    append(bytes.Clone(section), block(binary.LittleEndian, blockEnhanced, 1)...),
		"no capture":      []byte("GIF89a"),
		"too short":       {0xd4, 0xc3},
	} {
		all, _, err := readAll(t, file)
		if err == nil || len(all) > 0 {
			t.Errorf("%s: %+v, %v", name, all, err)
		} else if strings.HasPrefix(name, "huge") && !strings.Contains(err.Error(), "cannot be") {
			t.Errorf("%s: %v: was it read first?", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	frame := ethernetFrame(udp4(0, beat), 8, 0)
	f.Add(pcapFile(binary.LittleEndian, 0xa1b2c3d4, linkEthernet, frame, len(frame)))
	f.Add(pcapFile(binary.BigEndian, 0xa1b23c4d, linkRaw, udp6(44, []byte{17, 0, 0, 8, 0, 0, 0, 9}, beat), 99))
	f.Add(ngFile(binary.LittleEndian, frame, 9, 1))
	f.Add(ngFile(binary.BigEndian, frame, 0xff, 1<<63))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _, err := readAll(t, data)
		total := 0
		for _, p := range all {
			total += len(p.Payload)
		}
		if err == nil && total > len(data) {
			t.Fatalf("%d bytes of payload out of %d", total, len(data))
		}
	})
}
