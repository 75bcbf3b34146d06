package link

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/pacer"
)

// Room for the beats of a stalled second, whatever rmem_default says.
const receiveBuffer = 1 << 20

// tosLowDelay is IPTOS_LOWDELAY, which 3.0.6 sets on ucast.
const tosLowDelay = 0x10

// sockets of one medium. Sending and receiving are apart, as in 3.0.6: the source port of a beat is
// any, and a filter on one does not touch the other.
type sockets struct {
	dev  device
	send int
	to   pacer.Address
	name string // of the place sent to, for the log
	recv *os.File
	raw  syscall.RawConn // of recv

	busy   atomic.Bool  // the reader took, or is about to take, a datagram: set before, cleared when there is none
	behind atomic.Int64 // when the datagram arrived that the reader took last

	ask  func(fd uintptr) // askKernel
	poll [1]unix.PollFd
	full bool // what the kernel answered

	tty *tty // of a serial line; nil for all others
}

// waiting says whether something has arrived that was not handed over. The socket is asked first: a
// datagram that is no longer in it makes its reader busy until it was handed over. Only one may ask at
// a time.
func (k *sockets) waiting() bool {
	k.full = false
	_ = k.raw.Control(k.ask) // fails only for a socket that was closed: nothing is in it
	return k.full || k.busy.Load()
}

// askKernel is made once: as a function literal in its place it would be made for every question.
func (k *sockets) askKernel(fd uintptr) {
	k.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	_, _ = unix.Poll(k.poll[:], 0)
	k.full = k.poll[0].Revents&unix.POLLIN != 0
}

func (k *sockets) close() {
	if k.tty != nil {
		k.tty.close()
	}
	_ = unix.Close(k.send)
	_ = k.recv.Close() // wakes its reader
}

// openSockets makes both sockets of a medium. The receiving one first: were the port within the
// range the kernel picks source ports from, the sending one could else take it. It may be there already: recv is not
// negative then.
func openSockets(m Medium, dev device, locks string, recv int) (*sockets, error) {
	if m.Kind == Serial {
		return openSerial(m, dev, locks)
	}
	receive, send := setReceive, setSend
	if m.overIPv6() {
		receive, send = setReceive6, setSend6
	}
	var err error
	if recv < 0 {
		if recv, err = openSocket(m, dev, receive); err != nil {
			return nil, fmt.Errorf("receiving socket: %w", err)
		}
	}
	out, err := openSocket(m, dev, send)
	if err != nil {
		_ = unix.Close(recv)
		return nil, fmt.Errorf("sending socket: %w", err)
	}
	k := &sockets{dev: dev, send: out}
	k.to, k.name = destination(m, dev)
	// NewFile hands a non-blocking descriptor to the runtime's poller, so that Close ends a Read.
	k.recv = os.NewFile(uintptr(recv), m.String())
	k.ask = k.askKernel
	if k.raw, err = k.recv.SyscallConn(); err != nil {
		k.close()
		return nil, fmt.Errorf("receiving socket: %w", err)
	}
	return k, nil
}

func openSocket(m Medium, dev device, set func(int, Medium, device) error) (int, error) {
	family := unix.AF_INET
	if m.overIPv6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := set(fd, m, dev); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// destination is where a medium sends to, for the kernel and for the log.
func destination(m Medium, dev device) (pacer.Address, string) {
	a := m.Peer
	if m.Kind == Bcast {
		a = dev.broadcast
	}
	at := netip.AddrPortFrom(a, m.Port)
	if !m.overIPv6() {
		return pacer.To(at, 0), fmt.Sprintf("%s %s", m.Device, at)
	}
	// 3.0.6: without a blank, and with the interface where the address needs one.
	return pacer.To(at, uint32(dev.index)), fmt.Sprintf("%s[%s]:%d", m.Device, m.zoned(), m.Port)
}

// option is one setsockopt with an int.
type option struct {
	name              string
	level, opt, value int
}

func setAll(fd int, opts ...option) error {
	for _, o := range opts {
		if err := unix.SetsockoptInt(fd, o.level, o.opt, o.value); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

func bindToDevice(fd int, name string) error {
	if err := unix.BindToDevice(fd, name); err != nil {
		return fmt.Errorf("SO_BINDTODEVICE %s: %w", name, err)
	}
	return nil
}

// setSend gives the sending socket the options of 3.0.6 (bcast.c, ucast.c, mcast.c).
func setSend(fd int, m Medium, dev device) error {
	switch m.Kind {
	case Bcast:
		if err := setAll(fd,
			option{"SO_BROADCAST", unix.SOL_SOCKET, unix.SO_BROADCAST, 1},
			option{"SO_DONTROUTE", unix.SOL_SOCKET, unix.SO_DONTROUTE, 1}); err != nil {
			return err
		}
		return bindToDevice(fd, m.Device)
	case Ucast:
		// DIFFERS: no SO_REUSEPORT here. It does nothing for a socket that is never bound, except
		// that with a udpport among the source ports (32768 and up) the kernel may give it that
		// very port, and then every second beat would go to a socket nobody reads.
		if err := setAll(fd, option{"IP_TOS", unix.IPPROTO_IP, unix.IP_TOS, tosLowDelay}); err != nil {
			return err
		}
		return bindToDevice(fd, m.Device)
	}
	// By index, not by address as 3.0.6 does: an interface may have several, or a new one tomorrow.
	if err := unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF,
		&unix.IPMreqn{Ifindex: int32(dev.index)}); err != nil {
		return fmt.Errorf("IP_MULTICAST_IF: %w", err)
	}
	return setAll(fd,
		option{"IP_MULTICAST_TTL", unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, m.TTL},
		option{"IP_MULTICAST_LOOP", unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, m.loop()})
}

// setReceive makes and binds the receiving socket. Several media may share interface and port: the
// kernel gives a broadcast to each of their sockets and a unicast datagram to one of them; all are
// read and all bear the same link name, so nothing is lost or credited to the wrong link.
func setReceive(fd int, m Medium, dev device) error {
	if err := prepareReceive(fd, m.Device); err != nil {
		return err
	}
	// A group joined by another socket of this machine is none of our business.
	if err := setAll(fd, option{"IP_MULTICAST_ALL", unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0}); err != nil {
		return err
	}
	at := unix.SockaddrInet4{Port: int(m.Port)}
	if m.Kind == Mcast {
		at.Addr = m.Peer.As4()
	}
	if err := unix.Bind(fd, &at); err != nil {
		return fmt.Errorf("binding to %s: %w", netip.AddrPortFrom(netip.AddrFrom4(at.Addr), m.Port), err)
	}
	if m.Kind != Mcast {
		return nil
	}
	return join(fd, m.Peer, dev.index)
}

// prepareReceive gives a receiving socket what it needs over IPv4 and IPv6.
func prepareReceive(fd int, device string) error {
	if err := setAll(fd,
		// DIFFERS: 3.0.6 has SO_REUSEADDR here, with which any user may bind to the port as well, where it is
		// above 1023, and then gets our unicast beats. This one lets in sockets of our own user only.
		option{"SO_REUSEPORT", unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		option{"SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1},
		option{"SO_RXQ_OVFL", unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1}); err != nil {
		return err
	}
	growReceiveBuffer(fd)
	// DIFFERS: 3.0.6 leaves mcast and mcast6 unbound, so a beat that came in by eth1 also keeps the link of the
	// same group on eth0 alive, with its cable out.
	return bindToDevice(fd, device)
}

func join(fd int, group netip.Addr, index int) error {
	r := &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(index)}
	if err := unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, r); err != nil {
		return fmt.Errorf("joining %s: %w", group, err)
	}
	return nil
}

// growReceiveBuffer does what it may: past rmem_max only with CAP_NET_ADMIN. A smaller buffer is no
// reason to have no link.
func growReceiveBuffer(fd int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
}

// isGone tells errors of an interface or a device that is no more from troubles that pass by themselves.
func isGone(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT)
}
