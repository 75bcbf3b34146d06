package link

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Kind is the directive of ha.cf a medium came from.
type Kind uint8

// Media that carry beats.
const (
	Bcast Kind = iota
	Ucast
	Mcast
	Ucast6
	Mcast6
	Serial
)

// String is the word of ha.cf, which is also what 3.0.6 calls the medium in its log.
func (k Kind) String() string {
	switch k {
	case Bcast:
		return "bcast"
	case Ucast:
		return "ucast"
	case Mcast:
		return "mcast"
	case Ucast6:
		return "ucast6"
	case Mcast6:
		return "mcast6"
	case Serial:
		return "serial"
	}
	return "unknown"
}

// Medium is one way for datagrams, as one directive of ha.cf asked for it.
type Medium struct {
	Kind   Kind
	Device string     // interface name, 1..15 bytes; serial: path of the terminal device; also the link's name
	Peer   netip.Addr // ucast, ucast6: the address sent to; mcast, mcast6: the group; else not used
	Port   uint16     // UDP port, not 0; serial: not used
	TTL    int        // mcast: 0..255 (ha.cf allows 0..4); mcast6: the hops
	Loop   bool       // mcast, mcast6: hear our own datagrams
	Baud   int        // serial: speed of the line
}

// String names the medium as 3.0.6 does in its log: "bcast eth0".
func (m Medium) String() string { return m.Kind.String() + " " + m.Device }

// check finds what no retry can mend.
func (m Medium) check() error {
	if m.Kind == Serial {
		return m.checkSerial()
	}
	switch {
	case m.Kind > Serial:
		return fmt.Errorf("medium kind %d is not known", m.Kind)
	case m.Device == "" || len(m.Device) >= unix.IFNAMSIZ:
		return fmt.Errorf("%s: interface name must have 1 to %d bytes", m, unix.IFNAMSIZ-1)
	case m.Port == 0:
		return fmt.Errorf("%s: port 0 cannot be used", m)
	case m.Kind == Ucast && (!m.Peer.Is4() || m.Peer.IsMulticast() || m.Peer.IsUnspecified()):
		return fmt.Errorf("%s: peer %s is not an IPv4 host address", m, m.Peer)
	case m.Kind == Mcast && !(m.Peer.Is4() && m.Peer.IsMulticast()):
		return fmt.Errorf("%s: group %s is not an IPv4 multicast address", m, m.Peer)
	case m.Kind == Ucast6 && (!is6(m.Peer) || m.Peer.IsMulticast() || m.Peer.IsUnspecified()):
		return fmt.Errorf("%s: peer %s is not an IPv6 host address", m, m.Peer)
	case m.Kind == Mcast6 && !(is6(m.Peer) && m.Peer.IsMulticast()):
		return fmt.Errorf("%s: group %s is not an IPv6 multicast address", m, m.Peer)
	case m.multicast() && (m.TTL < 0 || m.TTL > 255):
		return fmt.Errorf("%s: ttl %d is not in 0..255", m, m.TTL)
	}
	return nil
}

// is6 leaves out the addresses of IPv4 in the clothes of IPv6.
func is6(a netip.Addr) bool { return a.Is6() && !a.Is4In6() }

func (m Medium) multicast() bool { return m.Kind == Mcast || m.Kind == Mcast6 }

func (m Medium) overIPv6() bool { return m.Kind == Ucast6 || m.Kind == Mcast6 }

func (m Medium) checkSerial() error {
	switch {
	case !filepath.IsAbs(m.Device):
		return fmt.Errorf("%s: the device must be a full path", m)
	case baudRates[m.Baud] == 0:
		return fmt.Errorf("%s: %d is not a speed of a serial line", m, m.Baud)
	}
	return nil
}

func checkAll(media []Medium) error {
	if len(media) == 0 {
		return errors.New("no medium to open")
	}
	var all []error
	for _, m := range media {
		all = append(all, m.check())
	}
	return errors.Join(all...)
}

// startLine is what 3.0.6 logs when the medium is ready (its ucast logs seven more lines, each
// about one socket option, which tell an operator nothing).
func (m Medium) startLine() string {
	switch m.Kind {
	case Bcast:
		return fmt.Sprintf("glib: UDP Broadcast heartbeat started on port %d (%d) interface %s", m.Port, m.Port, m.Device)
	case Mcast:
		return fmt.Sprintf("glib: UDP multicast heartbeat started for group %s port %d interface %s (ttl=%d loop=%d)",
			m.Peer, m.Port, m.Device, m.TTL, m.loop())
	case Mcast6:
		return fmt.Sprintf("glib: UDP multicast heartbeat started for [%s]:%d on interface %s (hops=%d loop=%d)",
			m.Peer, m.Port, m.Device, m.TTL, m.loop())
	case Ucast6:
		return fmt.Sprintf("glib: ucast6: heartbeat started for [%s]:%d on interface %s", m.zoned(), m.Port, m.Device)
	case Serial:
		return fmt.Sprintf("glib: Starting serial heartbeat on tty %s (%d baud)", m.Device, m.Baud)
	}
	return fmt.Sprintf("glib: ucast: started on port %d interface %s to %s", m.Port, m.Device, m.Peer)
}

func (m Medium) loop() int {
	if m.Loop {
		return 1
	}
	return 0
}

// needs is the thing of this machine that a medium depends on.
func (m Medium) needs() string {
	if m.Kind == Serial {
		return "device"
	}
	return "interface"
}

// zoned is the peer as 3.0.6 writes it in its log: one that means nothing without its interface has it with it.
func (m Medium) zoned() netip.Addr {
	if m.Kind == Ucast6 && m.Peer.IsLinkLocalUnicast() {
		return m.Peer.WithZone(m.Device)
	}
	return m.Peer
}
