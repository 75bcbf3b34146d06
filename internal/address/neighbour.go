package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Seeker asks the network for a neighbour at once where the kernel is still waiting for one: that asks only once a
// second, and keeps what is sent meanwhile. It asks what the kernel asks, so an answer does for everybody, and the
// kernel's table is never written to: what others have sent to that neighbour goes out the sooner, and nothing is lost.
// It is for one goroutine.
type Seeker struct{ s sender }

// Seek looks at the neighbour that datagrams for peer go to by the interface of that number: peer itself, or a
// gateway. It is missing as long as its hardware address is not known. Then it was asked for, unless there is an error or
// the kernel itself has not asked: it does so as soon as somebody sends something.
func (k *Seeker) Seek(index uint32, peer netip.Addr) (missing bool, err error) {
	c, err := dial(0)
	if err != nil {
		return false, err
	}
	defer c.close()
	hop, err := c.nextHop(index, peer)
	if err != nil || !hop.to.IsValid() {
		return err != nil, err
	}
	state, err := c.neighbour(index, hop.to)
	if err != nil || state&(unix.NUD_INCOMPLETE|unix.NUD_FAILED) == 0 {
		return state == 0, err
	}
	dev, err := c.deviceByIndex(index)
	if err != nil {
		return true, fmt.Errorf("look up interface %d: %w", index, err)
	}
	if !dev.hasNeighbours() {
		return false, nil
	}
	if err := k.s.ask(dev, hop); err != nil {
		return true, fmt.Errorf("ask for %s on %s: %w", hop.to, dev.name, err)
	}
	return true, nil
}

// Close is not to be called while Seek runs.
func (k *Seeker) Close() { k.s.close() }

// hop is where the kernel sends a packet next.
type hop struct{ from, to netip.Addr }

// nextHop is the zero hop for what this machine does not send to a neighbour: an address of its own, say.
func (c *conn) nextHop(index uint32, addr netip.Addr) (hop, error) {
	body := make([]byte, unix.SizeofRtMsg)
	body[0], body[1] = family(addr.Is6()), byte(addr.BitLen())
	body = appendAttr(body, unix.RTA_DST, addr.AsSlice())
	got, err := c.do(unix.RTM_GETROUTE, 0, appendAttr(body, unix.RTA_OIF, uint32Bytes(index)))
	if err != nil {
		return hop{}, fmt.Errorf("look up route to %s: %w", addr, err)
	}
	for _, m := range got {
		if m.typ != unix.RTM_NEWROUTE || len(m.body) < unix.SizeofRtMsg || m.body[7] != unix.RTN_UNICAST {
			continue
		}
		if h, ok := parseHop(attrs(m.body[unix.SizeofRtMsg:]), index, addr); ok {
			return h, nil
		}
	}
	return hop{}, nil
}

// parseHop leaves out a gateway of the other family: the address to ask it from is not told.
func parseHop(a map[uint16][]byte, index uint32, addr netip.Addr) (hop, bool) {
	h := hop{to: addr.WithZone("")}
	h.from, _ = netip.AddrFromSlice(a[unix.RTA_PREFSRC])
	if gateway, ok := netip.AddrFromSlice(a[unix.RTA_GATEWAY]); ok {
		h.to = gateway
	}
	_, other := a[unix.RTA_VIA]
	return h, !other && attrUint32(a[unix.RTA_OIF], 0) == index && h.from.IsValid() && h.from.Is6() == h.to.Is6()
}

// neighbour is the state (NUD_*) of an entry of the kernel's table; 0 if there is none.
func (c *conn) neighbour(index uint32, addr netip.Addr) (state uint16, err error) {
	got, err := c.do(unix.RTM_GETNEIGH, 0, appendAttr(neighbourInfo(index, addr), unix.NDA_DST, addr.AsSlice()))
	switch {
	case errors.Is(err, unix.ENOENT):
		return 0, nil
	case errors.Is(err, unix.EOPNOTSUPP): // before Linux 5.0 only the whole table can be had
		got, err = c.dump(unix.RTM_GETNEIGH, neighbourInfo(0, addr))
	}
	if err != nil {
		return 0, fmt.Errorf("look up neighbour %s: %w", addr, err)
	}
	return stateOf(got, index, addr), nil
}

func stateOf(table []message, index uint32, addr netip.Addr) uint16 {
	for _, m := range table {
		if at, who, state, ok := parseNeighbour(m); ok && at == index && who == addr {
			return state
		}
	}
	return 0
}

// neighbourInfo is a struct ndmsg.
func neighbourInfo(index uint32, addr netip.Addr) []byte {
	b := make([]byte, unix.SizeofNdMsg)
	b[0] = family(addr.Is6())
	binary.NativeEndian.PutUint32(b[4:], index)
	return b
}

func parseNeighbour(m message) (index uint32, addr netip.Addr, state uint16, ok bool) {
	if m.typ != unix.RTM_NEWNEIGH || len(m.body) < unix.SizeofNdMsg {
		return 0, netip.Addr{}, 0, false
	}
	addr, ok = netip.AddrFromSlice(attrs(m.body[unix.SizeofNdMsg:])[unix.NDA_DST])
	return binary.NativeEndian.Uint32(m.body[4:]), addr, binary.NativeEndian.Uint16(m.body[8:]), ok
}

// ask sends one request to everybody it may concern.
func (s *sender) ask(dev device, h hop) error {
	fd, err := s.socket()
	if err != nil {
		return err
	}
	mac := [6]byte(dev.mac)
	if h.to.Is6() {
		a := h.to.As16() // RFC 2464, 7
		to := linkAddr(dev, unix.ETH_P_IPV6, [6]byte{0x33, 0x33, 0xff, a[13], a[14], a[15]})
		return unix.Sendto(fd, nsPacket(mac, h.from, h.to), 0, to)
	}
	to := linkAddr(dev, unix.ETH_P_ARP, [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	return unix.Sendto(fd, arpQuestion(mac, h.from, h.to), 0, to)
}
