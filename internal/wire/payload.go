package wire

import (
	"bytes"
	"compress/bzip2"
	"compress/zlib"
	"fmt"
	"io"
	"time"
)

// The two fields of a message compressed as a whole.
const (
	payloadField   = "_compressed_payload"
	algorithmField = "_compression_algorithm"
)

// IsCompressed says whether m is only the wrapping of a compressed message: its two fields, on a serial line signed.
//
// 3.0.6 looks for the payload among any fields. So a program's message with such a field would be taken for whatever
// is packed in it, in anybody's name.
func (m *Message) IsCompressed() bool {
	var payload, algorithm bool
	for i := range m.Fields {
		switch f := &m.Fields[i]; {
		case f.Name == payloadField && f.Type == Binary && !payload:
			payload = true
		case f.Name == algorithmField && f.Type == String && !algorithm:
			algorithm = true
		case f.Name != authField:
			return false
		}
	}
	return payload && algorithm
}

// Decompress returns the message wrapped in m, or m itself if it wraps none. zlib and bz2 are known.
// The content is at most [MaxPayload] bytes; a signature in it is not looked at (3.0.6 neither), so
// check the one around it before calling.
func (m *Message) Decompress() (*Message, error) {
	if !m.IsCompressed() {
		return m, nil
	}
	b, err := inflate(m.Str(algorithmField), m.Bin(payloadField))
	if err != nil {
		return nil, fmt.Errorf("unpacking compressed message: %w", err)
	}
	inner, err := parseUnsigned(b)
	if err != nil {
		return nil, fmt.Errorf("reading compressed message: %w", err)
	}
	return inner, nil
}

// UnpackTime is about what Decompress takes of an ordinary processor's time; inner is nil if it has failed.
func (m *Message) UnpackTime(inner *Message) time.Duration {
	first, each := 100*time.Microsecond, 30*time.Nanosecond // as was measured: BenchmarkPacked
	if m.StrIs(algorithmField, bz2Method) {
		first, each = 500*time.Microsecond, 300*time.Nanosecond
	}
	if inner == nil {
		return first + MaxDatagram*each
	}
	return first + time.Duration(inner.NetstringLen())*each
}

func inflate(algorithm string, packed []byte) ([]byte, error) {
	var r io.Reader
	switch algorithm {
	case zlibMethod:
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCompression, err)
		}
		r = z
	case bz2Method:
		r = bzip2.NewReader(bytes.NewReader(packed))
	default:
		return nil, fmt.Errorf("method is neither zlib nor bz2: %w", ErrCompression)
	}
	b, err := io.ReadAll(io.LimitReader(r, MaxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompression, err)
	}
	if len(b) > MaxPayload {
		return nil, ErrOversized
	}
	return b, nil
}

// parseUnsigned reads a message without outer signature, in either framing. Classic text may be
// followed by NUL, as 3.0.6 writes it into payloads.
func parseUnsigned(b []byte) (*Message, error) {
	var p parser
	var err error
	m := &Message{}
	switch Sniff(b) {
	case Netstring:
		_, err = p.netstring(m, b, 0)
	case Classic:
		_, err = p.classic(m, b, 0)
	default:
		err = ErrNoStart
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}
