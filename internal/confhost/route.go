package confhost

import (
	"fmt"
	"net"
	"net/netip"
)

// Route is how this machine would reach an address.
type Route struct {
	Interface string
	Source    netip.Addr
	Network   netip.Prefix // the network of the interface that holds the address, invalid if none does
	Local     bool         // the address is this machine's own
}

// RouteTo asks the kernel by connecting a UDP socket, which sends nothing. The error says that
// there is no route.
func RouteTo(dst netip.Addr) (Route, error) {
	networks, err := networks()
	if err != nil {
		return Route{}, err
	}
	// The discard port; any port will do.
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(dst, 9)))
	if err != nil {
		return Route{}, fmt.Errorf("no route to %s: %w", dst, err)
	}
	defer conn.Close()
	r := Route{Source: conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()}
	r.Local = r.Source.WithZone("") == dst.WithZone("")
	for _, n := range networks {
		if n.prefix.Addr() != r.Source.WithZone("") {
			continue
		}
		r.Interface = n.device
		if n.prefix.Contains(dst.WithZone("")) {
			r.Network = n.prefix
		}
		return r, nil
	}
	return r, nil
}

type network struct {
	device string
	prefix netip.Prefix // the address of the interface, not masked
}

// networks are the addresses of all interfaces.
func networks() ([]network, error) {
	devices, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list the interfaces: %w", err)
	}
	var out []network
	for _, d := range devices {
		addrs, err := d.Addrs()
		if err != nil {
			continue // gone meanwhile
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				out = append(out, network{d.Name, p})
			}
		}
	}
	return out, nil
}
