package clientapi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"heartbeatd/internal/wire"
)

// Format is how the body of an answer is written: the directive msgfmt.
type Format = wire.Format

const (
	headLen = 8
	magic   = 0xabcd

	// maxBody is the longest body. 3.0.6: the same; over it the daemon logs for ever.
	maxBody = 262144
	// maxSignon is the longest first body: nobody who has not said who he is gets much memory.
	maxSignon = 4096
)

// The reasons for ending a connection at once.
var (
	ErrMagic  = errors.New("magic number in head does not match")
	ErrLength = errors.New("body longer than allowed")
)

// frameHead reads the header of a frame and gives the length of its body.
func frameHead(head []byte, most int) (int, error) {
	if binary.NativeEndian.Uint32(head[4:]) != magic {
		return 0, ErrMagic
	}
	n := int32(binary.NativeEndian.Uint32(head))
	if n < 0 || int(n) > most {
		return 0, fmt.Errorf("%d bytes: %w", n, ErrLength)
	}
	return int(n), nil
}

// readFrame reads one frame and returns its body. Memory is taken as bytes come, not as the header promises.
func readFrame(r io.Reader, most int) ([]byte, error) {
	var head [headLen]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n, err := frameHead(head[:], most)
	if err != nil {
		return nil, err
	}
	body := make([]byte, 0, min(n, 512))
	for len(body) < n {
		more := min(n-len(body), max(512, len(body)))
		begin := len(body)
		body = append(body, make([]byte, more)...)
		if _, err := io.ReadFull(r, body[begin:]); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// parseBody reads a message, whichever of the two forms it has.
func parseBody(body []byte) (*wire.Message, error) {
	m, err := wire.ParseUnsigned(body)
	if err != nil {
		return nil, fmt.Errorf("reading a client's message: %w", err)
	}
	return m, nil
}

// AppendFrame appends the frame of a message. 3.0.6: classic text with a NUL behind it, netstring without;
// a message with a message in it is a netstring in any case.
func AppendFrame(dst []byte, m *wire.Message, format Format) []byte {
	begin := len(dst)
	dst = append(dst, make([]byte, headLen)...)
	if format == wire.Netstring || nests(m) {
		dst = m.AppendNetstring(dst)
	} else {
		dst = append(m.AppendClassic(dst), 0)
	}
	binary.NativeEndian.PutUint32(dst[begin:], uint32(len(dst)-begin-headLen))
	binary.NativeEndian.PutUint32(dst[begin+4:], magic)
	return dst
}

func nests(m *wire.Message) bool {
	for i := range m.Fields {
		switch m.Fields[i].Type {
		case wire.Struct, wire.Compressed, wire.Uncompressed:
			return true
		}
	}
	return false
}
