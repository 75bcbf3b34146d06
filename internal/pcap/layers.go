package pcap

import (
	"encoding/binary"
	"net/netip"
)

// Link types, as the registry of tcpdump numbers them.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw      = 101
	linkRawOld   = 12
	linkLoop     = 108
	linkCooked   = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkCooked2  = 276
)

// Ethernet types of a VLAN tag; another type follows it.
const (
	typeVLAN      = 0x8100
	typeVLANOuter = 0x88a8
	typeVLANOld   = 0x9100
)

const protoUDP = 17

// dissect fills the packet from what the file holds; false if that is no UDP over IP.
func (p *Packet) dissect(r raw) bool {
	ip, ok := network(r.link, r.data)
	if !ok || len(ip) == 0 {
		return false
	}
	switch ip[0] >> 4 {
	case 4:
		return p.ipv4(ip)
	case 6:
		return p.ipv6(ip)
	}
	return false
}

// network strips the link layer.
func network(link uint32, b []byte) ([]byte, bool) {
	switch link {
	case linkRaw, linkRawOld, linkIPv4, linkIPv6:
		return b, true
	case linkNull, linkLoop:
		// The family's number differs from system to system; the IP version says the same.
		return after(b, 4)
	case linkEthernet:
		return ethernet(b, 12)
	case linkCooked:
		return ethernet(b, 14)
	case linkCooked2:
		if len(b) < 20 || !isIP(binary.BigEndian.Uint16(b)) {
			return nil, false
		}
		return b[20:], true
	}
	return nil, false
}

// ethernet reads the Ethernet type at b[n:] and steps over VLAN tags.
func ethernet(b []byte, n int) ([]byte, bool) {
	for n+2 <= len(b) {
		switch kind := binary.BigEndian.Uint16(b[n:]); kind {
		case typeVLAN, typeVLANOuter, typeVLANOld:
			n += 4
		default:
			return b[n+2:], isIP(kind)
		}
	}
	return nil, false
}

func isIP(kind uint16) bool { return kind == 0x0800 || kind == 0x86dd }

func after(b []byte, n int) ([]byte, bool) {
	if len(b) < n {
		return nil, false
	}
	return b[n:], true
}

func (p *Packet) ipv4(b []byte) bool {
	if len(b) < 20 || b[9] != protoUDP {
		return false
	}
	head, whole := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if head < 20 || head > len(b) {
		return false
	}
	b = trim(b, whole, head)
	from, _ := netip.AddrFromSlice(b[12:16])
	to, _ := netip.AddrFromSlice(b[16:20])
	piece := binary.BigEndian.Uint16(b[6:])
	return p.udp(b[head:], from, to, int(piece&0x1fff), piece&0x2000 != 0)
}

// trim drops what the link padded. whole is 0 where the network card was to fill it in.
func trim(b []byte, whole, head int) []byte {
	if whole >= head && whole <= len(b) {
		return b[:whole]
	}
	return b
}

func (p *Packet) ipv6(b []byte) bool {
	if len(b) < 40 {
		return false
	}
	if size := int(binary.BigEndian.Uint16(b[4:])); size > 0 {
		b = trim(b, 40+size, 40)
	}
	from, _ := netip.AddrFromSlice(b[8:24])
	to, _ := netip.AddrFromSlice(b[24:40])
	next, offset, more := b[6], 0, false
	for b = b[40:]; ; {
		size := 8
		switch next {
		case protoUDP:
			return p.udp(b, from, to, offset, more)
		case 0, 43, 60: // hop-by-hop, routing, destination options
			if len(b) < 8 {
				return false
			}
			size = (int(b[1]) + 1) * 8
		case 44: // fragment
			if len(b) < 8 {
				return false
			}
			piece := binary.BigEndian.Uint16(b[2:])
			offset, more = int(piece>>3), piece&1 != 0
			if offset > 0 {
				return b[0] == protoUDP && p.udp(b[8:], from, to, offset, more)
			}
		default:
			return false
		}
		if len(b) < size {
			return false
		}
		next, b = b[0], b[size:]
	}
}

func (p *Packet) udp(b []byte, from, to netip.Addr, offset int, more bool) bool {
	p.Fragment = offset > 0 || more
	if offset > 0 {
		p.From, p.To, p.Payload = netip.AddrPortFrom(from, 0), netip.AddrPortFrom(to, 0), b
		return true
	}
	if len(b) < 8 {
		return false
	}
	p.From = netip.AddrPortFrom(from, binary.BigEndian.Uint16(b))
	p.To = netip.AddrPortFrom(to, binary.BigEndian.Uint16(b[2:]))
	size := int(binary.BigEndian.Uint16(b[4:]))
	switch {
	case size < 8:
		return false
	case size <= len(b):
		b = b[:size]
	case !p.Fragment:
		p.Cut = true
	}
	p.Payload = b[8:]
	return true
}
