package ping

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

const receiveBuffer = 1 << 20

// socket is a raw socket of one family, open or not.
type socket struct {
	family family
	file   *os.File // nil: not open
	fd     int
}

// open opens it; the kernel then hands over nothing but replies with our identifier.
func (s *socket) open(id uint16) error {
	domain, proto := unix.AF_INET, unix.IPPROTO_ICMP
	if s.family == icmp6 {
		domain, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	fd, err := unix.Socket(domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, proto)
	if err != nil {
		return err
	}
	if err := attach(fd, s.family, id); err != nil {
		unix.Close(fd)
		return fmt.Errorf("attaching a filter to the RAW socket: %w", err)
	}
	// Room for a burst of what gets through the filter and is no answer.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) //nolint:errcheck // as much as is allowed
	}
	s.fd, s.file = fd, os.NewFile(uintptr(fd), "icmp")
	return nil
}

// attach makes the kernel pass only echo replies with our identifier, so that another program's pings, or a
// flood of anything else, wake nobody here.
func attach(fd int, f family, id uint16) error {
	ip := []unix.SockFilter{{Code: unix.BPF_LDX | unix.BPF_W | unix.BPF_IMM}}
	if f.ipHeader {
		ip = []unix.SockFilter{{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH}} // its length
	}
	code := append(ip,
		unix.SockFilter{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_IND},
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: uint32(f.reply)},
		unix.SockFilter{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_IND, K: 4},
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(id)},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K},
	)
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
}

// send never waits: what the kernel does not take at once is an error.
func (s *socket) send(p []byte, to netip.Addr) error {
	var sa unix.Sockaddr = &unix.SockaddrInet4{}
	if to.Is4() {
		sa.(*unix.SockaddrInet4).Addr = to.As4()
	} else {
		sa = &unix.SockaddrInet6{Addr: to.As16()}
	}
	for {
		err := unix.Sendto(s.fd, p, unix.MSG_DONTWAIT, sa)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// receive reads one packet without waiting; an error of EAGAIN says that none is there.
func (s *socket) receive(buf []byte) (n int, from netip.Addr, err error) {
	for {
		n, sa, err := unix.Recvfrom(s.fd, buf, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		switch a := sa.(type) {
		case *unix.SockaddrInet4:
			from = netip.AddrFrom4(a.Addr)
		case *unix.SockaddrInet6:
			from = netip.AddrFrom16(a.Addr)
		}
		return n, from, err
	}
}

func (s *socket) close() {
	if s.file != nil {
		s.file.Close() //nolint:errcheck // nothing can be lost by closing it
		s.file = nil
	}
}
