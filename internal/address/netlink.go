package address

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// replyTimeout bounds a question to the kernel; it answers at once or never.
const replyTimeout = 5 // seconds

// conn is one rtnetlink socket. It belongs to the network namespace of the thread that opened it.
type conn struct {
	fd  int
	seq uint32
}

// message is one answer of the kernel: the body starts with the struct that its type implies.
type message struct {
	typ  uint16
	body []byte
}

// kernelError is a refusal of the kernel, with its own words where it gives some.
type kernelError struct {
	errno unix.Errno
	text  string
}

func (e *kernelError) Error() string {
	if e.text != "" {
		return fmt.Sprintf("%s (%s)", e.errno, e.text)
	}
	return e.errno.Error()
}

func (e *kernelError) Unwrap() error { return e.errno }

// errDumpChanged means that a table changed while it was listed, so the list may have holes.
var errDumpChanged = errors.New("kernel table changed while it was read")

// dial opens a socket that also hears the multicast groups given as a bit mask.
func dial(groups uint32) (*conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	// The words of the kernel are a comfort: an old kernel without them does as well.
	_ = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_EXT_ACK, 1)
	tv := unix.Timeval{Sec: replyTimeout}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("set netlink timeout: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("bind netlink socket: %w", err)
	}
	return &conn{fd: fd}, nil
}

func (c *conn) close() { _ = unix.Close(c.fd) }

// dump lists a whole table, again when it changed under the reading.
func (c *conn) dump(typ uint16, body []byte) ([]message, error) {
	for try := 0; ; try++ {
		got, err := c.do(typ, unix.NLM_F_DUMP, body)
		if !errors.Is(err, errDumpChanged) || try == 4 {
			return got, err
		}
	}
}

// do asks one thing and returns the answers; the error is a [kernelError] when the kernel refused.
func (c *conn) do(typ, flags uint16, body []byte) ([]message, error) {
	c.seq++
	flags |= unix.NLM_F_REQUEST
	if flags&unix.NLM_F_DUMP != unix.NLM_F_DUMP {
		flags |= unix.NLM_F_ACK
	}
	req := make([]byte, 0, unix.SizeofNlMsghdr+len(body))
	req = binary.NativeEndian.AppendUint32(req, uint32(unix.SizeofNlMsghdr+len(body)))
	req = binary.NativeEndian.AppendUint16(req, typ)
	req = binary.NativeEndian.AppendUint16(req, flags)
	req = binary.NativeEndian.AppendUint32(req, c.seq)
	req = binary.NativeEndian.AppendUint32(req, 0)
	req = append(req, body...)
	if err := unix.Sendto(c.fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("ask the kernel: %w", err)
	}
	return c.answers()
}

func (c *conn) answers() ([]message, error) {
	var all []message
	changed := false
	for {
		batch, err := c.receive()
		if err != nil {
			return nil, err
		}
		for _, m := range batch {
			if m.seq != c.seq {
				continue
			}
			changed = changed || m.flags&unix.NLM_F_DUMP_INTR != 0
			switch m.typ {
			case unix.NLMSG_DONE, unix.NLMSG_ERROR:
				if err := ackError(m); err != nil {
					return nil, err
				}
				if changed {
					return nil, errDumpChanged
				}
				return all, nil
			default:
				all = append(all, m.message)
			}
		}
	}
}

type rawMessage struct {
	message
	flags uint16
	seq   uint32
}

// receive reads one datagram and cuts it into messages.
func (c *conn) receive() ([]rawMessage, error) {
	buf := make([]byte, 64<<10)
	n, _, recvFlags, _, err := unix.Recvmsg(c.fd, buf, nil, 0)
	switch {
	case errors.Is(err, unix.EINTR):
		return nil, nil
	case errors.Is(err, unix.EAGAIN):
		return nil, fmt.Errorf("the kernel did not answer within %d s: %w", replyTimeout, err)
	case err != nil:
		return nil, fmt.Errorf("read netlink answer: %w", err)
	case recvFlags&unix.MSG_TRUNC != 0:
		return nil, errors.New("read netlink answer: longer than the buffer")
	}
	return cutMessages(buf[:n]), nil
}

func cutMessages(b []byte) []rawMessage {
	var all []rawMessage
	for len(b) >= unix.SizeofNlMsghdr {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			break
		}
		all = append(all, rawMessage{
			message: message{typ: binary.NativeEndian.Uint16(b[4:]), body: b[unix.SizeofNlMsghdr:size]},
			flags:   binary.NativeEndian.Uint16(b[6:]),
			seq:     binary.NativeEndian.Uint32(b[8:]),
		})
		b = b[min(align4(size), len(b)):]
	}
	return all
}

// ackError reads the verdict at the end of an answer: an errno below zero, then perhaps words.
func ackError(m rawMessage) error {
	if len(m.body) < 4 {
		return nil
	}
	code := int32(binary.NativeEndian.Uint32(m.body))
	if code >= 0 {
		return nil
	}
	e := &kernelError{errno: unix.Errno(-code)}
	if m.typ == unix.NLMSG_ERROR && m.flags&unix.NLM_F_ACK_TLVS != 0 {
		skip := unix.SizeofNlMsgerr
		if m.flags&unix.NLM_F_CAPPED == 0 && len(m.body) >= 8 {
			skip = 4 + align4(int(binary.NativeEndian.Uint32(m.body[4:])))
		}
		if skip <= len(m.body) {
			e.text = cString(attrs(m.body[skip:])[unix.NLMSGERR_ATTR_MSG])
		}
	}
	return e
}

// attrs cuts a run of attributes; of two of one type the last counts.
func attrs(b []byte) map[uint16][]byte {
	all := map[uint16][]byte{}
	for len(b) >= unix.SizeofRtAttr {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			break
		}
		all[binary.NativeEndian.Uint16(b[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER)] = b[unix.SizeofRtAttr:size]
		b = b[min(align4(size), len(b)):]
	}
	return all
}

func appendAttr(b []byte, typ uint16, data []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(data)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, data...)
	return append(b, make([]byte, align4(len(data))-len(data))...)
}

func uint32Bytes(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }

func align4(n int) int { return (n + 3) &^ 3 }

func cString(b []byte) string { return unix.ByteSliceToString(b) }

// attrUint32 reads number i of an attribute that is an array of them; 0 when it is too short.
func attrUint32(b []byte, i int) uint32 {
	if len(b) < 4*(i+1) {
		return 0
	}
	return binary.NativeEndian.Uint32(b[4*i:])
}
