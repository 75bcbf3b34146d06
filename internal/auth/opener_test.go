package auth_test

import (
	"bytes"
	"testing"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/wire"
	"heartbeatd/internal/wire/wiretest"
)

// beatMessage is a beat as heartbeatd sends it.
func beatMessage() *wire.Message {
	m := wire.New("status").AddStr("st", "active").AddStr("dt", "1388").AddStr("protocol", "1").
		AddStr("hbd", "1").AddStr("hbd_sees", "active").AddStr("hbd_claim", "2c").
		AddStr("src", "node1.example.org").AddBin("srcuuid", []byte("0123456789abcdef"))
	return m.AddStr("seq", "1f4").AddStr("hg", "65a1b2c3").AddStr("ts", "65a1b2c3").
		AddStr("ld", "0.42 0.13 0.09 2/117 4711").AddStr("ttl", "3")
}

// variant is a way to sign and to frame.
type variant struct {
	name  string
	keys  *auth.Keys
	seal  func(*wire.Message) []byte
	inner bool
}

// variants are all methods in all framings.
func variants(tb testing.TB) (all []variant) {
	for _, m := range []auth.Method{auth.CRC, auth.MD5, auth.SHA1} {
		keys, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: m, Secret: []byte("a secret of some length")}})
		if err != nil {
			tb.Fatal(err)
		}
		for _, framing := range []string{"netstring", "netstring+auth", "classic"} {
			v := variant{name: m.String() + "/" + framing, keys: keys, inner: framing != "netstring"}
			v.seal = func(m *wire.Message) []byte { return keys.Seal(m, v.inner) }
			if framing == "classic" {
				v.seal = func(m *wire.Message) []byte {
					f, err := wire.Parse(keys.Seal(m, true))
					if err != nil {
						tb.Fatal(err)
					}
					return f.Msg.AppendClassic(nil)
				}
			}
			all = append(all, v)
		}
	}
	return all
}

// openedAlike wants of an Opener that is used for everything what Open says.
func openedAlike(t *testing.T, o *auth.Opener, k *auth.Keys, data []byte) {
	t.Helper()
	want, frame, wantErr := k.Open(data)
	got, err := o.Open(k, data)
	if auth.Reason(err) != auth.Reason(wantErr) || (got == nil) != (err != nil) {
		t.Fatalf("%v, want %v; of %q", err, wantErr, data)
	}
	n, ok := o.SignedBy()
	if err != nil {
		if ok {
			t.Fatalf("key %d signed what is refused: %v", n, err)
		}
		return
	}
	if !bytes.Equal(got.AppendNetstring(nil), want.AppendNetstring(nil)) {
		t.Fatalf("read %+v, want %+v", got, want)
	}
	if proof, _ := k.Verify(frame); ok != (proof == auth.EntrySecret) || n != frame.KeyNum {
		t.Fatalf("signed by key %d (%v), want %d (%v)", n, ok, frame.KeyNum, proof)
	}
}

func TestOpenerAgreesWithOpen(t *testing.T) {
	var o auth.Opener
	table := map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("SecretKey")}, 2: {Method: auth.MD5, Secret: []byte("other")}, 3: {Method: auth.CRC}}
	k := newKeys(t)(1, table)
	other := newKeys(t)(2, table)
	lent := newKeys(t)(2, map[int]auth.Key{2: {Method: auth.MD5, Secret: []byte("SecretKey")}})
	all := [][]byte{k.Seal(beatMessage(), true), other.Seal(beatMessage(), false), lent.Seal(beatMessage(), true), k.SealWith(3, beatMessage(), true)}
	for _, b := range all {
		f, err := wire.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.Msg.AppendClassic(nil))
	}
	for _, v := range wiretest.Load(t) {
		all = append(all, v.Data)
	}
	for _, data := range all {
		for _, keys := range []*auth.Keys{k, other} {
			openedAlike(t, &o, keys, data)
			for i := 0; i < len(data); i += 1 + len(data)/300 {
				b := bytes.Clone(data)
				b[i] ^= [...]byte{0x01, 0x20, 0x80}[i%3]
				openedAlike(t, &o, keys, b)
			}
		}
	}
}

// FuzzOpener: what an Opener has read before is of no influence on what it reads now.
func FuzzOpener(f *testing.F) {
	k, err := auth.NewKeys(4, map[int]auth.Key{4: {Method: auth.CRC}})
	if err != nil {
		f.Fatal(err)
	}
	good := k.Seal(beatMessage(), true)
	f.Add(good, good)
	f.Add(k.Seal(wire.New("x").AddStr("a\x13", "b"), false), good)
	for _, v := range wiretest.Load(f) {
		f.Add(v.Data, good)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var o auth.Opener
		for _, b := range [][]byte{first, second, first} {
			// Whatever it is, let it be signed: crc needs no secret.
			if frame, err := wire.Skim(b); err == nil && frame.Format == wire.Netstring {
				openedAlike(t, &o, k, k.Seal(signedAnew(b), false))
			}
			openedAlike(t, &o, k, b)
		}
	})
}

func signedAnew(b []byte) *wire.Message {
	if f, err := wire.Parse(b); err == nil {
		return f.Msg
	}
	return wire.New("x")
}

func TestOpeningAllocatesNothing(t *testing.T) {
	for _, v := range variants(t) {
		data, forged := v.seal(beatMessage()), v.seal(beatMessage())
		forged[bytes.Index(forged, []byte("active"))] ^= 1
		var o auth.Opener
		if n := testing.AllocsPerRun(100, func() {
			if m, err := o.Open(v.keys, data); err != nil || !m.StrIs("src", "node1.example.org") {
				t.Fatal(m, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations to open a beat", v.name, n)
		}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := o.Open(v.keys, forged); err != auth.ErrBadSignature || auth.Reason(err) != "bad-signature" {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations to refuse a forged beat", v.name, n)
		}
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	for _, v := range variants(t) {
		m := beatMessage()
		m.SetHex("seq", 1<<60)
		room := make([]byte, 0, m.NetstringLen()+128)
		n := uint64(0)
		if allocs := testing.AllocsPerRun(100, func() {
			n++
			m.SetHex("seq", n)
			m.SetHex("ts", 0x65a1b2c3+n)
			m.SetStr("ld", "0.42 0.13 0.09 2/117 4711")
			if v.keys.AppendSealed(room, 1, m, v.inner) == nil {
				t.Fatal("not sealed")
			}
		}); allocs != 0 {
			t.Errorf("%s: %v allocations to seal a beat", v.name, allocs)
		}
		if got := v.keys.AppendSealed(room, 1, m, v.inner); !bytes.Equal(got, v.keys.Seal(m, v.inner)) || &got[0] != &room[:1][0] {
			t.Errorf("%s: sealed %q", v.name, got)
		}
	}
}

// Appended is appended: what stands there is not signed, and stays.
func TestAppendSealedBehindSomething(t *testing.T) {
	for _, v := range variants(t) {
		m := beatMessage()
		for _, room := range []int{0, 4096} {
			got := v.keys.AppendSealed(append(make([]byte, 0, room+5), "front"...), 1, m, v.inner)
			if want := append([]byte("front"), v.keys.Seal(m, v.inner)...); !bytes.Equal(got, want) {
				t.Errorf("%s: %q, want %q", v.name, got, want)
			}
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, v := range variants(b) {
		data := v.seal(beatMessage())
		b.Run(v.name, func(b *testing.B) {
			var o auth.Opener
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := o.Open(v.keys, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRefuse(b *testing.B) {
	for _, v := range variants(b) {
		forged := v.seal(beatMessage())
		forged[bytes.Index(forged, []byte("active"))] ^= 1
		b.Run(v.name, func(b *testing.B) {
			var o auth.Opener
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Open(v.keys, forged); err == nil {
					b.Fatal("taken")
				}
			}
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, v := range variants(b) {
		if v.name == "crc/classic" || v.name == "md5/classic" || v.name == "sha1/classic" {
			continue // it is never sent
		}
		b.Run(v.name, func(b *testing.B) {
			m := beatMessage()
			room := make([]byte, 0, m.NetstringLen()+128)
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				n++
				m.SetHex("seq", n)
				if v.keys.AppendSealed(room, 1, m, v.inner) == nil {
					b.Fatal("not sealed")
				}
			}
		})
	}
}
