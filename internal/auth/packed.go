package auth

import "heartbeatd/internal/wire"

// AppendPacked is [Keys.AppendSealed] of a message that is compressed as a whole, if p wants that: as 3.0.6 does
// it, two fields under an outer signature. What is within is classic text with its inner signature and a NUL behind it,
// or netstring without any. Nothing is appended, and the result is nil, if it is too long even so.
func (k *Keys) AppendPacked(dst []byte, n int, m *wire.Message, classicInner bool, p *wire.Packer) []byte {
	must := p.Must(m)
	if !must && !p.May(m) {
		return k.AppendSealed(dst, n, m, classicInner)
	}
	if m.CheckUnpacked() != nil {
		return nil
	}
	text := k.content(n, m, classicInner)
	if !must && !p.Wants(text) {
		return k.AppendSealed(dst, n, m, classicInner)
	}
	return k.AppendSealed(dst, n, p.Pack(text), false)
}

// content is what is compressed.
func (k *Keys) content(n int, m *wire.Message, classicInner bool) []byte {
	text := make([]byte, 0, m.NetstringLen()+sealRoom)
	if !classicInner || !takesInner(m) {
		return m.AppendNetstringInner(text, nil)
	}
	key := k.key(n)
	if key == nil {
		n, key = k.sending, k.table[k.sending]
	}
	signed := m.WithAuth(key.appendSignature(nil, n, m.AppendClassicLines(text)))
	return append(signed.AppendClassic(text), 0)
}
