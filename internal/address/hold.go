package address

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ErrElsewhere means that this machine has the address, but on another interface than the word's.
var ErrElsewhere = errors.New("address on another interface")

// ErrDuplicate means that the kernel found another machine with the IPv6 address.
var ErrDuplicate = errors.New("duplicate address")

// Outcome is what was found or done, for the operator to read.
type Outcome struct {
	Iface   string
	Index   uint32
	Already bool     // Start: it was there before
	Notes   []string // in the order they happened, as "INFO: ..." or "WARN: ..."
}

func (o *Outcome) note(format string, a ...any) {
	o.Notes = append(o.Notes, fmt.Sprintf(format, a...))
}

// Start puts the address on its interface, and the interface up as 3.0.6 does. Having it already
// is a success. It announces nothing. The error wraps [ErrNoInterface], [ErrNoRoute],
// [ErrElsewhere] or the errno of the kernel. An address on another interface is refused and not
// moved: it may be the machine's own and the word a mistake.
func Start(spec Spec) (Outcome, error) {
	c, err := dial(0)
	if err != nil {
		return Outcome{}, err
	}
	defer c.close()
	here, there, err := c.find(spec)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	if len(there) > 0 {
		return out, c.elsewhere(spec, there)
	}
	for _, h := range here {
		if h.flags&unix.IFA_F_DADFAILED == 0 {
			return c.startAgain(spec, h)
		}
		// The kernel keeps such an address but does not use it.
		out.note("WARN: %s was on the interface as a failed duplicate, adding it anew", spec.Addr)
		if err := c.release(h); err != nil {
			return out, err
		}
	}
	return out, c.start(spec, &out)
}

func (c *conn) start(spec Spec, out *Outcome) error {
	p, err := c.resolve(spec)
	if err != nil {
		return err
	}
	out.Iface, out.Index = p.dev.name, p.dev.index
	if err := c.bringUp(p.dev, out); err != nil {
		return err
	}
	text := fmt.Sprintf("Adding %s address %s/%d", familyName(spec.Addr), spec.Addr, p.bits)
	if p.broadcast.IsValid() {
		text += fmt.Sprintf(" with broadcast address %s", p.broadcast)
	}
	out.note("INFO: %s to device %s", text, p.dev.name)
	err = c.add(p.dev.index, spec.Addr, p.bits, p.broadcast, spec.Label)
	if errors.Is(err, unix.EEXIST) {
		out.Already = true
	} else if err != nil {
		return fmt.Errorf("add %s/%d to %s: %w", spec.Addr, p.bits, p.dev.name, err)
	}
	if dev, err := c.deviceByIndex(p.dev.index); err == nil && !dev.carrier() {
		out.note("WARN: device %s has no carrier", p.dev.name)
	}
	return nil
}

// startAgain is the start of an address that is there. Another prefix length than the word's is
// not mended: the service answers, and changing it would drop its connections.
func (c *conn) startAgain(spec Spec, h holding) (Outcome, error) {
	out := Outcome{Already: true, Index: h.index}
	dev, err := c.deviceByIndex(h.index)
	if err != nil {
		return out, fmt.Errorf("look up interface %d: %w", h.index, err)
	}
	out.Iface = dev.name
	out.note("INFO: %s/%d is already on device %s", h.addr, h.bits, dev.name)
	if spec.Bits != 0 && spec.Bits != h.bits {
		out.note("WARN: the prefix of %s on %s is %d and not %d as configured, left as it is", h.addr, dev.name, h.bits, spec.Bits)
	}
	return out, c.bringUp(dev, &out)
}

// bringUp: 3.0.6 sets the interface up at every start, and interfaces that carry service
// addresses only are often left down by the system's own network scripts.
func (c *conn) bringUp(dev device, out *Outcome) error {
	if dev.up() {
		return nil
	}
	out.note("INFO: Bringing device %s up", dev.name)
	if err := c.setUp(dev.index); err != nil {
		return fmt.Errorf("bring device %s up: %w", dev.name, err)
	}
	return nil
}

// Status tells whether this machine has the address where a neighbour could reach it: what [Stop]
// would remove is here. That it is on another interface than the word's, as after an edit of
// haresources, is a note and the interface of the outcome. A copy on the loopback does not count,
// nor does one that failed as a duplicate ([ErrDuplicate]).
func Status(spec Spec) (held bool, out Outcome, err error) {
	c, err := dial(0)
	if err != nil {
		return false, out, err
	}
	defer c.close()
	here, there, err := c.find(spec)
	all := append(here, there...)
	switch {
	case err != nil:
		return false, out, err
	case len(all) == 0:
		return false, out, nil
	case all[0].flags&unix.IFA_F_DADFAILED != 0:
		return false, out, fmt.Errorf("%w: another machine has %s", ErrDuplicate, spec.Addr)
	}
	dev, err := c.deviceByIndex(all[0].index)
	if err != nil {
		return false, out, fmt.Errorf("look up interface %d: %w", all[0].index, err)
	}
	out.Iface, out.Index = dev.name, dev.index
	if len(here) == 0 {
		out.note("WARN: %s is on device %s and not on %s as configured", spec.Addr, dev.name, spec.Iface)
	}
	if !dev.up() {
		out.note("WARN: device %s is down", dev.name)
	}
	return true, out, nil
}

// Stop removes the address, wherever on this machine a neighbour could reach it: after a release
// nobody here may answer for it. Only the spec's Addr is needed, and Iface for an IPv6 link-local
// one. Not having it is a success, and other addresses of the interface stay.
func Stop(spec Spec) (Outcome, error) {
	c, err := dial(0)
	if err != nil {
		return Outcome{}, err
	}
	defer c.close()
	here, there, err := c.find(spec)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	for _, h := range there {
		out.note("WARN: %s is on device %s and not on %s as configured, removing it there", h.addr, c.name(h.index), spec.Iface)
	}
	for _, h := range append(here, there...) {
		out.note("INFO: Removing %s address %s/%d from device %s", familyName(h.addr), h.addr, h.bits, c.name(h.index))
		if err := c.release(h); err != nil {
			return out, fmt.Errorf("remove %s from %s: %w", h.addr, c.name(h.index), err)
		}
	}
	here, there, err = c.find(spec)
	if err != nil {
		return out, err
	}
	if left := append(here, there...); len(left) > 0 {
		return out, fmt.Errorf("remove %s: it is back on %s", spec.Addr, c.name(left[0].index))
	}
	return out, nil
}

// find lists where the address is: on the interface the word wants, and on others.
//
// An address on the loopback is not seen unless the word names the loopback: a real server of an
// LVS cluster has the service address there all the time, and no neighbour reaches it.
// DIFFERS: IPaddr2 of 3.0.6 takes that copy away at start and puts it back at stop; ours leaves it.
func (c *conn) find(spec Spec) (here, there []holding, err error) {
	all, err := c.holdings(spec.Addr.Is6())
	if err != nil {
		return nil, nil, err
	}
	for _, h := range all {
		if h.addr != spec.Addr {
			continue
		}
		dev, err := c.deviceByIndex(h.index)
		if errors.Is(err, unix.ENODEV) {
			continue // went away with the interface
		} else if err != nil {
			return nil, nil, fmt.Errorf("look up interface %d: %w", h.index, err)
		}
		switch {
		case spec.Iface != "" && (dev.name == spec.Iface || c.isAlias(spec.Iface, dev.index)):
			here = append(here, h)
		case dev.loopback() && !spec.Addr.IsLoopback():
		case spec.Iface == "":
			here = append(here, h)
		case !spec.Addr.IsLinkLocalUnicast(): // a link-local one is another address on each link
			there = append(there, h)
		}
	}
	return here, there, nil
}

// isAlias tells whether name is an alternative name of the interface.
func (c *conn) isAlias(name string, index uint32) bool {
	dev, err := c.deviceByName(name)
	return err == nil && dev.index == index
}

func (c *conn) elsewhere(spec Spec, there []holding) error {
	return fmt.Errorf("%w: %s is on %s and not on %s as configured", ErrElsewhere, spec.Addr, c.name(there[0].index), spec.Iface)
}

func (c *conn) name(index uint32) string {
	dev, err := c.deviceByIndex(index)
	if err != nil {
		return fmt.Sprintf("interface %d", index)
	}
	return dev.name
}

func familyName(a netip.Addr) string {
	if a.Is6() {
		return "inet6"
	}
	return "inet"
}
