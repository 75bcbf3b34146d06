package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Block types of pcapng that matter here; all others are skipped.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockSimple    = 3
	blockEnhanced  = 6
)

// Options of an interface block.
const (
	optResolution = 9
	optOffset     = 14
)

// iface is an interface block: how its packets are to be read.
type iface struct {
	link   uint32
	snap   uint32
	units  uint64 // of the clock, a second
	offset int64  // seconds to add
}

// ng reads the blocks of a pcapng file.
type ng struct {
	p      *Reader
	order  binary.ByteOrder
	ifaces []iface
}

func (p *Reader) openNG() {
	g := &ng{p: p, order: binary.LittleEndian}
	p.next = g.next
}

// next returns the packet of the next block that holds one.
func (g *ng) next() (raw, error) {
	for {
		kind, body, err := g.block()
		if err != nil {
			return raw{}, err
		}
		switch kind {
		case blockSection:
			g.ifaces = nil
		case blockInterface:
			if err := g.addInterface(body); err != nil {
				return raw{}, err
			}
		case blockEnhanced:
			return g.enhanced(body)
		case blockSimple:
			return g.simple(body)
		}
	}
}

// block reads one block and returns what is between its two lengths.
func (g *ng) block() (kind uint32, body []byte, err error) {
	head, err := g.p.in.Peek(12)
	if err != nil {
		if len(head) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	if binary.BigEndian.Uint32(head) == blockSection {
		// A section names its byte order, before its length can be read.
		g.order = binary.LittleEndian
		if binary.BigEndian.Uint32(head[8:]) == 0x1a2b3c4d {
			g.order = binary.BigEndian
		}
	}
	size := g.order.Uint32(head[4:])
	if size < 12 || size%4 != 0 || size > maxPacket+4096 {
		return 0, nil, fmt.Errorf("a block of %d bytes cannot be", size)
	}
	kind = g.order.Uint32(head)
	all, err := g.p.read(int(size))
	return kind, all[8 : size-4], err
}

func (g *ng) addInterface(b []byte) error {
	if len(b) < 8 {
		return errors.New("interface block too short")
	}
	i := iface{link: uint32(g.order.Uint16(b)), snap: g.order.Uint32(b[4:]), units: 1e6}
	for b = b[8:]; len(b) >= 4; {
		code, size := g.order.Uint16(b), int(g.order.Uint16(b[2:]))
		padded := 4 + (size+3)&^3
		if code == 0 || padded > len(b) {
			break
		}
		switch value := b[4 : 4+size]; {
		case code == optResolution && size == 1:
			i.units = clockUnits(value[0])
		case code == optOffset && size == 8:
			i.offset = int64(g.order.Uint64(value))
		}
		b = b[padded:]
	}
	g.ifaces = append(g.ifaces, i)
	return nil
}

// clockUnits reads if_tsresol: 10^-n seconds, or 2^-n with the high bit. Beyond what 64 bits hold
// it stays at microseconds.
func clockUnits(v byte) uint64 {
	switch n := v & 0x7f; {
	case v&0x80 != 0 && n < 60:
		return 1 << n
	case v&0x80 == 0 && n < 19:
		units := uint64(1)
		for range n {
			units *= 10
		}
		return units
	}
	return 1e6
}

func (g *ng) enhanced(b []byte) (raw, error) {
	if len(b) < 20 {
		return raw{}, errors.New("packet block too short")
	}
	n := g.order.Uint32(b)
	kept, whole := g.order.Uint32(b[12:]), g.order.Uint32(b[16:])
	if uint64(n) >= uint64(len(g.ifaces)) || uint64(kept) > uint64(len(b)-20) {
		return raw{}, errors.New("packet block that contradicts itself")
	}
	i := g.ifaces[n]
	ticks := uint64(g.order.Uint32(b[4:]))<<32 | uint64(g.order.Uint32(b[8:]))
	nanos := float64(ticks%i.units) / float64(i.units) * 1e9
	at := time.Unix(int64(ticks/i.units)+i.offset, int64(nanos+0.5)).UTC()
	return raw{i.link, at, b[20 : 20+kept], kept < whole}, nil
}

// simple is a packet without time, of the first interface.
func (g *ng) simple(b []byte) (raw, error) {
	if len(b) < 4 || len(g.ifaces) == 0 {
		return raw{}, errors.New("simple packet block that contradicts itself")
	}
	whole := g.order.Uint32(b)
	data := b[4:]
	if uint64(whole) < uint64(len(data)) {
		data = data[:whole]
	}
	if snap := g.ifaces[0].snap; snap > 0 && uint64(snap) < uint64(len(data)) {
		data = data[:snap]
	}
	return raw{link: g.ifaces[0].link, data: data, cut: uint64(len(data)) < uint64(whole)}, nil
}
