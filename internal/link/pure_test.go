package link

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMediumCheck(t *testing.T) {
	peer, group := netip.MustParseAddr("10.9.0.2"), netip.MustParseAddr("239.0.0.1")
	for _, c := range []struct {
		m    Medium
		want string // "" for none
	}{
		{Medium{Kind: Bcast, Device: "eth0", Port: 694}, ""},
		{Medium{Kind: Ucast, Device: "eth0", Port: 694, Peer: peer}, ""},
		{Medium{Kind: Mcast, Device: "eth0", Port: 694, Peer: group, TTL: 1}, ""},
		{Medium{Kind: Bcast, Port: 694}, "opening links: bcast : interface name must have 1 to 15 bytes"},
		{Medium{Kind: Bcast, Device: "0123456789abcdef", Port: 694}, "opening links: bcast 0123456789abcdef: interface name must have 1 to 15 bytes"},
		{Medium{Kind: Bcast, Device: "eth0"}, "opening links: bcast eth0: port 0 cannot be used"},
		{Medium{Kind: Ucast, Device: "eth0", Port: 694}, "opening links: ucast eth0: peer invalid IP is not an IPv4 host address"},
		{Medium{Kind: Ucast, Device: "eth0", Port: 694, Peer: group}, "opening links: ucast eth0: peer 239.0.0.1 is not an IPv4 host address"},
		{Medium{Kind: Mcast, Device: "eth0", Port: 694, Peer: peer}, "opening links: mcast eth0: group 10.9.0.2 is not an IPv4 multicast address"},
		{Medium{Kind: Mcast, Device: "eth0", Port: 694, Peer: group, TTL: 256}, "opening links: mcast eth0: ttl 256 is not in 0..255"},
		{Medium{Kind: 9, Device: "eth0", Port: 694}, "opening links: medium kind 9 is not known"},
	} {
		got := ""
		if s, err := Open([]Medium{c.m}, Options{}); err != nil {
			got = err.Error()
		} else {
			s.Close()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.m, got, c.want)
		}
	}
	if _, err := Open(nil, Options{}); err == nil || err.Error() != "opening links: no medium to open" {
		t.Errorf("no medium: %v", err)
	}
}

func TestTroubleIsSaidAtOnceThenRarely(t *testing.T) {
	var r trouble
	var said []time.Duration
	for now := time.Duration(0); now < 3*time.Hour; now += time.Second {
		if v := r.failed(now, unix.EPERM); v != silent {
			said = append(said, now)
			if (v == begins) != (now == 0) {
				t.Errorf("at %s: verdict %d", now, v)
			}
		}
	}
	want := []time.Duration{0, 1 * time.Minute, 3 * time.Minute, 7 * time.Minute, 15 * time.Minute,
		31 * time.Minute, 63 * time.Minute, 123 * time.Minute}
	if len(said) != len(want) {
		t.Fatalf("said at %v, want %v", said, want)
	}
	for i := range want {
		if said[i] != want[i] {
			t.Errorf("said at %v, want %v", said, want)
		}
	}
	if n, told := r.over(); n != 3*3600 || !told {
		t.Errorf("over: %d %v", n, told)
	}
}

func TestTroubleThatComesAndGoesKeepsItsAllowance(t *testing.T) {
	var r trouble
	said := 0
	for now := time.Duration(0); now < 10*time.Minute; now += time.Second {
		if r.failed(now, unix.ENOBUFS) != silent {
			said++
		}
		if n, _ := r.over(); n != 1 || r.err != nil || r.count != 0 {
			t.Fatalf("over: %d failures, left %v", n, r.err)
		}
	}
	if said < allowance || said > allowance+10 {
		t.Errorf("600 short troubles in ten minutes were said %d times, want %d at first and one a minute", said, allowance)
	}
}

func TestTroubleOfAnotherKindIsSaid(t *testing.T) {
	var r trouble
	if r.failed(0, unix.EPERM) != begins || r.failed(1, unix.EPERM) != silent || r.failed(2, unix.ENETDOWN) != begins {
		t.Error("a new reason within a run must be said, the same reason must not")
	}
}

// clocks are two that a test turns by hand.
type clocks struct {
	mono time.Duration
	wall time.Time
}

func (c *clocks) pass(d time.Duration) { c.mono += d; c.wall = c.wall.Add(d) }

func TestStampIsBroughtToTheMonotonicClock(t *testing.T) {
	c := &clocks{mono: time.Hour, wall: time.Unix(1700000000, 0)}
	s := newStamper(func() time.Duration { return c.mono })
	s.wall = func() time.Time { return c.wall }
	s.moment(time.Time{})

	c.pass(5 * time.Second)
	stamp := c.wall.Add(-3 * time.Second)
	if at, mono := s.moment(stamp); !at.Equal(stamp) || mono != time.Hour+2*time.Second {
		t.Errorf("a datagram that waited 3 s: at %s, mono %s", at, mono)
	}
	if _, mono := s.moment(time.Time{}); mono != c.mono {
		t.Errorf("no stamp: mono %s, want now %s", mono, c.mono)
	}
	if _, mono := s.moment(c.wall.Add(time.Second)); mono != c.mono {
		t.Errorf("a stamp of the future: mono %s, want now %s", mono, c.mono)
	}
	for _, step := range []time.Duration{time.Hour, -time.Hour, 21 * time.Millisecond} {
		stamp := c.wall
		c.wall = c.wall.Add(step)
		if _, mono := s.moment(stamp); mono != c.mono {
			t.Errorf("wall clock set by %s: mono %s, want now %s", step, mono, c.mono)
		}
		if _, mono := s.moment(c.wall.Add(-time.Second)); mono != c.mono-time.Second {
			t.Errorf("the datagram after a step of %s: mono %s, want a second ago", step, mono)
		}
	}
}

func TestTimespecOfEitherWordSize(t *testing.T) {
	var b []byte
	b = nativeAppend(b, 1700000000, 8)
	b = nativeAppend(b, 5, 8)
	if got := timespec(b); !got.Equal(time.Unix(1700000000, 5)) {
		t.Errorf("64 bit: %s", got)
	}
	b = nativeAppend(nativeAppend(nil, 1700000000, 4), 5, 4)
	if got := timespec(b); !got.Equal(time.Unix(1700000000, 5)) {
		t.Errorf("32 bit: %s", got)
	}
	for n := range 8 {
		if got := timespec(b[:n]); !got.IsZero() {
			t.Errorf("%d bytes: %s, want none", n, got)
		}
	}
}

func TestControlMessagesOfAnyShape(t *testing.T) {
	whole := make([]byte, unix.CmsgSpace(16))
	for n := range len(whole) {
		var in incoming
		in.readControl(whole[:n]) // must not panic
		if !in.at.IsZero() || in.lost != 0 {
			t.Errorf("%d zero bytes gave %+v", n, in)
		}
	}
}

func TestUnixTextIsStrerror(t *testing.T) {
	for want, err := range map[string]error{
		"Operation not permitted": unix.EPERM,
		"Message too long":        unix.EMSGSIZE,
		"Network is unreachable":  errors.Join(unix.ENETUNREACH),
		"no errno":                errors.New("no errno"),
	} {
		if got := unixText(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestStartLines(t *testing.T) {
	group := netip.MustParseAddr("239.0.0.1")
	got := strings.Join([]string{
		Medium{Kind: Bcast, Device: "eth0", Port: 694}.startLine(),
		Medium{Kind: Ucast, Device: "eth1", Port: 694, Peer: netip.MustParseAddr("10.77.1.2")}.startLine(),
		Medium{Kind: Mcast, Device: "eth0", Port: 695, Peer: group, TTL: 1}.startLine(),
		Medium{Kind: Mcast, Device: "eth0", Port: 695, Peer: group, TTL: 4, Loop: true}.startLine(),
	}, "\n")
	want := `glib: UDP Broadcast heartbeat started on port 694 (694) interface eth0
glib: ucast: started on port 694 interface eth1 to 10.77.1.2
glib: UDP multicast heartbeat started for group 239.0.0.1 port 695 interface eth0 (ttl=1 loop=0)
glib: UDP multicast heartbeat started for group 239.0.0.1 port 695 interface eth0 (ttl=4 loop=1)`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func nativeAppend(b []byte, v uint64, size int) []byte {
	if size == 4 {
		return binary.NativeEndian.AppendUint32(b, uint32(v))
	}
	return binary.NativeEndian.AppendUint64(b, v)
}
