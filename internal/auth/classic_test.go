package auth

import (
	"bytes"
	"testing"

	"heartbeatd/internal/wire"
)

// What is written on a serial line says what the datagram says, and is signed as 3.0.6 wants to have it, whether the
// datagram had an inner signature or not.
func TestAppendClassic(t *testing.T) {
	keys, err := NewKeys(2, map[int]Key{1: {Method: MD5, Secret: []byte("old")}, 2: {Method: SHA1, Secret: []byte("new")}})
	if err != nil {
		t.Fatal(err)
	}
	plain := wire.New("status").AddStr("src", "node1").AddBin("srcuuid", []byte{0, 10, 255, 61}).AddStr("info", "two\nlines")
	nested := wire.New("x").AddStr("src", "node1")
	nested.Fields = append(nested.Fields, wire.Field{Type: wire.Struct, Name: "s", Msg: wire.New("inner").AddStr("y", "z")})
	for _, m := range []*wire.Message{plain, nested} {
		for _, n := range []int{1, 2} {
			for _, inner := range []bool{true, false} {
				f, err := wire.Parse(keys.SealWith(n, m, inner))
				if err != nil {
					t.Fatal(err)
				}
				text := keys.AppendClassic([]byte("before"), f)
				text, found := bytes.CutPrefix(text, []byte("before"))
				if !found || !bytes.HasPrefix(text, []byte(">>>\n")) || !bytes.HasSuffix(text, []byte("\n<<<\n")) {
					t.Errorf("no classic text: %q", text)
				}
				got, frame, err := keys.Open(text)
				if err != nil {
					t.Errorf("key %d, inner %v: %v in %q", n, inner, err, text)
					continue
				}
				if frame.KeyNum != n || keys.VerifyAs306(frame) != nil {
					t.Errorf("signed with key %d, want %d", frame.KeyNum, n)
				}
				got.Fields = got.Fields[:len(got.Fields)-1] // auth is the last
				if string(got.AppendNetstring(nil)) != string(m.AppendNetstring(nil)) {
					t.Errorf("says %q, want %q", got.AppendNetstring(nil), m.AppendNetstring(nil))
				}
			}
		}
	}
	f, err := wire.Parse(keys.SealWith(1, plain, false))
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewKeys(2, map[int]Key{2: {Method: SHA1, Secret: []byte("new")}})
	if err != nil {
		t.Fatal(err)
	}
	if text := other.AppendClassic(nil, f); len(text) != 0 {
		t.Errorf("signed with a key that is no more: %q", text)
	}
}
