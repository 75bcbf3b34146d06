package duel

import (
	"encoding/binary"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ip is an Ethernet frame with an IPv4 packet without options.
func ip(protocol byte, from, to [4]byte, body ...byte) []byte {
	b := append(make([]byte, 34), body...)
	b[11] = from[3] // the card of the sender
	binary.BigEndian.PutUint16(b[12:], unix.ETH_P_IP)
	b[14], b[23] = 0x45, protocol
	copy(b[26:], from[:])
	copy(b[30:], to[:])
	return b
}

func udp(from [4]byte, payload string) []byte {
	body := make([]byte, 8)
	binary.BigEndian.PutUint16(body[2:], 694)
	return ip(unix.IPPROTO_UDP, from, [4]byte{10, 77, 0, 255}, append(body, payload...)...)
}

func arp(sender [4]byte) []byte {
	b := make([]byte, 42)
	b[11] = 2
	binary.BigEndian.PutUint16(b[12:], unix.ETH_P_ARP)
	copy(b[28:], sender[:])
	return b
}

func TestWhatAFrameIs(t *testing.T) {
	node, client := [4]byte{10, 77, 1, 2}, [4]byte{10, 77, 0, 3}
	tap := &wiretap{service: serviceAddress, nodes: map[[6]byte]byte{}, sample: map[byte][]byte{}}
	for _, c := range []struct {
		name  string
		bytes []byte
		kind  frameKind
		node  byte
	}{
		{"a beat in lines", udp(node, "###\nt=status\nst=active\n%%%\n"), beatFrame, 2},
		{"a beat in netstrings", udp(node, "###\n\x008:t=status,9:st=active,%%%\n"), beatFrame, 2},
		{"another message", udp(node, "###\nt=resource\n%%%\n"), otherFrame, 2},
		{"an advertisement", ip(112, node, [4]byte{224, 0, 0, 18}, make([]byte, 20)...), advertFrame, 2},
		{"an answer", ip(unix.IPPROTO_ICMP, serviceAddress, client, make([]byte, 16)...), answerFrame, 0},
		{"a claim of the address", arp(serviceAddress), claimFrame, 0},
	} {
		f, ok := tap.read(c.bytes)
		if !ok || f.kind != c.kind || c.node != 0 && f.node != c.node {
			t.Errorf("%s is read as kind %d of node %d (%v)", c.name, f.kind, f.node, ok)
		}
	}
	for name, b := range map[string][]byte{
		"an answer of somebody else": ip(unix.IPPROTO_ICMP, node, client, make([]byte, 16)...),
		"an ARP frame of a client":   arp(client), "too short": make([]byte, 30),
	} {
		if f, ok := tap.read(b); ok {
			t.Errorf("%s is read as %+v", name, f)
		}
	}
}

// An answer comes from the service address: only the card tells which node it was, and that is known by its beats.
func TestWhoAnswered(t *testing.T) {
	tap := &wiretap{service: serviceAddress, nodes: map[[6]byte]byte{}, sample: map[byte][]byte{}}
	see := func(at time.Duration, b []byte) {
		f, ok := tap.read(b)
		if !ok {
			t.Fatalf("% x was not read", b)
		}
		f.at = int64(at)
		tap.note(f, b)
	}
	answer := func(card byte) []byte {
		b := ip(unix.IPPROTO_ICMP, serviceAddress, [4]byte{10, 77, 0, 3}, make([]byte, 16)...)
		b[11] = card
		return b
	}
	see(1, answer(2))
	see(2, udp([4]byte{10, 77, 0, 1}, "t=status"))
	see(3, udp([4]byte{10, 77, 0, 2}, "t=status"))
	see(4, answer(1))
	see(9, answer(2))
	frames := tap.since(0)
	if frames[0].node != 2 || frames[3].node != 1 || tap.last(answerFrame, 1) != 4 || tap.last(beatFrame, 2) != 3 {
		t.Errorf("read as %+v", frames)
	}
	if at, err := firstOf(frames, answerFrame, 2); at != 1 || err != nil {
		t.Errorf("node2 answered first at %d (%v), want 1", at, err)
	}
	if s := longestSilence(frames); s != (span{4, 9}) {
		t.Errorf("the silence was %v, want 4 to 9", s)
	}
	if tap.count(beatFrame) != 2 || string(tap.genuine(1)) != "t=status" {
		t.Errorf("%d beats, the last of node1 %q", tap.count(beatFrame), tap.genuine(1))
	}
}
