package address

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Reasons why an address has no place here. Both speak of the machine, not of the word alone.
var (
	ErrNoInterface = errors.New("no such interface")
	ErrNoRoute     = errors.New("no interface found")
)

// place is where an address goes.
type place struct {
	dev       device
	bits      int
	broadcast netip.Addr // zero for none
}

// Resolve says where the address would go on this machine now: interface, prefix length and
// broadcast address (zero for none). Nothing is changed. The error wraps [ErrNoInterface] or
// [ErrNoRoute], or is the kernel's.
func Resolve(spec Spec) (iface string, prefix int, broadcast netip.Addr, err error) {
	c, err := dial(0)
	if err != nil {
		return "", 0, netip.Addr{}, err
	}
	defer c.close()
	p, err := c.resolve(spec)
	if err != nil {
		return "", 0, netip.Addr{}, err
	}
	return p.dev.name, p.bits, p.broadcast, nil
}

func (c *conn) resolve(spec Spec) (place, error) {
	held, err := c.holdings(spec.Addr.Is6())
	if err != nil {
		return place{}, err
	}
	var p place
	if spec.Iface != "" {
		p, err = c.resolveOn(spec, held)
	} else {
		p, err = c.resolveByRoute(spec, held)
	}
	if err != nil {
		return place{}, err
	}
	p.broadcast = broadcastOf(spec, p.bits)
	return p, nil
}

// resolveOn takes the interface of the word. Without bits they are those of its subnet that has
// the address, or else (3.0.6: findif) the address stands alone.
func (c *conn) resolveOn(spec Spec, held []holding) (place, error) {
	dev, err := c.deviceByName(spec.Iface)
	if errors.Is(err, unix.ENODEV) {
		return place{}, fmt.Errorf("%w: invalid interface name [%s]", ErrNoInterface, spec.Iface)
	} else if err != nil {
		return place{}, fmt.Errorf("look up interface %s: %w", spec.Iface, err)
	}
	bits := spec.Bits
	if bits == 0 {
		for _, h := range held {
			if h.index == dev.index && h.subnet.Contains(spec.Addr) {
				bits = max(bits, h.bits)
			}
		}
	}
	if bits == 0 {
		bits = spec.Addr.BitLen()
	}
	return place{dev: dev, bits: bits}, nil
}

// candidate is an interface whose network contains the address.
type candidate struct {
	dev    device
	bits   int
	routed bool // it is also the kernel's own choice
}

// resolveByRoute looks for the interface that stands in the network of the address.
func (c *conn) resolveByRoute(spec Spec, held []holding) (place, error) {
	r, err := c.routeTo(spec.Addr)
	if err != nil && !noRoute(err) {
		return place{}, fmt.Errorf("look up route to %s: %w", spec.Addr, err)
	}
	var all []candidate
	if r.index != 0 && r.bits > 0 && !r.via {
		held = append(slices.Clone(held), holding{index: r.index, bits: r.bits,
			subnet: netip.PrefixFrom(spec.Addr, r.bits).Masked()})
	}
	for _, h := range held {
		if !h.subnet.Contains(spec.Addr) {
			continue
		}
		dev, err := c.deviceByIndex(h.index)
		if err != nil || (dev.loopback() && !spec.Addr.IsLoopback()) {
			continue // gone since it was listed, or no neighbour could ever reach it there
		}
		all = append(all, candidate{dev: dev, bits: h.bits, routed: h.index == r.index})
	}
	if len(all) == 0 {
		return c.resolveByGateway(spec, r)
	}
	best := slices.MinFunc(all, better)
	bits := spec.Bits
	if bits == 0 {
		bits = best.bits
	}
	return place{dev: best.dev, bits: bits}, nil
}

// better orders candidates: an interface that is up, the longest prefix, the kernel's choice.
func better(a, b candidate) int {
	return cmp.Or(
		-cmp.Compare(truth(a.dev.up()), truth(b.dev.up())),
		-cmp.Compare(a.bits, b.bits),
		-cmp.Compare(truth(a.routed), truth(b.routed)),
		cmp.Compare(a.dev.index, b.dev.index),
	)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// resolveByGateway is the last resort. 3.0.6: findif takes the default route when the word has a
// netmask and refuses it otherwise.
//
// DIFFERS: findif treats the route to a network behind another gateway as if that network were on
// the interface, without a netmask too. Claiming a whole distant network cuts it off, so a netmask
// is needed there as well.
func (c *conn) resolveByGateway(spec Spec, r route) (place, error) {
	switch {
	case r.index == 0:
		return place{}, fmt.Errorf("%w: no route to %s", ErrNoRoute, spec.Addr)
	case spec.Bits == 0 && r.bits == 0:
		return place{}, fmt.Errorf("%w: cannot use default route w/o netmask [%s]", ErrNoRoute, spec.Addr)
	case spec.Bits == 0:
		return place{}, fmt.Errorf("%w: %s is reached through a gateway, its network is not on an interface here", ErrNoRoute, spec.Addr)
	}
	dev, err := c.deviceByIndex(r.index)
	if err != nil {
		return place{}, fmt.Errorf("look up interface %d: %w", r.index, err)
	}
	return place{dev: dev, bits: spec.Bits}, nil
}

func noRoute(err error) bool {
	return errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ESRCH) ||
		errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINVAL) // prohibit and blackhole routes
}

// broadcastOf computes the last address of the network unless the word says otherwise. Networks
// of one or two addresses have none.
func broadcastOf(spec Spec, bits int) netip.Addr {
	if spec.Broadcast.IsValid() || spec.NoBroadcast || spec.Addr.Is6() || bits > 30 || spec.Addr.IsLoopback() {
		return spec.Broadcast
	}
	b := spec.Addr.As4()
	for i := bits; i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}
