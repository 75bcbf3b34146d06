// Package pcap reads the UDP datagrams out of capture files as tcpdump and Wireshark write them:
// pcap in both byte orders, micro- and nanoseconds, and pcapng. It is pure.
package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// maxPacket bounds a captured packet; no capture program takes more than 256 KiB.
const maxPacket = 1 << 20

// Packet is one UDP datagram of a capture, or the fragment of one.
type Packet struct {
	Number   int // among all packets of the file, from 1
	Time     time.Time
	From, To netip.AddrPort // port 0 in fragments after the first
	Payload  []byte         // valid until the next call of Next
	Fragment bool           // a piece of an IP datagram; the others are packets of their own
	Cut      bool           // the capture kept only the first bytes of the packet (snaplen)
}

// raw is a packet as the file holds it.
type raw struct {
	link uint32 // link type
	time time.Time
	data []byte
	cut  bool
}

// Reader reads one capture.
type Reader struct {
	in     *bufio.Reader
	next   func() (raw, error)
	buf    []byte
	number int
	others int
}

// IsCapture says whether a file that begins with these four bytes is a capture.
func IsCapture(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	_, _, ok := classicMagic(head)
	return ok || binary.BigEndian.Uint32(head) == blockSection
}

// NewReader reads the header of a capture.
func NewReader(r io.Reader) (*Reader, error) {
	p := &Reader{in: bufio.NewReaderSize(r, 64<<10)}
	head, err := p.in.Peek(4)
	if err != nil {
		return nil, fmt.Errorf("reading capture: %w", err)
	}
	if order, nano, ok := classicMagic(head); ok {
		return p, p.openClassic(order, nano)
	}
	if binary.BigEndian.Uint32(head) == blockSection {
		p.openNG()
		return p, nil
	}
	return nil, errors.New("reading capture: neither pcap nor pcapng")
}

// Next returns the next UDP datagram, io.EOF after the last. Anything else in the capture is
// counted and skipped.
func (p *Reader) Next() (*Packet, error) {
	for {
		r, err := p.next()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("reading capture, after packet %d: %w", p.number, err)
		}
		p.number++
		packet := Packet{Number: p.number, Time: r.time, Cut: r.cut}
		if packet.dissect(r) {
			return &packet, nil
		}
		p.others++
	}
}

// Others is the number of packets so far that were no UDP over IP.
func (p *Reader) Others() int { return p.others }

// read fills n bytes of the reader's buffer. A file that ends within them is cut.
func (p *Reader) read(n int) ([]byte, error) {
	if cap(p.buf) < n {
		p.buf = make([]byte, n)
	}
	_, err := io.ReadFull(p.in, p.buf[:n])
	return p.buf[:n], err
}

// classicMagic knows the four spellings of the first word of a pcap file.
func classicMagic(head []byte) (order binary.ByteOrder, nano, ok bool) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(head) {
		case 0xa1b2c3d4:
			return order, false, true
		case 0xa1b23c4d:
			return order, true, true
		}
	}
	return nil, false, false
}

func (p *Reader) openClassic(order binary.ByteOrder, nano bool) error {
	head, err := p.read(24)
	if err != nil {
		return fmt.Errorf("reading capture header: %w", err)
	}
	link := order.Uint32(head[20:]) & 0xffff // the rest says whether frames have a checksum
	unit := time.Microsecond
	if nano {
		unit = time.Nanosecond
	}
	p.next = func() (raw, error) {
		head, err := p.read(16)
		if err != nil {
			return raw{}, err
		}
		sec, frac := order.Uint32(head), order.Uint32(head[4:])
		kept, whole := order.Uint32(head[8:]), order.Uint32(head[12:])
		if kept > maxPacket {
			return raw{}, fmt.Errorf("a packet of %d bytes cannot be", kept)
		}
		data, err := p.read(int(kept))
		if errors.Is(err, io.EOF) && kept > 0 {
			err = io.ErrUnexpectedEOF
		}
		return raw{link, time.Unix(int64(sec), int64(frac)*int64(unit)).UTC(), data, kept < whole}, err
	}
	return nil
}
