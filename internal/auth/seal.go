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
	if k.key(n) == nil {
		n = k.sending
	}
	if m.Check() != nil {
		return nil
	}
	m = unsigned(m)
	if classicInner && takesInner(m) {
		m.AddStr(authField, string(k.sign(n, m.ClassicLines())))
	}
	b := m.AppendNetstring(make([]byte, 0, m.NetstringLen()+sealRoom))
	b = wire.AppendSignature(b, string(k.sign(n, b)))
	if len(b) > wire.MaxDatagram {
		return nil
	}
	return b
}

// unsigned is a copy of m, its values shared, without auth fields.
func unsigned(m *wire.Message) *wire.Message {
	c := &wire.Message{Fields: make([]wire.Field, 0, len(m.Fields)+1)}
	for _, f := range m.Fields {
		if f.Name != authField {
			c.Fields = append(c.Fields, f)
		}
	}
	return c
}

// takesInner says whether 3.0.6 gives such a message an inner auth=: none if it holds a struct.
func takesInner(m *wire.Message) bool {
	for i := range m.Fields {
		switch m.Fields[i].Type {
		case wire.Struct, wire.Compressed, wire.Uncompressed:
			return false
		}
	}
	return true
}

// sign is "KEYNUM TOKEN" over text by key n.
func (k *Keys) sign(n int, text []byte) []byte {
	b := strconv.AppendInt(make([]byte, 0, sealRoom/2), int64(n), 10)
	key := k.table[n]
	return appendToken(append(b, ' '), key.method, key.secret(), text)
}
