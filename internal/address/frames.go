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
	target := [6]byte{}
	if op == arpReply {
		target = mac
	}
	return arpFrame(op, mac, addr, target, addr)
}

// arpQuestion asks who has an address, as the kernel does.
func arpQuestion(mac [6]byte, from, wanted netip.Addr) []byte {
	return arpFrame(arpRequest, mac, from, [6]byte{}, wanted)
}

func arpFrame(op uint16, senderMAC [6]byte, sender netip.Addr, targetMAC [6]byte, target netip.Addr) []byte {
	b := make([]byte, 0, 28)
	b = append(b, 0, 1, 8, 0, 6, 4) // Ethernet, IPv4, and their address lengths
	b = binary.BigEndian.AppendUint16(b, op)
	b = append(b, senderMAC[:]...)
	b = append(b, sender.AsSlice()...)
	b = append(b, targetMAC[:]...)
	return append(b, target.AsSlice()...)
}

// Flags of a neighbour advertisement (RFC 4861, 4.4). Override makes the neighbours replace what
// they knew. Router must be true to the machine: without it they stop routing through us.
const (
	naRouter   = 0x80
	naOverride = 0x20
)

const (
	protoICMPv6 = 58
	typeNS      = 135
	typeNA      = 136
	optSource   = 1 // source link-layer address
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
	return ndPacket(src, dst, typeNA, flags, src, optTarget, mac)
}

// nsPacket asks who has an address, as the kernel does: of the group of its last three bytes (RFC 4861, 4.3 and 7.2.2).
func nsPacket(mac [6]byte, from, wanted netip.Addr) []byte {
	target := wanted.As16()
	dst := [16]byte{0: 0xff, 1: 0x02, 11: 1, 12: 0xff, 13: target[13], 14: target[14], 15: target[15]}
	return ndPacket(from.As16(), dst, typeNS, 0, target, optSource, mac)
}

// ndPacket is a message of neighbour discovery with one option, and its IPv6 header.
func ndPacket(src, dst [16]byte, kind, flags byte, target [16]byte, option byte, mac [6]byte) []byte {
	body := []byte{kind, 0, 0, 0, flags, 0, 0, 0}
	body = append(body, target[:]...)
	body = append(body, option, 1) // 1: eight bytes
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
