package wire

import (
	"bytes"
	"compress/zlib"

	"heartbeatd/internal/bz2"
)

// The methods of compression.
const (
	zlibMethod = "zlib"
	bz2Method  = "bz2"
)

// sealedRoom is what signatures add to a message at most.
const sealedRoom = 128

// bz2Most is the longest text that is left to bz2. The daemon decides nothing meanwhile, and a program may say a hundred
// messages a second: of 32 KiB each takes up to 20 ms, and as long with zlib unless that is told to hurry.
const bz2Most = 4 << 10

// Packer compresses whole messages (3.0.6: compression, compression_threshold, traditional_compression), in
// memory of its own. Its zero value takes zlib, and only for what would fit no datagram.
type Packer struct {
	Method      string // zlib, bz2
	Traditional bool   // whatever is longer than Threshold is compressed
	Threshold   int    // bytes of what would be compressed

	quick, thorough *zlib.Writer
	packed          bytes.Buffer
	room            Message
}

// Must says whether m is too long for a datagram. 3.0.6 loses it then, and compresses only from 256 KiB on.
func (p *Packer) Must(m *Message) bool { return m.NetstringLen() > MaxDatagram-sealedRoom }

// May says whether m might be longer than the threshold, in either framing; [Packer.Wants] knows.
func (p *Packer) May(m *Message) bool {
	const asText = sealedRoom // base64 apart, classic text is not longer
	return p.Traditional && m.NetstringLen()*4/3+asText > p.Threshold
}

// Wants says whether a text is longer than the threshold. 3.0.6: in the framing it is compressed in, signature
// and NUL included.
func (p *Packer) Wants(text []byte) bool { return p.Traditional && len(text) > p.Threshold }

// Pack returns the message in which 3.0.6 wraps a compressed one: text is that one, in either framing, without
// signature. It is good until the next call. Of a long text it is zlib in a hurry, whatever the method, unless more
// must be done for it to fit: that is a claim, as long as the operator's haresources.
func (p *Packer) Pack(text []byte) *Message {
	method := zlibMethod
	switch {
	case p.Method == bz2Method && len(text) <= bz2Most:
		method = p.bzip(text)
	case p.deflate(&p.quick, zlib.BestSpeed, text) || p.packed.Len() > 2*MaxDatagram:
	case p.deflate(&p.thorough, zlib.DefaultCompression, text):
	case p.Method == bz2Method:
		method = p.bzip(text)
	}
	p.room.Fields = append(p.room.Fields[:0],
		Field{Type: Binary, Name: payloadField, Value: p.packed.Bytes()},
		Field{Type: String, Name: algorithmField, Value: []byte(method)})
	return &p.room
}

func (p *Packer) bzip(text []byte) (method string) {
	p.packed.Reset()
	p.packed.Write(bz2.Append(p.packed.AvailableBuffer(), text))
	return bz2Method
}

// deflate says whether it fits a datagram. It cannot fail: memory takes everything, and the level is one of zlib's.
func (p *Packer) deflate(w **zlib.Writer, level int, text []byte) bool {
	p.packed.Reset()
	if *w == nil {
		*w, _ = zlib.NewWriterLevel(&p.packed, level)
	} else {
		(*w).Reset(&p.packed)
	}
	(*w).Write(text) //nolint:errcheck // see above
	(*w).Close()     //nolint:errcheck
	return p.packed.Len() <= MaxDatagram-2*sealedRoom
}

// CheckUnpacked is [Message.Check] for a message that is sent compressed.
func (m *Message) CheckUnpacked() error {
	if m.NetstringLen() > MaxPayload || m.CountFields() > MaxFields {
		return ErrOversized
	}
	return m.checkWhole()
}
