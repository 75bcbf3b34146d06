package link

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// device is what the sockets of a medium depend on. A socket bound to an interface that was removed
// hears nothing and says nothing, even after an interface of that name is back: so when this
// changes, the sockets are made anew.
type device struct {
	index     int
	broadcast netip.Addr // bcast only
	file      special    // serial only, instead of an index
}

// lookUp asks the kernel about the interface a medium needs now. It works for an interface that is
// down; it fails with ENODEV if there is none, with EADDRNOTAVAIL if bcast finds no address on it.
func lookUp(ctl int, m Medium) (device, error) {
	if m.Kind == Serial {
		return lookUpTTY(m.Device)
	}
	r, err := unix.NewIfreq(m.Device)
	if err != nil {
		return device{}, fmt.Errorf("interface %s: %w", m.Device, err)
	}
	if err := unix.IoctlIfreq(ctl, unix.SIOCGIFINDEX, r); err != nil {
		return device{}, fmt.Errorf("interface %s: %w", m.Device, err)
	}
	d := device{index: int(r.Uint32())}
	if m.Kind == Bcast {
		d.broadcast, err = broadcastOf(ctl, m.Device)
		if err != nil {
			return device{}, fmt.Errorf("broadcast address of %s: %w", m.Device, err)
		}
	}
	return d, nil
}

// Broadcast is where bcast sends to on an interface, now. The error wraps ENODEV, or EADDRNOTAVAIL if
// the interface has no IPv4 address.
func Broadcast(name string) (netip.Addr, error) {
	ctl, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(ctl)
	return broadcastOf(ctl, name)
}

// broadcastOf is where bcast sends to. DIFFERS: an address set without a broadcast address makes
// 3.0.6 send to 0.0.0.0, that is to itself; here it is computed from the mask, and where the mask
// leaves no room for one (/31, /32) the broadcast of the wire is taken.
func broadcastOf(ctl int, name string) (netip.Addr, error) {
	set, err := ask(ctl, unix.SIOCGIFBRDADDR, name)
	if err != nil || set != (netip.Addr{}) && !set.IsUnspecified() {
		return set, err
	}
	addr, err := ask(ctl, unix.SIOCGIFADDR, name)
	if err != nil {
		return netip.Addr{}, err
	}
	mask, err := ask(ctl, unix.SIOCGIFNETMASK, name)
	if err != nil {
		return netip.Addr{}, err
	}
	a, k := addr.As4(), mask.As4()
	if k[3] >= 0xfe {
		return netip.AddrFrom4([4]byte{255, 255, 255, 255}), nil
	}
	for i := range a {
		a[i] |= ^k[i]
	}
	return netip.AddrFrom4(a), nil
}

func ask(ctl int, question uint, name string) (netip.Addr, error) {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return netip.Addr{}, err
	}
	if err := unix.IoctlIfreq(ctl, question, r); err != nil {
		return netip.Addr{}, err
	}
	b, err := r.Inet4Addr()
	if err != nil {
		return netip.Addr{}, err
	}
	return netip.AddrFrom4([4]byte(b)), nil
}
