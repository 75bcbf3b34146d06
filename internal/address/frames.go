package address

import (
	"encoding/binary"
	"net/netip"
)

// Operations of an ARP packet.
const (
	arpRequest = 1
	arpReply   = 2
)

// arpPacket builds a gratuitous ARP: sender and target are both the address. Some equipment
// learns from requests only and some from replies only, so both are sent. The target hardware
// address is zero in a request (RFC 5227) and the sender's own in a reply (RFC 5944, 4.6).
func arpPacket(op uint16, mac [6]byte, addr netip.Addr) []byte {
	ip := addr.As4()
	b := make([]byte, 0, 28)
	b = append(b, 0, 1, 8, 0, 6, 4) // Ethernet, IPv4, and their address lengths
	b = binary.BigEndian.AppendUint16(b, op)
	b = append(b, mac[:]...)
	b = append(b, ip[:]...)
	if op == arpRequest {
		b = append(b, make([]byte, 6)...)
	} else {
		b = append(b, mac[:]...)
	}
	return append(b, ip[:]...)
}

// Flags of a neighbour advertisement (RFC 4861, 4.4). Override makes the neighbours replace what
// they knew. Router must be true to the machine: without it they stop routing through us.
const (
	naRouter   = 0x80
	naOverride = 0x20
)

const (
	protoICMPv6 = 58
	typeNA      = 136
	optTarget   = 2 // target link-layer address
)

var allNodes = netip.MustParseAddr("ff02::1")

// naPacket builds an unsolicited neighbour advertisement with its IPv6 header, from the address
// itself to all nodes of the link.
func naPacket(mac [6]byte, addr netip.Addr, router bool) []byte {
	src, dst := addr.As16(), allNodes.As16()
	flags := byte(naOverride)
	if router {
		flags |= naRouter
	}
	body := []byte{typeNA, 0, 0, 0, flags, 0, 0, 0}
	body = append(body, src[:]...)
	body = append(body, optTarget, 1) // 1: eight bytes
	body = append(body, mac[:]...)
	binary.BigEndian.PutUint16(body[2:], icmp6Checksum(src, dst, body))

	b := []byte{0x60, 0, 0, 0, 0, byte(len(body)), protoICMPv6, 255} // hop limit 255 or it is ignored
	b = append(b, src[:]...)
	b = append(b, dst[:]...)
	return append(b, body...)
}

// icmp6Checksum is the Internet checksum over the pseudo-header of RFC 8200, 8.1, and the body,
// whose own checksum field is zero.
func icmp6Checksum(src, dst [16]byte, body []byte) uint16 {
	b := append(append([]byte{}, src[:]...), dst[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, 0, 0, 0, protoICMPv6)
	b = append(b, body...)
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
