package config

import (
	"errors"
	"net/netip"
)

const (
	mcast6Hint = "write mcast6 INTERFACE GROUP PORT HOPS LOOP, for example mcast6 eth0 ff02::694 694 1 0"
	ucast6Hint = "write ucast6 INTERFACE ADDRESS, for example ucast6 eth0 fe80::2"
)

// device6 looks a device up by name only: an IPv4 address is not needed.
func (p *parser) device6(kind string, w []string) (string, *fault) {
	if len(w) == 0 {
		return "", faultf("write the interface first, for example "+kind+" eth0 ...", "%s statement without device", kind)
	}
	if _, err := p.host.Interface(w[0]); err != nil && !errors.Is(err, ErrNoAddress) {
		return "", faultf("`ip link` lists the interfaces of this machine", "%s device [%s] is invalid or not set up properly", kind, w[0])
	}
	return w[0], nil
}

func applyMcast6(p *parser, rest string) *fault {
	w := words(rest)
	dev, f := p.device6("mcast6", w)
	if f != nil {
		return f
	}
	if len(w) < 2 {
		return faultf(mcast6Hint, "mcast6 [%s] missing mcast6 address", dev)
	}
	group, ok := address6(w[1], dev)
	if !ok || !group.IsMulticast() {
		return faultf("a group begins with ff", "mcast6 [%s] bad addr [%s]", dev, w[1])
	}
	port, hops, loop, f := p.multicastNumbers("hops", dev, mcast6Hint, w[2:])
	if f != nil {
		return f
	}
	return p.carry(Medium{Kind: Mcast6, Device: dev, Peer: group, Port: port, TTL: hops, Loop: loop})
}

func applyUcast6(p *parser, rest string) *fault {
	w := words(rest)
	dev, f := p.device6("ucast6", w)
	if f != nil {
		return f
	}
	if len(w) < 2 {
		return faultf(ucast6Hint, "ucast6 [%s] missing ucast6 address", dev)
	}
	peer, ok := address6(w[1], dev)
	if !ok || peer.IsUnspecified() || peer.IsMulticast() {
		return faultf("write an IPv6 address of the other machine; names are not looked up", "ucast6 [%s] bad addr [%s]", dev, w[1])
	}
	return p.carry(Medium{Kind: Ucast6, Device: dev, Peer: peer, Port: p.cfg.UDPPort})
}

// address6 reads an IPv6 address, not one of IPv4 in its clothes, which 3.0.6 takes. An interface may stand behind it, if it is the one that the line names.
func address6(word, dev string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(word)
	ok := err == nil && a.Is6() && !a.Is4In6() && (a.Zone() == "" || a.Zone() == dev)
	return a.WithZone(""), ok
}
