package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"heartbeatd/internal/wire"
	"heartbeatd/internal/wire/wiretest"
)

// badReasons is the word for each vector that does not even parse. All others do.
var badReasons = map[string]wire.Fault{
	"bad-empty.bin":                       wire.ErrEmpty,
	"bad-garbage.bin":                     wire.ErrNoStart,
	"bad-netstring-no-signature.bin":      wire.ErrNoSignature,
	"bad-netstring-truncated-1.bin":       wire.ErrTruncated,
	"bad-netstring-truncated-half.bin":    wire.ErrTruncated,
	"bad-netstring-list-string-clash.bin": wire.ErrTypeClash,
	"bad-netstring-huge-length.bin":       wire.ErrBadLength,
	"bad-netstring-no-equals.bin":         wire.ErrBadField,
	"bad-netstring-empty-name.bin":        wire.ErrBadField,
	"bad-fatal-no-paren.bin":              wire.ErrBadField,
	"bad-fatal-type7.bin":                 wire.ErrBadType,
	"bad-fatal-type-x.bin":                wire.ErrBadType,
	"bad-fatal-zero-length.bin":           wire.ErrBadField,
	"bad-fatal-nul-in-string.bin":         wire.ErrNUL,
}

func TestVectors(t *testing.T) {
	seen := 0
	for _, v := range wiretest.Load(t) {
		t.Run(v.File, func(t *testing.T) {
			f, err := wire.Parse(v.Data)
			if want, bad := badReasons[v.File]; bad {
				seen++
				if f != nil || !errors.Is(err, want) || wire.Reason(err) != string(want) {
					t.Fatalf("got frame %v and error %v, want only %q", f, err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			compareVector(t, v, f)
		})
	}
	if seen != len(badReasons) {
		t.Errorf("%d of %d bad vectors were there", seen, len(badReasons))
	}
}

func compareVector(t *testing.T, v wiretest.Vector, f *wire.Frame) {
	if f.Format.String() != v.Format {
		t.Errorf("format %v, want %v", f.Format, v.Format)
	}
	checkReencode(t, v.Data, f)
	if v.Inner != nil && string(f.Inner) != *v.Inner {
		t.Errorf("inner auth %q, want %q", f.Inner, *v.Inner)
	}
	if v.Outer != nil && string(f.Signature) != *v.Outer {
		t.Errorf("signature %q, want %q", f.Signature, *v.Outer)
	}
	if v.Fields != nil {
		sameMessage(t, f.Msg, wiretest.Message(v.Fields))
	}
	inner, err := f.Msg.Decompress()
	if err != nil {
		t.Fatal(err)
	}
	if v.Content != nil {
		sameMessage(t, inner, wiretest.Message(v.Content))
	} else if inner != f.Msg {
		t.Error("an uncompressed message was not returned as it is")
	}
}

// sameMessage compares by value. Hand-made descriptions may leave auth out.
func sameMessage(t *testing.T, got, want *wire.Message) {
	t.Helper()
	if !want.Has("auth") && got.Has("auth") {
		last := len(got.Fields) - 1
		if got.Fields[last].Name != "auth" {
			t.Fatal("auth is not described and not last")
		}
		got = &wire.Message{Fields: got.Fields[:last]}
	}
	if !bytes.Equal(got.AppendNetstring(nil), want.AppendNetstring(nil)) {
		t.Errorf("fields\n got %q\nwant %q", got.AppendNetstring(nil), want.AppendNetstring(nil))
	}
}

// checkReencode is the property everything accepted has: it is written again byte for byte up to
// its end mark; a classic text without one gets it, and nothing else.
func checkReencode(t *testing.T, data []byte, f *wire.Frame) {
	t.Helper()
	out := f.Append(nil)
	if f.Format == wire.Netstring {
		if !bytes.Equal(out, data[:f.Size]) {
			t.Errorf("written again\n got %q\nwant %q", out, data[:f.Size])
		}
		if !bytes.Equal(f.Signed, f.Msg.AppendNetstring(nil)) {
			t.Error("the bytes signed are not the body")
		}
		if f.Msg.NetstringLen() != len(f.Signed) {
			t.Errorf("NetstringLen %d, really %d", f.Msg.NetstringLen(), len(f.Signed))
		}
		return
	}
	rest, ok := strings.CutPrefix(string(out), string(data[:f.Size]))
	if !ok || rest != "" && (f.Size != len(data) || rest != "<<<\n" && rest != "\n<<<\n") {
		t.Errorf("written again\n got %q\nwant %q", out, data[:f.Size])
	}
}

// Both framings carry the same message: every captured one survives the change of framing.
func TestChangeOfFraming(t *testing.T) {
	for _, v := range wiretest.Load(t) {
		f, err := wire.Parse(v.Data)
		if err != nil {
			continue
		}
		text := f.Msg.AppendClassic(nil)
		if !f.Msg.Has("auth") {
			text = append(bytes.TrimSuffix(text, []byte("<<<\n")), "auth=1 0\n<<<\n"...)
		}
		again, err := wire.Parse(text)
		if err != nil {
			t.Fatalf("%s: as classic text: %v\n%q", v.File, err, text)
		}
		want := f.Msg
		if !want.Has("auth") {
			want = (&wire.Message{Fields: want.Fields[:len(want.Fields):len(want.Fields)]}).AddStr("auth", "1 0")
		}
		if got, want := again.Msg.AppendNetstring(nil), want.AppendNetstring(nil); !bytes.Equal(got, want) {
			t.Errorf("%s: got %q want %q", v.File, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range wiretest.Load(f) {
		f.Add(v.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		frame, err := wire.Parse(data)
		skimmedAlike(t, data)
		if !bytes.Equal(before, data) {
			t.Fatal("the datagram was changed")
		}
		if err != nil {
			if frame != nil || wire.Reason(err) == "other" {
				t.Fatalf("frame %v with error %v", frame, err)
			}
			return
		}
		checkReencode(t, data, frame)
		again, err := wire.Parse(frame.Append(nil))
		if err != nil || !bytes.Equal(again.Signed, frame.Signed) || !bytes.Equal(again.Signature, frame.Signature) {
			t.Fatalf("what was written again does not parse alike: %v", err)
		}
		if m, err := frame.Msg.Decompress(); (m == nil) == (err == nil) {
			t.Fatalf("message %v with error %v", m, err)
		}
	})
}
