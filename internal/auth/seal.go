package auth

import (
	"strconv"

	"heartbeatd/internal/wire"
)

// authField is the name of the inner signature.
const authField = "auth"

// sealRoom is what both signatures of the longest method add to a message.
const sealRoom = 128

// Seal returns the datagram 3.0.6 sends for m: netstring with an outer signature by the sending key.
// classicInner adds the inner auth= as last field (3.0.6: `msgfmt classic`, the default; pings have
// it always). An auth field already in m is left out. m is not changed, and the same m gives the
// same bytes.
//
// The result is nil if m must not be sent: it would end every 3.0.6 node that hears it, or is over
// [wire.MaxDatagram] bytes. [wire.Message.Check] says which.
func (k *Keys) Seal(m *wire.Message, classicInner bool) []byte {
	return k.SealWith(k.sending, m, classicInner)
}

// SealWith is Seal by the key of number n; by the sending key if there is no such key. 3.0.6 takes only what is
// signed with the secret of its own sending key, so a node that talks to it has to sign with that.
func (k *Keys) SealWith(n int, m *wire.Message, classicInner bool) []byte {
	return k.AppendSealed(make([]byte, 0, m.NetstringLen()+sealRoom), n, m, classicInner)
}

// AppendSealed appends what SealWith returns. It allocates nothing where dst has room for it: the bytes
// of the message ([wire.Message.NetstringLen]) and 128 more.
func (k *Keys) AppendSealed(dst []byte, n int, m *wire.Message, classicInner bool) []byte {
	if m.Check() != nil {
		return nil
	}
	key := k.key(n)
	if key == nil {
		n, key = k.sending, k.table[k.sending]
	}
	var room [sealRoom / 2]byte
	var inner []byte
	begin := len(dst)
	if classicInner && takesInner(m) {
		dst = m.AppendClassicLines(dst)
		inner = key.appendSignature(room[:0], n, dst[begin:])
	}
	dst = m.AppendNetstringInner(dst[:begin], inner)
	dst = wire.AppendSignature(dst, key.appendSignature(room[:0], n, dst[begin:]))
	if len(dst)-begin > wire.MaxDatagram {
		return nil
	}
	return dst
}

// takesInner says whether 3.0.6 gives such a message an inner auth=: none if it holds a struct.
func takesInner(m *wire.Message) bool {
	for i := range m.Fields {
		if m.Fields[i].Name == authField {
			continue
		}
		switch m.Fields[i].Type {
		case wire.Struct, wire.Compressed, wire.Uncompressed:
			return false
		}
	}
	return true
}

// appendSignature appends "KEYNUM TOKEN" over text; n is the key's number.
func (e *entry) appendSignature(dst []byte, n int, text []byte) []byte {
	return e.own.appendToken(append(strconv.AppendInt(dst, int64(n), 10), ' '), text)
}
