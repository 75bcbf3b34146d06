package address

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNotHere means that an address cannot be announced because this machine does not have it.
var ErrNotHere = errors.New("address not on this machine")

// ErrNoNeighbours means that the interface (loopback, tunnel) has nobody to announce to.
var ErrNoNeighbours = errors.New("interface without neighbours")

// Announce sends one round for the address at once: an ARP request and an ARP reply, or a
// neighbour advertisement. Then the program exe goes on with it: it is started with the arguments
// that command makes of the interface's number, and is to call [RunAnnouncer]. A first round that
// failed does not keep the others from being tried. The caller is to exit soon, so that init reaps
// the child. The error wraps [ErrNotHere] when this machine does not have the address, and
// [ErrNoNeighbours] when nobody needs to hear of it.
func Announce(spec Spec, exe string, command func(index uint32) []string) error {
	var s sender
	defer s.close()
	out, err := s.announce(spec)
	if out.Index == 0 || errors.Is(err, ErrNoNeighbours) {
		return err
	}
	return errors.Join(err, spawn(exe, command(out.Index), s.file))
}

// sender is a packet socket, opened at the first use. Closing it takes the kernel ten milliseconds
// and more (it waits for an RCU grace period), which is why it outlives a round.
type sender struct{ file *os.File }

func (s *sender) close() { _ = s.file.Close() }

func (s *sender) announce(spec Spec) (Outcome, error) {
	held, out, err := Status(spec)
	if err != nil {
		return out, err
	}
	if !held {
		return out, fmt.Errorf("%w: %s", ErrNotHere, spec.Addr)
	}
	return out, s.round(out.Index, spec.Addr)
}

// round announces on one interface, with the hardware address it has now.
func (s *sender) round(index uint32, addr netip.Addr) error {
	c, err := dial(0)
	if err != nil {
		return err
	}
	defer c.close()
	dev, err := c.deviceByIndex(index)
	if err != nil {
		return fmt.Errorf("look up interface %d: %w", index, err)
	}
	if !dev.hasNeighbours() {
		return fmt.Errorf("announce %s on %s: %w", addr, dev.name, ErrNoNeighbours)
	}
	if err := s.send(dev, addr); err != nil {
		return fmt.Errorf("announce %s on %s: %w", addr, dev.name, err)
	}
	return nil
}

// hasNeighbours: only Ethernet-like interfaces that resolve addresses have a table to correct.
func (d device) hasNeighbours() bool {
	return d.kind == unix.ARPHRD_ETHER && len(d.mac) == 6 && d.flags&(unix.IFF_NOARP|unix.IFF_LOOPBACK) == 0
}

func (s *sender) send(dev device, addr netip.Addr) error {
	fd, err := s.socket()
	if err != nil {
		return err
	}
	mac := [6]byte(dev.mac)
	if addr.Is6() {
		to := linkAddr(dev, unix.ETH_P_IPV6, [6]byte{0x33, 0x33, 0, 0, 0, 1}) // RFC 2464, 7
		return unix.Sendto(fd, naPacket(mac, addr, dev.router6), 0, to)
	}
	to := linkAddr(dev, unix.ETH_P_ARP, [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	return errors.Join(
		unix.Sendto(fd, arpPacket(arpRequest, mac, addr), 0, to),
		unix.Sendto(fd, arpPacket(arpReply, mac, addr), 0, to),
	)
}

func (s *sender) socket() (int, error) {
	if s.file == nil {
		// Protocol 0: this socket sends and never receives.
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return -1, fmt.Errorf("open packet socket: %w", err)
		}
		s.file = os.NewFile(uintptr(fd), "packet socket")
	}
	return int(s.file.Fd()), nil
}

func linkAddr(dev device, proto uint16, mac [6]byte) *unix.SockaddrLinklayer {
	to := &unix.SockaddrLinklayer{Protocol: bigEndian16(proto), Ifindex: int(dev.index), Hatype: dev.kind, Halen: 6}
	copy(to.Addr[:], mac[:])
	return to
}
