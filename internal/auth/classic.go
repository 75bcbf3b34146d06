package auth

import "heartbeatd/internal/wire"

// AppendClassic appends a datagram that [Keys.Seal] has made as classic text, which has no signature but an inner one.
// A message that has none gets it: one that holds structs, and every message with `msgfmt netstring`. It is
// signed by the key that has signed the datagram. Nothing is appended if that key is no more.
func (k *Keys) AppendClassic(dst []byte, f *wire.Frame) []byte {
	if len(f.Inner) > 0 {
		return f.Msg.AppendClassic(dst)
	}
	key := k.key(f.KeyNum)
	if key == nil {
		return dst
	}
	lines := f.Msg.ClassicLines()
	m := wire.Message{Fields: append(f.Msg.Fields[:len(f.Msg.Fields):len(f.Msg.Fields)],
		wire.Field{Name: authField, Value: key.appendSignature(nil, f.KeyNum, lines)})}
	return m.AppendClassic(dst)
}
