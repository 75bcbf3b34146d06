package link

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ipv6MulticastAll is IPV6_MULTICAST_ALL of <linux/in6.h>, since Linux 4.20.
const ipv6MulticastAll = 29

// setSend6 gives the sending socket the options of 3.0.6 (ucast6.c, mcast6.c).
func setSend6(fd int, m Medium, dev device) error {
	if m.Kind == Ucast6 {
		return bindToDevice(fd, m.Device)
	}
	return setAll(fd,
		option{"IPV6_MULTICAST_IF", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, dev.index},
		option{"IPV6_MULTICAST_LOOP", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, m.loop()},
		option{"IPV6_MULTICAST_HOPS", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, m.TTL})
}

// setReceive6 is setReceive for IPv6.
func setReceive6(fd int, m Medium, dev device) error {
	if err := prepareReceive(fd, m.Device); err != nil {
		return err
	}
	// DIFFERS: without it the socket would also take what comes over IPv4 to the port, and a broadcast or ucast line
	// on the same interface could not have it.
	if err := setAll(fd, option{"IPV6_V6ONLY", unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1}); err != nil {
		return err
	}
	// A group joined by another socket of this machine is none of our business; an old kernel cannot tell them apart.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, ipv6MulticastAll, 0)
	at := unix.SockaddrInet6{Port: int(m.Port)}
	if m.Kind == Mcast6 {
		// DIFFERS: 3.0.6 binds to [::], and so hears every group of the port that anybody has joined.
		at.Addr, at.ZoneId = m.Peer.As16(), uint32(dev.index)
	}
	if err := unix.Bind(fd, &at); err != nil {
		return fmt.Errorf("binding to %s: %w", netip.AddrPortFrom(netip.AddrFrom16(at.Addr), m.Port), err)
	}
	if m.Kind != Mcast6 {
		return nil
	}
	r := &unix.IPv6Mreq{Multiaddr: m.Peer.As16(), Interface: uint32(dev.index)}
	if err := unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, r); err != nil {
		return fmt.Errorf("joining %s: %w", m.Peer, err)
	}
	return nil
}
