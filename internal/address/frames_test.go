package address

import (
	"bytes"
	"encoding/hex"
	"testing"
)

var testMAC = [6]byte{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}

func TestARPPacket(t *testing.T) {
	for _, tt := range []struct {
		op   uint16
		want string
	}{
		{arpRequest, "0001080006040001" + "02aabbccddee" + "0a000001" + "000000000000" + "0a000001"},
		{arpReply, "0001080006040002" + "02aabbccddee" + "0a000001" + "02aabbccddee" + "0a000001"},
	} {
		if got := hex.EncodeToString(arpPacket(tt.op, testMAC, ip("10.0.0.1"))); got != tt.want {
			t.Errorf("op %d:\n got %s\nwant %s", tt.op, got, tt.want)
		}
	}
}

// RFC 1071: summing everything with the checksum in place must give all ones.
func TestNAPacket(t *testing.T) {
	for _, tt := range []struct {
		router bool
		flags  byte
	}{{false, 0x20}, {true, 0xa0}} {
		b := naPacket(testMAC, ip("fd00::5"), tt.router)
		if len(b) != 40+32 {
			t.Fatalf("length %d", len(b))
		}
		head := "60000000" + "0020" + "3a" + "ff" + "fd000000000000000000000000000005" + "ff020000000000000000000000000001"
		if got := hex.EncodeToString(b[:40]); got != head {
			t.Errorf("header\n got %s\nwant %s", got, head)
		}
		if b[40] != 136 || b[41] != 0 || b[44] != tt.flags || !bytes.Equal(b[45:48], []byte{0, 0, 0}) {
			t.Errorf("message starts % x", b[40:48])
		}
		if !bytes.Equal(b[48:64], b[8:24]) || !bytes.Equal(b[64:72], append([]byte{2, 1}, testMAC[:]...)) {
			t.Errorf("target and option % x", b[48:])
		}
		if sum := onesSum(b); sum != 0xffff {
			t.Errorf("router %v: checksum sums to %#x", tt.router, sum)
		}
	}
}

// onesSum is a second, plain way to the ICMPv6 checksum of a whole IPv6 packet: 0xffff is right.
func onesSum(packet []byte) int {
	sum := 58 + len(packet) - 40
	for i, c := range packet[8:] { // both addresses, then the message; all even offsets
		if i%2 == 0 {
			sum += int(c) * 256
		} else {
			sum += int(c)
		}
	}
	return sum%0xffff + truth(sum%0xffff == 0)*0xffff
}
