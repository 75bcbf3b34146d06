package auth

import "heartbeatd/internal/wire"

// AppendClassic appends a datagram that [Keys.Seal] or [Keys.AppendPacked] has made as classic text, which has no
// signature but an inner one. A message that has none gets it: one that holds structs, one that was compressed, which
// is unpacked for the line, and every message with `msgfmt netstring`. It is signed by the key that has signed the
// datagram. Nothing is appended if that key is no more.
func (k *Keys) AppendClassic(dst []byte, f *wire.Frame) []byte {
	if len(f.Inner) > 0 {
		return f.Msg.AppendClassic(dst)
	}
	key := k.key(f.KeyNum)
	m, err := f.Msg.Decompress()
	if key == nil || err != nil {
		return dst
	}
	return m.WithAuth(key.appendSignature(nil, f.KeyNum, m.ClassicLines())).AppendClassic(dst)
}
