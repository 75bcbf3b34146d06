package config

import (
	"net/netip"
	"strconv"
	"strings"
)

const (
	// maxMedia counts every medium, those without effect too.
	maxMedia = 64
	// maxDevice is the length of an interface name, a limit of the kernel.
	maxDevice = 15
)

// mediaDirectives are the ways of datagrams. 3.0.6: bcast and ucast take the udpport in force where
// they stand.
func mediaDirectives() []*directive {
	return []*directive{
		{Directive: entry("udpport", "integer", "694", "1..65535", last), recorded: true, value: applyUDPPort},
		{Directive: entry("bcast", "INTERFACE...", "", "64 media in all", many), value: applyBcast},
		{Directive: entry("udp", "INTERFACE...", "", "old name of bcast", many), value: applyUDP},
		{Directive: entry("mcast", "INTERFACE GROUP PORT TTL LOOP", "", "TTL 0..4, LOOP 0..1", many), line: applyMcast},
		{Directive: entry("ucast", "INTERFACE HOST", "", "64 media in all", many), line: applyUcast},
		{Directive: entry("mcast6", "INTERFACE GROUP PORT HOPS LOOP", "", "HOPS 0..4, LOOP 0..1", many), line: applyMcast6},
		{Directive: entry("ucast6", "INTERFACE ADDRESS", "", "64 media in all", many), line: applyUcast6},
		{Directive: entry("serial", "DEVICE...", "", "64 media in all", many), value: applySerial},
		{Directive: entry("baud", "rate", "19200", strings.Join(baudRates, " "), once), recorded: true, value: applyBaud},
		{Directive: entry("ping", "HOST...", "", "64 media in all", many), value: applyPing},
		{Directive: entry("ping6", "ADDRESS...", "", "64 media in all", many), value: applyPing6},
		{Directive: entry("ping_group", "NAME HOST...", "", "64 media in all", many), line: applyPingGroup},
	}
}

// DIFFERS: 3.0.6 takes a port above 65535 and the kernel uses its low 16 bits.
func applyUDPPort(p *parser, v string) *fault {
	n, exact := atol(v)
	if n <= 0 || n > 65535 {
		return faultf("write a port from 1 to 65535", "invalid port [%s] specified.", v)
	}
	if !exact {
		p.warn("write digits only", "[%s] is not a whole number, %d is used", v, n)
	}
	port := uint16(n)
	if service, ok := p.host.ServiceName(port); ok && service != "ha-cluster" {
		p.warn("choose another port, the same on every node", "udp port %d reserved for service %q.", port, service)
	}
	for _, m := range p.cfg.Media {
		if (m.Kind == Bcast || m.Kind == Ucast || m.Kind == Ucast6) && m.Port != port {
			p.warn("put udpport above the media", "comes too late for the media above, %s stays on port %d", m.Where, m.Port)
			break
		}
	}
	p.cfg.UDPPort = port
	return nil
}

// addMedium counts a medium of any kind.
func (p *parser) addMedium() *fault {
	if p.media >= maxMedia {
		return faultf("", "Too many media specified (> %d)", maxMedia)
	}
	p.media++
	return nil
}

func (p *parser) carry(m Medium) *fault {
	if f := p.addMedium(); f != nil {
		return f
	}
	m.Where = p.where()
	p.cfg.Media = append(p.cfg.Media, m)
	return nil
}

func applyBcast(p *parser, v string) *fault {
	if _, err := p.host.Interface(v); err != nil {
		return faultf("`ip -4 addr` lists the interfaces of this machine and their addresses",
			"Get broadcast for interface %s failed: %v", v, err)
	}
	return p.carry(Medium{Kind: Bcast, Device: v, Port: p.cfg.UDPPort})
}

func applyUDP(p *parser, v string) *fault {
	p.warn("write bcast "+v, "WARNING: directive 'udp' replaced by 'bcast'")
	return applyBcast(p, v)
}

const mcastHint = "write mcast INTERFACE GROUP PORT TTL LOOP, for example mcast eth0 239.0.0.1 694 1 0"

func applyMcast(p *parser, rest string) *fault {
	w := words(rest)
	if len(w) == 0 {
		// DIFFERS: 3.0.6 crashes.
		return faultf(mcastHint, "mcast statement without device")
	}
	dev := w[0]
	if _, err := p.host.Interface(dev); err != nil {
		return faultf("`ip -4 addr` lists the interfaces of this machine and their addresses",
			"mcast device [%s] is invalid or not set up properly: %v", dev, err)
	}
	if len(w) < 2 {
		return faultf(mcastHint, "mcast [%s] missing mcast address", dev)
	}
	group, err := netip.ParseAddr(w[1])
	if err != nil || !group.Is4() || !group.IsMulticast() {
		return faultf("a group is 224.0.0.0 to 239.255.255.255", "mcast [%s] bad addr [%s]", dev, w[1])
	}
	port, ttl, loop, f := p.multicastNumbers("ttl", dev, mcastHint, w[2:])
	if f != nil {
		return f
	}
	return p.carry(Medium{Kind: Mcast, Device: dev, Peer: group, Port: port, TTL: ttl, Loop: loop})
}

// multicastNumbers reads PORT TTL LOOP, shared by mcast and mcast6. Further words are ignored.
func (p *parser) multicastNumbers(hops, dev, hint string, w []string) (port uint16, ttl int, loop bool, f *fault) {
	limits := []struct {
		name     string
		min, max int64
	}{{"port", 1, 65535}, {hops, 0, 4}, {"loop", 0, 1}}
	var got [3]int64
	for i, l := range limits {
		if len(w) <= i {
			return 0, 0, false, faultf(hint, "%s [%s] missing %s", p.name, dev, l.name)
		}
		var exact bool
		got[i], exact = atol(w[i])
		if got[i] < l.min || got[i] > l.max {
			return 0, 0, false, faultf(hint+"; "+l.name+" is "+strconv.FormatInt(l.min, 10)+".."+strconv.FormatInt(l.max, 10),
				"%s [%s] bad %s [%s]", p.name, dev, l.name, w[i])
		}
		if !exact {
			p.warn("write digits only", "%s [%s] is not a whole number, %d is used", l.name, w[i], got[i])
		}
	}
	return uint16(got[0]), int(got[1]), got[2] == 1, nil
}

// applyUcast checks as 3.0.6: the device is not looked at. A missing one is told here, because C's
// daemon dies of it after the launcher has said yes.
func applyUcast(p *parser, rest string) *fault {
	const hint = "write ucast INTERFACE HOST, for example ucast eth0 192.0.2.2"
	w := words(rest)
	if len(w) == 0 {
		// DIFFERS: 3.0.6 crashes.
		return faultf(hint, "ucast statement without device")
	}
	dev := w[0]
	if len(w) < 2 {
		return faultf(hint, "[%s] missing target IP address/hostname", dev)
	}
	peer, ok := p.resolve4(w[1])
	if !ok {
		return faultf("write the peer's IPv4 address, or put its name into /etc/hosts", "cannot resolve hostname [%s]", w[1])
	}
	if peer.IsUnspecified() || peer.IsMulticast() {
		// DIFFERS: 3.0.6 starts; its datagrams reach itself, or nobody who listens.
		return faultf("write the address of the other machine; mcast has a directive of its own",
			"[%s] is not the address of a host", w[1])
	}
	if len(dev) > maxDevice {
		return faultf("`ip addr` lists the interfaces of this machine", "interface name [%s] is longer than %d characters", dev, maxDevice)
	}
	if _, err := p.host.Interface(dev); err != nil {
		p.warn("`ip addr` lists the interfaces of this machine", "interface [%s]: %v; nothing is sent over it until it is there", dev, err)
	}
	return p.carry(Medium{Kind: Ucast, Device: dev, Peer: peer, Port: p.cfg.UDPPort})
}

// resolve4 is gethostbyname: the first IPv4 address.
func (p *parser) resolve4(host string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return a, a.Is4()
	}
	addrs, err := p.host.Resolve(host)
	if err != nil {
		return netip.Addr{}, false
	}
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			return a, true
		}
	}
	return netip.Addr{}, false
}
