package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Numbers of the kernel's per-device settings inside IFLA_AF_SPEC (linux/ip.h, linux/ipv6.h).
const (
	confPromoteSecondaries = 20 // IPV4_DEVCONF_PROMOTE_SECONDARIES, counted from 1
	confForwarding6        = 0  // DEVCONF_FORWARDING, counted from 0
)

// device is an interface as the kernel describes it now.
type device struct {
	index   uint32
	name    string
	flags   uint32
	kind    uint16 // ARPHRD_*
	mac     []byte
	promote bool // a secondary address follows when its primary goes
	router6 bool // forwards IPv6
}

func (d device) up() bool       { return d.flags&unix.IFF_UP != 0 }
func (d device) carrier() bool  { return d.flags&unix.IFF_LOWER_UP != 0 }
func (d device) loopback() bool { return d.flags&unix.IFF_LOOPBACK != 0 }

// holding is one address on one interface.
type holding struct {
	index  uint32
	addr   netip.Addr
	subnet netip.Prefix // the network it connects to; on a point-to-point link that of the peer
	bits   int
	flags  uint32
	raw    []byte // the kernel's own description, good for adding it again
}

// route is what the kernel would do with a packet to some address.
type route struct {
	index uint32
	bits  int  // prefix length of the matching route
	via   bool // through a gateway
}

// deviceByName finds an interface by its name or an alternative name; unix.ENODEV when absent.
func (c *conn) deviceByName(name string) (device, error) {
	typ := uint16(unix.IFLA_IFNAME)
	if len(name) > maxLabel {
		typ = unix.IFLA_ALT_IFNAME
	}
	d, err := c.device(0, appendAttr(nil, typ, append([]byte(name), 0)))
	if errors.Is(err, unix.ENODEV) && typ == unix.IFLA_IFNAME {
		d, err = c.device(0, appendAttr(nil, unix.IFLA_ALT_IFNAME, append([]byte(name), 0)))
	}
	return d, err
}

func (c *conn) deviceByIndex(index uint32) (device, error) { return c.device(index, nil) }

func (c *conn) device(index uint32, attributes []byte) (device, error) {
	got, err := c.do(unix.RTM_GETLINK, 0, append(ifInfo(index, 0, 0), attributes...))
	if err != nil {
		return device{}, err
	}
	for _, m := range got {
		if m.typ == unix.RTM_NEWLINK && len(m.body) >= unix.SizeofIfInfomsg {
			return parseDevice(m.body), nil
		}
	}
	return device{}, unix.ENODEV
}

func parseDevice(b []byte) device {
	a := attrs(b[unix.SizeofIfInfomsg:])
	family := attrs(a[unix.IFLA_AF_SPEC])
	conf4 := attrs(family[unix.AF_INET])[unix.IFLA_INET_CONF]
	conf6 := attrs(family[unix.AF_INET6])[unix.IFLA_INET6_CONF]
	return device{
		kind:    binary.NativeEndian.Uint16(b[2:]),
		index:   binary.NativeEndian.Uint32(b[4:]),
		flags:   binary.NativeEndian.Uint32(b[8:]),
		name:    cString(a[unix.IFLA_IFNAME]),
		mac:     a[unix.IFLA_ADDRESS],
		promote: attrUint32(conf4, confPromoteSecondaries-1) != 0,
		router6: attrUint32(conf6, confForwarding6) != 0,
	}
}

// holdings lists every address of one family on this machine.
func (c *conn) holdings(v6 bool) ([]holding, error) {
	got, err := c.dump(unix.RTM_GETADDR, ifAddr(v6, 0, 0, 0))
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	var all []holding
	for _, m := range got {
		if h, ok := parseHolding(m); ok {
			all = append(all, h)
		}
	}
	return all, nil
}

func parseHolding(m message) (holding, bool) {
	b := m.body
	if (m.typ != unix.RTM_NEWADDR && m.typ != unix.RTM_DELADDR) || len(b) < unix.SizeofIfAddrmsg {
		return holding{}, false
	}
	a := attrs(b[unix.SizeofIfAddrmsg:])
	peer, ok := netip.AddrFromSlice(a[unix.IFA_ADDRESS])
	addr := peer
	if local, isLocal := netip.AddrFromSlice(a[unix.IFA_LOCAL]); isLocal {
		addr = local
	}
	if !addr.IsValid() {
		return holding{}, false
	}
	if !ok {
		peer = addr
	}
	h := holding{addr: addr, bits: int(b[1]), flags: uint32(b[2]), index: binary.NativeEndian.Uint32(b[4:]), raw: b}
	if f := a[unix.IFA_FLAGS]; len(f) == 4 {
		h.flags = attrUint32(f, 0)
	}
	subnet, err := peer.Prefix(h.bits)
	h.subnet = subnet
	return h, err == nil
}

// routeTo asks for the route that matches addr, as the table has it. No route at all is
// unix.ENETUNREACH. An address of this machine itself gives bits of its whole length.
func (c *conn) routeTo(addr netip.Addr) (route, error) {
	body := make([]byte, unix.SizeofRtMsg)
	body[0], body[1] = family(addr.Is6()), byte(addr.BitLen())
	binary.NativeEndian.PutUint32(body[8:], unix.RTM_F_FIB_MATCH)
	got, err := c.do(unix.RTM_GETROUTE, 0, appendAttr(body, unix.RTA_DST, addr.AsSlice()))
	if err != nil {
		return route{}, err
	}
	for _, m := range got {
		if m.typ != unix.RTM_NEWROUTE || len(m.body) < unix.SizeofRtMsg || m.body[7] != unix.RTN_UNICAST {
			continue
		}
		a := attrs(m.body[unix.SizeofRtMsg:])
		_, via := a[unix.RTA_GATEWAY]
		_, via4by6 := a[unix.RTA_VIA]
		r := route{index: attrUint32(a[unix.RTA_OIF], 0), bits: int(m.body[1]), via: via || via4by6}
		if r.index != 0 { // several next hops have no one interface: not for us to choose
			return r, nil
		}
	}
	return route{}, unix.ENETUNREACH
}

// add puts an address on an interface. An IPv6 one skips duplicate address detection: it would
// be of no use for a second or more, and whoever had it is dead or has released it.
func (c *conn) add(index uint32, addr netip.Addr, bits int, broadcast netip.Addr, label string) error {
	scope := byte(unix.RT_SCOPE_UNIVERSE)
	if addr.IsLoopback() {
		scope = unix.RT_SCOPE_HOST
	}
	body := ifAddr(addr.Is6(), bits, scope, index)
	body = appendAttr(body, unix.IFA_LOCAL, addr.AsSlice())
	body = appendAttr(body, unix.IFA_ADDRESS, addr.AsSlice())
	if broadcast.IsValid() {
		body = appendAttr(body, unix.IFA_BROADCAST, broadcast.AsSlice())
	}
	if label != "" {
		body = appendAttr(body, unix.IFA_LABEL, append([]byte(label), 0))
	}
	if addr.Is6() {
		body = appendAttr(body, unix.IFA_FLAGS, uint32Bytes(unix.IFA_F_NODAD))
	}
	_, err := c.do(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
	return err
}

// addAgain puts back an address that the kernel described earlier.
func (c *conn) addAgain(h holding) error {
	_, err := c.do(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, h.raw)
	return err
}

func (c *conn) remove(h holding) error {
	_, err := c.do(unix.RTM_DELADDR, 0, h.raw)
	return err
}

func (c *conn) setUp(index uint32) error {
	_, err := c.do(unix.RTM_SETLINK, 0, ifInfo(index, unix.IFF_UP, unix.IFF_UP))
	return err
}

// setPromote sets promote_secondaries of one interface. Through netlink it works where /proc/sys
// is read-only too.
func (c *conn) setPromote(index uint32, on bool) error {
	value := uint32(0)
	if on {
		value = 1
	}
	conf := appendAttr(nil, confPromoteSecondaries, uint32Bytes(value))
	inet := appendAttr(nil, unix.IFLA_INET_CONF|unix.NLA_F_NESTED, conf)
	spec := appendAttr(nil, unix.AF_INET|unix.NLA_F_NESTED, inet)
	_, err := c.do(unix.RTM_SETLINK, 0, appendAttr(ifInfo(index, 0, 0), unix.IFLA_AF_SPEC|unix.NLA_F_NESTED, spec))
	return err
}

func family(v6 bool) byte {
	if v6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func ifAddr(v6 bool, bits int, scope byte, index uint32) []byte {
	return binary.NativeEndian.AppendUint32([]byte{family(v6), byte(bits), 0, scope}, index)
}

func ifInfo(index, flags, change uint32) []byte {
	b := make([]byte, 4, unix.SizeofIfInfomsg)
	b = binary.NativeEndian.AppendUint32(b, index)
	b = binary.NativeEndian.AppendUint32(b, flags)
	return binary.NativeEndian.AppendUint32(b, change)
}
