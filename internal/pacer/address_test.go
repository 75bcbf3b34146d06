package pacer

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// A beat goes to an address over IPv4, over IPv6, and into a connected socket as that of a serial line is.
func TestAddresses(t *testing.T) {
	l := newLoop(t)
	ear6, at6 := ipv6Ear(t)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range []int{pair[0], pair[1]} {
		t.Cleanup(func() { unix.Close(fd) })
	}
	lines := []struct {
		name       string
		send, recv int
		to         Address
	}{
		{"IPv4", l.ear, l.ear, l.to},
		{"connected", pair[0], pair[1], Address{}},
		{"IPv6", ear6, ear6, at6},
	}
	p := &process{control: l.control}
	for i, line := range lines {
		if line.send < 0 {
			continue
		}
		if !p.tell(message{kind: msgOpened, line: uint16(i), to: line.to}, line.send) || !l.step() {
			t.Fatal("the message was not taken")
		}
	}
	l.ring.offer(clock(), []byte("beat"))
	l.step()
	for i, line := range lines {
		if line.send < 0 {
			continue
		}
		buf := make([]byte, 99)
		if n, err := unix.Read(line.recv, buf); err != nil || string(buf[:n]) != "beat" {
			t.Errorf("%s: %q %v", line.name, buf[:max(n, 0)], err)
		}
		if err := line.to.Send(line.send, []byte("by hand")); err != nil {
			t.Errorf("%s: %v", line.name, err)
		}
		if n, err := unix.Read(line.recv, buf); err != nil || string(buf[:n]) != "by hand" {
			t.Errorf("%s: %q %v", line.name, buf[:max(n, 0)], err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if line.to.Send(line.send, buf) != nil {
				t.Error("not sent")
			}
			unix.Read(line.recv, buf) //nolint:errcheck // what was just sent
		}); n != 0 {
			t.Errorf("%s: %g allocations", line.name, n)
		}
		if c := l.ring.mem.lines[i].sent.Load(); c != 1 {
			t.Errorf("%s: %d counted", line.name, c)
		}
	}
}

// ipv6Ear is a socket that hears, and its address; -1 where the kernel has no IPv6, as in some containers.
func ipv6Ear(t *testing.T) (int, Address) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Logf("IPv6 is left out: %v", err)
		return -1, Address{}
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet6{Addr: netip.IPv6Loopback().As16()}); err != nil {
		t.Logf("IPv6 is left out: %v", err)
		return -1, Address{}
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, To(netip.AddrPortFrom(netip.IPv6Loopback(), uint16(at.(*unix.SockaddrInet6).Port)), 0)
}

func TestAddressIsTheKernels(t *testing.T) {
	a := To(netip.MustParseAddrPort("[fe80::1:2]:694"), 7)
	want := "\x00\x00\x02\xb6\x00\x00\x00\x00\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02"
	if got := string(a.raw[2:24]); a.size != 28 || got != want[2:] {
		t.Errorf("%d %q, want %q", a.size, got, want[2:])
	}
	if a := To(netip.MustParseAddrPort("10.9.0.1:65535"), 0); a.size != 16 || string(a.raw[2:8]) != "\xff\xff\x0a\x09\x00\x01" {
		t.Errorf("%d %q", a.size, a.raw[:])
	}
}
