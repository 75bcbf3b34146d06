package wire_test

import (
	"bytes"
	"testing"

	"heartbeatd/internal/wire"
)

// feed takes a fuzzer's bytes apart; when they have run out it gives zeros.
type feed struct{ data []byte }

func (f *feed) byte() byte {
	if len(f.data) == 0 {
		return 0
	}
	b := f.data[0]
	f.data = f.data[1:]
	return b
}

func (f *feed) bytes() []byte {
	n := min(int(f.byte()), len(f.data))
	b := f.data[:n:n]
	f.data = f.data[n:]
	return b
}

// message makes up a message of any shape, good or bad.
func (f *feed) message(depth int) *wire.Message {
	m := &wire.Message{}
	for n := f.byte() % 8; n > 0; n-- {
		field := wire.Field{Type: wire.FieldType(f.byte() % 7), Name: string(f.bytes())}
		switch field.Type {
		case wire.Struct, wire.Uncompressed:
			if depth < 4 {
				field.Msg = f.message(depth + 1)
			}
		case wire.List:
			for k := f.byte() % 4; k > 0; k-- {
				field.List = append(field.List, string(f.bytes()))
			}
		default:
			field.Value = f.bytes()
		}
		m.Fields = append(m.Fields, field)
	}
	return m
}

// asClassic is a message as classic text brings it: the code of a newline is one.
func asClassic(m *wire.Message) *wire.Message {
	c := &wire.Message{}
	for _, f := range m.Fields {
		if f.Type == wire.String {
			f.Value = bytes.ReplaceAll(f.Value, []byte{0x13}, []byte{'\n'})
		}
		if f.Type == wire.Struct {
			nested := f.Msg
			if nested == nil {
				nested = &wire.Message{}
			}
			f.Msg = asClassic(nested)
		}
		c.Fields = append(c.Fields, f)
	}
	return c
}

// FuzzMessage is the way out, as FuzzParse is the way in: whatever may be sent is read as it was
// meant, in both framings, and its signature covers the same bytes at both ends.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("\x02\x00\x01t\x06status\x00\x03src\x04beta"))
	f.Add([]byte("\x03\x01\x01b\x03\x00\n\xff\x03\x01l\x02\x01a\x00\x00\x01s\x02\n\x13"))
	f.Add([]byte("\x01\x02\x01s\x02\x00\x01a\x01b\x04\x01c\x03<<<"))
	f.Add([]byte("\x01\x00\x03<<<\x00"))
	f.Add([]byte("\x02\x00\x04auth\x031 0\x00\x04auth\x032 0"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := (&feed{data}).message(0)
		if m.Check() != nil {
			return
		}
		body := m.AppendNetstring(nil)
		if m.NetstringLen() != len(body) {
			t.Fatalf("NetstringLen %d, really %d", m.NetstringLen(), len(body))
		}
		frame, err := wire.Parse(wire.AppendSignature(bytes.Clone(body), "1 abc"))
		if wire.Reason(err) == string(wire.ErrTooManyFields) {
			return // ours have less than 40
		}
		if err != nil {
			t.Fatalf("what may be sent does not parse: %v\n%q", err, body)
		}
		if !bytes.Equal(frame.Signed, body) || !bytes.Equal(frame.Msg.AppendNetstring(nil), body) {
			t.Fatalf("sent %q, read %q, signed %q", body, frame.Msg.AppendNetstring(nil), frame.Signed)
		}
		classicAlike(t, m)
	})
}

func classicAlike(t *testing.T, m *wire.Message) {
	signed := &wire.Message{}
	for _, f := range m.Fields {
		if f.Name != "auth" { // whoever seals a message leaves out what is called so
			signed.Fields = append(signed.Fields, f)
		}
	}
	signed.AddStr("auth", "1 abc")
	frame, err := wire.Parse(signed.AppendClassic(nil))
	if err != nil {
		t.Fatalf("what may be sent does not parse as classic text: %v\n%q", err, signed.AppendClassic(nil))
	}
	if frame.KeyNum != 1 || string(frame.Token) != "abc" {
		t.Fatalf("the signature is %d %q", frame.KeyNum, frame.Token)
	}
	if !bytes.Equal(frame.Signed, m.ClassicLines()) {
		t.Fatalf("signed %q, checked %q", m.ClassicLines(), frame.Signed)
	}
	want, got := asClassic(signed).AppendNetstring(nil), frame.Msg.AppendNetstring(nil)
	if !bytes.Equal(want, got) {
		t.Fatalf("sent %q, read %q", want, got)
	}
}

// Found by FuzzMessage: the bytes that end a line of a nested message, in a name or in a list.
func TestNewlineCodesInNestedNames(t *testing.T) {
	nest := func(f wire.Field) *wire.Message {
		return &wire.Message{Fields: []wire.Field{{Type: wire.Struct, Name: "s", Msg: &wire.Message{Fields: []wire.Field{f}}}}}
	}
	for _, f := range []wire.Field{{Name: "a\x14"}, {Type: wire.List, Name: "l", List: []string{"a", "\x14"}}} {
		if nest(f).Check() == nil {
			t.Errorf("%+v in a struct may be sent, and cannot be read as classic text", f)
		}
		if err := (&wire.Message{Fields: []wire.Field{f}}).Check(); err != nil {
			t.Errorf("%+v may not be sent: %v", f, err)
		}
	}
}
