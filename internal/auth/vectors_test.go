package auth_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/wire"
	"heartbeatd/internal/wire/wiretest"
)

// table reads the key table of a vector: "auth N" and "N METHOD [SECRET]" lines.
func table(t testing.TB, text string) (sending int, keys map[int]auth.Key) {
	t.Helper()
	keys = make(map[int]auth.Key)
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if w[0] == "auth" {
			fmt.Sscan(w[1], &sending)
			continue
		}
		var n int
		fmt.Sscan(w[0], &n)
		m, ok := auth.ParseMethod(w[1])
		if !ok {
			t.Fatalf("method %q", w[1])
		}
		key := auth.Key{Method: m}
		if len(w) > 2 {
			key.Secret = []byte(w[2])
		}
		keys[n] = key
	}
	return sending, keys
}

func keysOf(t testing.TB, text string) *auth.Keys {
	t.Helper()
	return newKeys(t)(table(t, text))
}

func newKeys(t testing.TB) func(int, map[int]auth.Key) *auth.Keys {
	return func(sending int, keys map[int]auth.Key) *auth.Keys {
		t.Helper()
		k, err := auth.NewKeys(sending, keys)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

// ours are the vectors a 3.0.6 node refuses and we take, as the package's description says.
var ours = map[string]bool{"netstring-md5-multikey-2-own-secret.bin": true}

// badReasons is the word for each vector that is refused. Where it is no-signature the fields are bad
// as well, which nobody looks at without a signature: wire.Parse and decode name that.
var badReasons = map[string]string{
	"bad-empty.bin":                            "empty",
	"bad-garbage.bin":                          "no-start",
	"bad-netstring-no-signature.bin":           "no-signature",
	"bad-netstring-truncated-1.bin":            "truncated",
	"bad-netstring-truncated-half.bin":         "truncated",
	"bad-netstring-list-string-clash.bin":      "type-clash",
	"bad-netstring-huge-length.bin":            "bad-length",
	"bad-netstring-no-equals.bin":              "no-signature",
	"bad-netstring-empty-name.bin":             "no-signature",
	"bad-fatal-no-paren.bin":                   "no-signature",
	"bad-fatal-type7.bin":                      "no-signature",
	"bad-fatal-type-x.bin":                     "no-signature",
	"bad-fatal-zero-length.bin":                "no-signature",
	"bad-fatal-nul-in-string.bin":              "nul-in-string",
	"bad-netstring-flipped-bit.bin":            "bad-signature",
	"bad-netstring-wrong-key.bin":              "bad-signature",
	"bad-netstring-uppercase-hex.bin":          "bad-signature",
	"bad-classic-wrong-key.bin":                "bad-signature",
	"bad-classic-unknown-keynum.bin":           "unknown-key",
	"classic-md5-multikey-2-sender-secret.bin": "bad-signature",
	"netstring-sha1-multikey-0.bin":            "unknown-key",
	"classic-sha1-multikey-5.bin":              "unknown-key",
}

func TestVectors(t *testing.T) {
	refused := 0
	for _, v := range wiretest.Load(t) {
		t.Run(v.File, func(t *testing.T) {
			k := keysOf(t, v.Authkeys)
			m, f, err := k.Open(v.Data)
			if want, bad := badReasons[v.File]; bad {
				refused++
				if v.Valid || m != nil || f != nil || auth.Reason(err) != want {
					t.Fatalf("got %v %v %v, want only %q", m, f, err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			as306 := k.VerifyAs306(f)
			if (as306 == nil) != v.Valid || v.Valid == ours[v.File] {
				t.Errorf("as a 3.0.6 node: %v, want valid %v", as306, v.Valid)
			}
			if v.Content != nil {
				if got, want := m.AppendNetstring(nil), wiretest.Message(v.Content).AppendNetstring(nil); !bytes.Equal(got, want) {
					t.Errorf("content %q, want %q", got, want)
				}
			}
			resign(t, v, f)
		})
	}
	if refused != len(badReasons) {
		t.Errorf("%d of %d bad vectors were there", refused, len(badReasons))
	}
}

// resign seals the message again, with the key that signed it, and wants the same datagram. Three
// made by hand are spelled as no sealing node would; theirs must differ in just that.
func resign(t *testing.T, v wiretest.Vector, f *wire.Frame) {
	_, keys := table(t, v.Authkeys)
	key := keys[f.KeyNum]
	if strings.Contains(v.File, "sender-secret") {
		sending, _ := keysOf(t, v.Authkeys).Sending()
		key.Secret = keys[sending].Secret
	}
	k := newKeys(t)(f.KeyNum, map[int]auth.Key{f.KeyNum: key})
	got := k.Seal(f.Msg, len(f.Inner) > 0)
	if f.Format == wire.Classic {
		// A serial line's text: the inner auth= of our own datagram is its signature.
		again, err := wire.Parse(got)
		if v.File == "classic-sha1-nested-struct.bin" { // a message with a struct gets no inner auth=
			if err == nil && len(again.Inner) > 0 {
				t.Errorf("signed again: %q", again.Inner)
			}
			return
		}
		if err != nil || !bytes.Equal(again.Inner, f.Signature) {
			t.Errorf("signed again: %q, want %q (%v)", again.Inner, f.Signature, err)
		}
		return
	}
	want := string(v.Data)
	switch v.File {
	case "netstring-sha1-trailing-junk.bin":
		want = want[:f.Size]
	case "netstring-sha1-two-spaces.bin":
		want = strings.Replace(want, "43:1  ", "42:1 ", 1)
	case "netstring-sha1-wrong-inner.bin":
		again, err := wire.Parse(got)
		if err != nil || bytes.Equal(again.Inner, f.Inner) {
			t.Errorf("inner %q, received %q (%v)", again.Inner, f.Inner, err)
		}
		return
	}
	if string(got) != want {
		t.Errorf("sealed again\n got %q\nwant %q", got, want)
	}
}

// Every shorter datagram is refused. Classic text may lose its end mark and the newline before it
// (3.0.6: reading stops at the end of the buffer), and in both framings what follows the end was
// never part of it.
func TestEveryTruncation(t *testing.T) {
	for _, v := range wiretest.Load(t) {
		k := keysOf(t, v.Authkeys)
		_, f, err := k.Open(v.Data)
		if err != nil {
			continue
		}
		for n := range v.Data {
			_, _, err := k.Open(v.Data[:n])
			whole := n >= f.Size
			if f.Format == wire.Classic {
				rest := strings.TrimRight(string(v.Data[n:]), "\x00")
				whole = rest == "" || rest == "<<<\n" || rest == "\n<<<\n"
			}
			if whole != (err == nil) {
				t.Errorf("%s cut to %d of %d bytes: %v", v.File, n, len(v.Data), err)
			}
		}
	}
}

// Every changed byte, wherever it is, makes the datagram a foreign one.
func TestEveryChangedByte(t *testing.T) {
	for _, v := range wiretest.Load(t) {
		k := keysOf(t, v.Authkeys)
		_, f, err := k.Open(v.Data)
		if err != nil {
			continue
		}
		for i := range f.Size {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				b := bytes.Clone(v.Data)
				b[i] ^= flip
				if _, got, err := k.Open(b); err == nil {
					t.Errorf("%s with byte %d ^ %#x is taken: %q", v.File, i, flip, got.Append(nil))
				}
			}
		}
	}
}

// What is not signed is never accepted: whatever opens under the fuzzing key was sealed with it.
func FuzzOpen(f *testing.F) {
	secret := map[int]auth.Key{3: {Method: auth.SHA1, Secret: []byte("never on the wire")}}
	k := newKeys(f)(3, secret)
	sealed := make(map[string]bool)
	for _, v := range wiretest.Load(f) {
		f.Add(v.Data)
		frame, err := wire.Parse(v.Data)
		if err != nil {
			continue
		}
		for _, inner := range []bool{false, true} {
			b := k.Seal(frame.Msg, inner)
			if own, err := wire.Parse(b); err == nil {
				sealed[string(own.Signed)] = true
				f.Add(b)
			}
		}
	}
	if len(sealed) < wiretest.Expected/2 {
		f.Fatalf("only %d sealed seeds", len(sealed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, frame, err := k.Open(data)
		if err != nil {
			if m != nil || frame != nil || auth.Reason(err) == "other" {
				t.Fatalf("message %v and frame %v with error %v", m, frame, err)
			}
			return
		}
		// The inner auth= of a sealed message signs the same message as classic text.
		if frame.Format == wire.Netstring && !sealed[string(frame.Signed)] {
			t.Fatalf("nobody sealed %q", data)
		}
		if frame.Format == wire.Classic && !sealedText(sealed, frame) {
			t.Fatalf("nobody signed %q", data)
		}
	})
}

// sealedText says whether a sealed datagram with inner auth= holds this text.
func sealedText(sealed map[string]bool, frame *wire.Frame) bool {
	m := &wire.Message{}
	for _, f := range frame.Msg.Fields {
		if f.Name != "auth" {
			m.Fields = append(m.Fields, f)
		}
	}
	return sealed[string(m.AddStr("auth", string(frame.Signature)).AppendNetstring(nil))]
}

func benchmarkStatus(b *testing.B) (*auth.Keys, []byte, *wire.Message) {
	for _, v := range wiretest.Load(b) {
		if v.File == "dual-sha1-status-active.bin" {
			k := keysOf(b, v.Authkeys)
			m, _, err := k.Open(v.Data)
			if err != nil {
				b.Fatal(err)
			}
			return k, v.Data, m
		}
	}
	b.Fatal("no status vector")
	return nil, nil, nil
}

func TestReason(t *testing.T) {
	for want, err := range map[string]error{
		"":            nil,
		"other":       errors.New("x"),
		"unknown-key": fmt.Errorf("x: %w", auth.ErrUnknownKey),
		"truncated":   fmt.Errorf("x: %w", wire.ErrTruncated),
	} {
		if got := auth.Reason(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// BenchmarkOpenHostile is what an attacker without the key can make us do with one datagram.
func BenchmarkOpenHostile(b *testing.B) {
	many := wire.New("status")
	for i := range 3499 {
		many.AddStr(fmt.Sprintf("f%04d", i), "x")
	}
	few := wire.New("status").AddStr("x", strings.Repeat("x", 46000))
	lists := wire.New("status").AddStr("auth", "1 0123456789012345678901234567890123456789")
	for range 30 {
		lists.AddList("l", make([]string, 500)...)
	}
	k, _, _ := benchmarkStatus(b)
	wrong := newKeys(b)(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("wrong")}})
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"many fields", wrong.Seal(many, false)}, {"few fields", wrong.Seal(few, false)},
		{"lists", wrong.Seal(lists, false)}, {"classic lists", lists.AppendClassic(nil)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := k.Open(c.data); err == nil {
					b.Fatal("let in")
				}
			}
		})
	}
}
