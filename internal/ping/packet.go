package ping

import (
	"bytes"
	"encoding/binary"
)

// What an echo request or reply begins with: type, code, checksum, identifier, sequence number.
const headerLength = 8

// nonceLength is how many random bytes a request carries, behind a word for whoever looks at the wire.
const nonceLength = 16

var label = []byte("heartbeatd ping ")

const packetLength = headerLength + 16 + nonceLength

// family is what differs between ICMP and ICMPv6.
type family struct {
	request, reply byte
	ipHeader       bool // a raw socket hands over the IP header too
	checksum       bool // the kernel leaves it to us
}

var (
	icmp4 = family{request: 8, reply: 0, ipHeader: true, checksum: true}
	icmp6 = family{request: 128, reply: 129}
)

// echo is a request, or what a reply to it repeats.
type echo struct {
	id, seq uint16
	nonce   [nonceLength]byte
}

// put writes the request into buf, which must have packetLength bytes.
func (f family) put(buf []byte, e *echo) []byte {
	p := buf[:packetLength]
	p[0], p[1], p[2], p[3] = f.request, 0, 0, 0
	binary.BigEndian.PutUint16(p[4:], e.id)
	binary.BigEndian.PutUint16(p[6:], e.seq)
	copy(p[headerLength:], label)
	copy(p[headerLength+len(label):], e.nonce[:])
	if f.checksum {
		binary.BigEndian.PutUint16(p[2:], checksum(p))
	}
	return p
}

// parse reads what came over the socket; ok is false for anything but a reply as we would get it to a
// request of ours.
func (f family) parse(p []byte) (e echo, ok bool) {
	if f.ipHeader {
		if len(p) == 0 || int(p[0]&0x0f)*4 > len(p) {
			return e, false
		}
		p = p[int(p[0]&0x0f)*4:]
	}
	if len(p) != packetLength || p[0] != f.reply || p[1] != 0 || !bytes.HasPrefix(p[headerLength:], label) {
		return e, false
	}
	if f.checksum && checksum(p) != 0 {
		return e, false
	}
	e.id, e.seq = binary.BigEndian.Uint16(p[4:]), binary.BigEndian.Uint16(p[6:])
	copy(e.nonce[:], p[headerLength+len(label):])
	return e, true
}

// checksum is the Internet's; over data that contains the right one it is 0.
func checksum(p []byte) uint16 {
	var sum uint32
	for ; len(p) > 1; p = p[2:] {
		sum += uint32(p[0])<<8 | uint32(p[1])
	}
	if len(p) == 1 {
		sum += uint32(p[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
