package link

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// incoming is what one recvmsg gave besides the bytes.
type incoming struct {
	size int // as sent, which may be more than the buffer took
	from netip.AddrPort
	at   time.Time // zero if the kernel gave none
	lost uint32    // datagrams this socket has lost since it was opened; 0 if none
}

// receiver is a recvmsg that makes nothing: unix.Recvmsg returns the sender in memory of its own. It
// stays where it is (the kernel writes to it) and is for one goroutine.
type receiver struct {
	header  unix.Msghdr
	vector  unix.Iovec
	from    unix.RawSockaddrInet6 // the longest of the two
	control [128]byte             // two times a stamp and a count
}

// once takes one datagram, or says EAGAIN.
func (r *receiver) once(fd int, buf []byte) (incoming, error) {
	for {
		r.vector.Base = &buf[0]
		r.vector.SetLen(len(buf))
		r.from = unix.RawSockaddrInet6{}
		r.header = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&r.from)), Namelen: unix.SizeofSockaddrInet6, Iov: &r.vector, Control: &r.control[0]}
		r.header.SetIovlen(1)
		r.header.SetControllen(len(r.control))
		n, _, no := unix.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.header)), unix.MSG_DONTWAIT|unix.MSG_TRUNC)
		switch no {
		case 0:
			in := incoming{size: int(n), from: r.sender()}
			in.readControl(r.control[:r.header.Controllen])
			return in, nil
		case unix.EINTR:
		case unix.EAGAIN:
			return incoming{}, unix.EAGAIN
		default:
			return incoming{}, no
		}
	}
}

func (r *receiver) sender() netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&r.from.Port)) // in the order of the network, and in the same place in both
	var ip netip.Addr
	switch {
	case r.header.Namelen == unix.SizeofSockaddrInet4 && r.from.Family == unix.AF_INET:
		ip = netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&r.from)).Addr)
	case r.header.Namelen == unix.SizeofSockaddrInet6 && r.from.Family == unix.AF_INET6:
		ip = netip.AddrFrom16(r.from.Addr) // which interface is known by the link
	default:
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(port[:]))
}

// readControl takes what it knows from the control messages; anything else is not ours to judge.
func (in *incoming) readControl(control []byte) {
	for len(control) >= unix.CmsgLen(0) {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return
		}
		control = rest
		if h.Level != unix.SOL_SOCKET {
			continue
		}
		switch h.Type {
		case unix.SO_TIMESTAMPNS:
			in.at = timespec(data)
		case unix.SO_RXQ_OVFL:
			if len(data) >= 4 {
				in.lost = binary.NativeEndian.Uint32(data)
			}
		}
	}
}

// timespec reads a struct timespec of this machine's word size.
func timespec(b []byte) time.Time {
	switch {
	case len(b) >= 16:
		return time.Unix(int64(binary.NativeEndian.Uint64(b)), int64(binary.NativeEndian.Uint64(b[8:])))
	case len(b) >= 8:
		return time.Unix(int64(int32(binary.NativeEndian.Uint32(b))), int64(int32(binary.NativeEndian.Uint32(b[4:]))))
	}
	return time.Time{}
}
