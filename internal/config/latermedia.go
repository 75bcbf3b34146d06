package config

import (
	"errors"
	"net/netip"
	"strings"
)

// The media below are checked as 3.0.6 checks them; nothing is sent over them yet.

const mcast6Hint = "write mcast6 INTERFACE GROUP PORT HOPS LOOP, for example mcast6 eth0 ff02::694 694 1 0"

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
	if a, err := netip.ParseAddr(w[1]); err != nil || !a.Is6() || !a.IsMulticast() {
		return faultf("a group begins with ff", "mcast6 [%s] bad addr [%s]", dev, w[1])
	}
	if _, _, _, f := p.multicastNumbers("hops", dev, mcast6Hint, w[2:]); f != nil {
		return f
	}
	return p.addMedium()
}

func applyUcast6(p *parser, rest string) *fault {
	w := words(rest)
	dev, f := p.device6("ucast6", w)
	if f != nil {
		return f
	}
	if len(w) < 2 {
		return faultf("write ucast6 INTERFACE ADDRESS", "ucast6 [%s] missing ucast6 address", dev)
	}
	if a, err := netip.ParseAddr(w[1]); err != nil || !a.Is6() {
		return faultf("write an IPv6 address", "ucast6 [%s] bad addr [%s]", dev, w[1])
	}
	return p.addMedium()
}

func applySerial(p *parser, v string) *fault {
	const hint = "write the device of a serial port, for example serial /dev/ttyS0"
	at := p.host.Path(v)
	switch {
	case !strings.HasPrefix(v, "/"):
		return faultf(hint, "Serial port not full pathname [%s] in config file", v)
	case !at.Exists:
		return faultf(hint, "Nonexistent serial port [%s] in config file", v)
	case !at.CharDevice:
		return faultf(hint, "Serial port [%s] not a char device in config file", v)
	}
	return p.addMedium()
}

func (p *parser) pingNode(name string) *fault {
	if f := p.roomForNode(); f != nil {
		return f
	}
	if f := p.addMedium(); f != nil {
		return f
	}
	p.cfg.PingNodes = append(p.cfg.PingNodes, name)
	return nil
}

func applyPing(p *parser, v string) *fault {
	if _, ok := p.resolve4(v); !ok {
		return faultf("write an address, or put the name into /etc/hosts", "unknown host: %s", v)
	}
	return p.pingNode(v)
}

func applyPing6(p *parser, v string) *fault {
	if a, err := netip.ParseAddr(v); err != nil || !a.Is6() {
		return faultf("write an IPv6 address, names are not looked up", "Illegal ping6 [ping6 membership] in config file [%s]", v)
	}
	return p.pingNode(v)
}

// applyPingGroup skips a host nobody knows, as 3.0.6 does, even if none is left.
func applyPingGroup(p *parser, rest string) *fault {
	w := words(rest)
	if len(w) < 2 {
		return faultf("write ping_group NAME HOST HOST ...", "want a name and at least one host")
	}
	for _, host := range w[1:] {
		if _, ok := p.resolve4(host); !ok {
			p.warn("write an address, or put the name into /etc/hosts", "unknown host: %s; it is left out", host)
		}
	}
	return p.pingNode(w[0])
}
