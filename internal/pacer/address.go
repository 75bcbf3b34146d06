package pacer

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Address is where a sending socket sends to, as the kernel wants to have it. The zero value is for a socket that
// is connected.
type Address struct {
	size uint32
	raw  [unix.SizeofSockaddrInet6]byte // a sockaddr_in, or a sockaddr_in6
}

// To is the address of a UDP port. The scope is the index of the interface for an IPv6 address that means nothing
// without one.
func To(to netip.AddrPort, scope uint32) (a Address) {
	binary.BigEndian.PutUint16(a.raw[2:], to.Port())
	if to.Addr().Is4() {
		a.size = unix.SizeofSockaddrInet4
		binary.NativeEndian.PutUint16(a.raw[0:], unix.AF_INET)
		ip := to.Addr().As4()
		copy(a.raw[4:], ip[:])
		return a
	}
	a.size = unix.SizeofSockaddrInet6
	binary.NativeEndian.PutUint16(a.raw[0:], unix.AF_INET6)
	ip := to.Addr().As16()
	copy(a.raw[8:], ip[:])
	binary.NativeEndian.PutUint32(a.raw[24:], scope)
	return a
}

// Send sends data there and does not wait. It is one system call and allocates nothing.
func (a *Address) Send(fd int, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	for {
		_, _, no := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&a.raw)), uintptr(a.size))
		switch no {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return no
		}
	}
}
