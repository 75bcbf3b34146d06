package confhost

import (
	"fmt"
	"net"
	"net/netip"
)

// Route is how this machine would reach an address.
type Route struct {
	Interface string // "" if none has the address it would send from
	Local     bool   // the address is this machine's own
}

// RouteTo asks the kernel by connecting a UDP socket, which sends nothing. The error says that
// there is no route.
func RouteTo(dst netip.Addr) (Route, error) {
	holders, err := holders()
	if err != nil {
		return Route{}, err
	}
	// The discard port; any port will do.
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(dst, 9)))
	if err != nil {
		return Route{}, fmt.Errorf("no route to %s: %w", dst, err)
	}
	defer conn.Close()
	source := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
	return Route{Interface: holders[source], Local: source == dst.WithZone("")}, nil
}

// holders are the interfaces of all addresses of this machine.
func holders() (map[netip.Addr]string, error) {
	devices, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list the interfaces: %w", err)
	}
	out := map[netip.Addr]string{}
	for _, d := range devices {
		addrs, err := d.Addrs()
		if err != nil {
			continue // gone meanwhile
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if addr := p.Addr().WithZone(""); err == nil && out[addr] == "" {
				out[addr] = d.Name
			}
		}
	}
	return out, nil
}
