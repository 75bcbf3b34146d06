package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// checkOwnAddresses warns of a machine's own address named as a service address: the first standby
// would take the machine off the network, and its beats with it. Names are not resolved for this,
// because a name server that hangs must not delay a start.
func (p *parser) checkOwnAddresses() {
	own := p.ownAddresses()
	for _, g := range p.cfg.Groups {
		for _, word := range g.Resources {
			addr, ok := ServiceAddress(word)
			if whose := own[addr]; ok && whose != "" {
				p.resource(Warning, g.Line(), "name an address of its own for the service, which no machine has configured at boot",
					"%s is %s, not a service address: giving the group away would take the machine off the network", addr, whose)
			}
		}
	}
}

// ownAddresses says whose each address is that the media tell of.
func (p *parser) ownAddresses() map[netip.Addr]string {
	own := map[netip.Addr]string{}
	for _, m := range p.cfg.Media {
		if m.Kind == Ucast || m.Kind == Ucast6 {
			own[m.Peer] = fmt.Sprintf("a machine's own address (the %s line %s sends to it)", m.Kind, m.Where)
		}
	}
	for _, m := range p.cfg.Media {
		if m.Kind == Serial { // no interface, and whoever waits for interfaces must not be told of one
			continue
		}
		if at, err := p.host.Interface(m.Device); err == nil {
			own[at.Addr] = "this machine's own address on " + m.Device
		}
	}
	return own
}

// ServiceAddress is the address a word of haresources puts on a machine; ok is false for a word
// that is no address, or one no machine can have.
func ServiceAddress(word string) (addr netip.Addr, ok bool) {
	r := ParseResource(word)
	if r.Script != "IPaddr" && r.Script != "IPaddr2" && r.Script != "IPv6addr" || len(r.Args) == 0 {
		return netip.Addr{}, false
	}
	base, _, _ := strings.Cut(r.Args[0], "/")
	addr, err := netip.ParseAddr(base)
	return addr, err == nil
}
