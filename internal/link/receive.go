package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// receive reads one receiving socket until it is closed or breaks. It ends with the socket, so a
// socket nobody reads never takes a beat from one that is read.
func (l *line) receive(k *sockets) {
	conn, err := k.recv.SyscallConn()
	if err != nil {
		l.breakOff(k, err)
		return
	}
	// One byte more than is let in, so that "too long" can be told from "just fits".
	buf := make([]byte, l.set.opt.Max+1)
	control := make([]byte, 256)
	stamp := newStamper(l.set.opt.Clock)
	var lost uint32
	for {
		var in incoming
		var failure error
		err := conn.Read(func(fd uintptr) bool {
			k.busy.Store(true)
			in, failure = recvOnce(int(fd), buf, control)
			if failure == unix.EAGAIN {
				k.busy.Store(false)
				return false
			}
			return true
		})
		if err == nil {
			err = failure
		}
		if err != nil {
			l.breakOff(k, err)
			return
		}
		if in.lost != 0 {
			l.set.count.overflow.Add(uint64(in.lost - lost)) // the kernel's counter only grows, and wraps
			lost = in.lost
		}
		if !l.handOver(k, in, buf, stamp) {
			return
		}
	}
}

// incoming is what one recvmsg gave besides the bytes.
type incoming struct {
	size int // as sent, which may be more than the buffer took
	from netip.AddrPort
	at   time.Time // zero if the kernel gave none
	lost uint32    // datagrams this socket has lost since it was opened; 0 if none
}

func recvOnce(fd int, buf, control []byte) (incoming, error) {
	for {
		n, c, _, from, err := unix.Recvmsg(fd, buf, control, unix.MSG_DONTWAIT|unix.MSG_TRUNC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return incoming{}, err
		}
		in := incoming{size: n}
		if a, ok := from.(*unix.SockaddrInet4); ok {
			in.from = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
		}
		in.readControl(control[:c])
		return in, nil
	}
}

// readControl takes what it knows from the control messages; anything else is not ours to judge.
func (in *incoming) readControl(control []byte) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET {
			continue
		}
		switch m.Header.Type {
		case unix.SO_TIMESTAMPNS:
			in.at = timespec(m.Data)
		case unix.SO_RXQ_OVFL:
			if len(m.Data) >= 4 {
				in.lost = binary.NativeEndian.Uint32(m.Data)
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

// handOver gives a datagram to whoever reads the inbox. Until then it waits, and the kernel's buffer
// of this socket fills up: waiting receivers get their turn in the order they came, one datagram
// each. It returns false when the Set is closing.
func (l *line) handOver(k *sockets, in incoming, buf []byte, stamp *stamper) bool {
	c := &l.set.count
	switch {
	case in.size == 0:
		c.empty.Add(1) // 3.0.6: dropped too
		return true
	case in.size > l.set.opt.Max:
		c.oversized.Add(1)
		return true
	}
	d := Datagram{Link: l.Device, From: in.from, Data: append([]byte(nil), buf[:in.size]...)}
	d.At, d.Mono = stamp.moment(in.at)
	k.behind.Store(int64(d.Mono))
	// Counted before: whoever has it from the inbox must not find it missing in the figures.
	c.received.Add(1)
	l.heard.Add(1)
	select {
	case l.set.inbox <- d:
	default:
		c.inboxFull.Add(1)
		select {
		case l.set.inbox <- d:
		case <-l.set.done:
			return false
		}
	}
	return true
}

// breakOff leaves a socket that cannot be read: it stays closed until the keeper's next round, so
// that a lasting error costs one try a second and not a processor.
func (l *line) breakOff(k *sockets, err error) {
	l.mu.Lock()
	ours := l.sock == k && !l.closed && l.broken == nil
	if ours {
		l.broken = fmt.Errorf("receiving: %w", err)
	}
	l.mu.Unlock()
	if ours {
		l.set.count.recvErrors.Add(1)
		_ = k.recv.Close() // or the kernel would go on giving it its share of the beats
	}
}

// unixText is an error as C's strerror writes it: the same words, with a capital.
func unixText(err error) string {
	var no unix.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	b := []byte(no.Error())
	if len(b) > 0 && b[0] >= 'a' && b[0] <= 'z' {
		b[0] -= 'a' - 'A'
	}
	return string(b)
}
