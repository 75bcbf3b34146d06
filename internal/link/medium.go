package link

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Kind is the directive of ha.cf a medium came from.
type Kind uint8

// Media that carry beats.
const (
	Bcast Kind = iota
	Ucast
	Mcast
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
	}
	return "unknown"
}

// Medium is one way for datagrams, as one directive of ha.cf asked for it.
type Medium struct {
	Kind   Kind
	Device string     // interface name, 1..15 bytes; also the link's name
	Peer   netip.Addr // ucast: the address sent to; mcast: the group; bcast: not used
	Port   uint16     // UDP port, not 0
	TTL    int        // mcast: 0..255 (ha.cf allows 0..4)
	Loop   bool       // mcast: hear our own datagrams
}

// String names the medium as 3.0.6 does in its log: "bcast eth0".
func (m Medium) String() string { return m.Kind.String() + " " + m.Device }

// check finds what no retry can mend.
func (m Medium) check() error {
	switch {
	case m.Kind > Mcast:
		return fmt.Errorf("medium kind %d is not known", m.Kind)
	case m.Device == "" || len(m.Device) >= unix.IFNAMSIZ:
		return fmt.Errorf("%s: interface name must have 1 to %d bytes", m, unix.IFNAMSIZ-1)
	case m.Port == 0:
		return fmt.Errorf("%s: port 0 cannot be used", m)
	case m.Kind == Ucast && (!m.Peer.Is4() || m.Peer.IsMulticast() || m.Peer.IsUnspecified()):
		return fmt.Errorf("%s: peer %s is not an IPv4 host address", m, m.Peer)
	case m.Kind == Mcast && !(m.Peer.Is4() && m.Peer.IsMulticast()):
		return fmt.Errorf("%s: group %s is not an IPv4 multicast address", m, m.Peer)
	case m.Kind == Mcast && (m.TTL < 0 || m.TTL > 255):
		return fmt.Errorf("%s: ttl %d is not in 0..255", m, m.TTL)
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
		loop := 0
		if m.Loop {
			loop = 1
		}
		return fmt.Sprintf("glib: UDP multicast heartbeat started for group %s port %d interface %s (ttl=%d loop=%d)",
			m.Peer, m.Port, m.Device, m.TTL, loop)
	}
	return fmt.Sprintf("glib: ucast: started on port %d interface %s to %s", m.Port, m.Device, m.Peer)
}
