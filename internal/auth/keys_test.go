package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/wire"
)

func TestTokens(t *testing.T) {
	secret := []byte("SecretKey")
	for _, c := range []struct {
		key  auth.Key
		text string
		want string
	}{
		{auth.Key{Method: auth.MD5, Secret: secret}, "123456789", "2777b33f52d39fd67dfd802f41381ab6"},
		{auth.Key{Method: auth.SHA1, Secret: secret}, "123456789", "13c6248b58c92b0774d70d1aa0feb57d9dcebbea"},
		{auth.Key{Method: auth.CRC}, "123456789", "765e7680"},
		{auth.Key{Method: auth.CRC}, "", "ffffffff"},
	} {
		k := newKeys(t)(1, map[int]auth.Key{1: c.key})
		f := &wire.Frame{Format: wire.Netstring, KeyNum: 1, Token: []byte(c.want), Signed: []byte(c.text)}
		if _, err := k.Verify(f); err != nil {
			t.Errorf("%v over %q: %v", c.key, c.text, err)
		}
		f.Token = []byte("0" + c.want)
		if _, err := k.Verify(f); err == nil {
			t.Errorf("%v over %q: a leading zero is taken", c.key, c.text)
		}
		f.Token = []byte(c.want[1:])
		if _, err := k.Verify(f); err == nil {
			t.Errorf("%v over %q: a short token is taken", c.key, c.text)
		}
	}
}

// %x drops leading zeros: some message of a thousand has a sum of fewer than eight digits.
func TestShortChecksum(t *testing.T) {
	k := newKeys(t)(1, map[int]auth.Key{1: {Method: auth.CRC}})
	short := 0
	for i := range 1000 {
		b := k.Seal(wire.New("x").AddStr("n", fmt.Sprint(i)), false)
		_, f, err := k.Open(b)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if len(f.Token) < 8 {
			short++
			if f.Token[0] == '0' {
				t.Errorf("token %q", f.Token)
			}
		}
	}
	if short == 0 {
		t.Error("no short sum in 1000")
	}
}

// Which signatures open the door, number by number.
func TestWhoMayComeIn(t *testing.T) {
	one := auth.Key{Method: auth.SHA1, Secret: []byte("KeyOne")}
	two := auth.Key{Method: auth.MD5, Secret: []byte("KeyTwo")}
	crc := auth.Key{Method: auth.CRC}
	mixed := map[int]auth.Key{1: one, 2: two, 4: crc}
	md5of := func(secret string) auth.Key { return auth.Key{Method: auth.MD5, Secret: []byte(secret)} }
	for _, c := range []struct {
		name    string
		sending int
		table   map[int]auth.Key
		number  int      // in the datagram
		signer  auth.Key // what it was really signed with
		format  wire.Format
		ours    bool
		as306   bool
	}{
		{"sending key", 1, mixed, 1, one, wire.Netstring, true, true},
		{"own secret of 2", 1, mixed, 2, two, wire.Netstring, true, false},
		{"sending secret for 2", 1, mixed, 2, md5of("KeyOne"), wire.Netstring, true, true},
		{"method of 1 for 2", 1, mixed, 2, one, wire.Netstring, false, false},
		{"secret of 2 for 1", 1, mixed, 1, auth.Key{Method: auth.SHA1, Secret: two.Secret}, wire.Netstring, false, false},
		{"crc by number", 1, mixed, 4, crc, wire.Netstring, true, true},
		{"sha1 for the crc number", 1, mixed, 4, one, wire.Netstring, false, false},
		{"crc for a sha1 number", 1, mixed, 1, crc, wire.Netstring, false, false},
		{"crc for an md5 number", 1, mixed, 2, crc, wire.Netstring, false, false},
		{"unknown number", 1, mixed, 3, one, wire.Netstring, false, false},
		{"crc, table without crc", 1, map[int]auth.Key{1: one}, 4, crc, wire.Netstring, false, false},
		{"sending crc, empty secret for 2", 4, mixed, 2, md5of("\x00"), wire.Netstring, false, false},
		{"sending crc, own secret of 2", 4, mixed, 2, two, wire.Netstring, true, false},
		{"classic own secret", 1, mixed, 2, two, wire.Classic, true, true},
		{"classic sending secret", 1, mixed, 2, md5of("KeyOne"), wire.Classic, false, false},
		{"classic crc by number", 1, mixed, 4, crc, wire.Classic, true, true},
		{"classic crc for sha1", 1, mixed, 1, crc, wire.Classic, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKeys(t)(c.sending, c.table)
			signer := newKeys(t)(c.number, map[int]auth.Key{c.number: c.signer})
			b := signer.Seal(wire.New("x"), true)
			if c.format == wire.Classic {
				f, err := wire.Parse(b)
				if err != nil {
					t.Fatal(err)
				}
				b = f.Msg.AppendClassic(nil)
			}
			if _, _, err := k.Open(b); (err == nil) != c.ours {
				t.Errorf("ours: %v, want taken %v", err, c.ours)
			}
			f, err := wire.Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.VerifyAs306(f); (err == nil) != c.as306 {
				t.Errorf("3.0.6: %v, want taken %v", err, c.as306)
			}
		})
	}
}

// HMAC of an all-zero key equals that of no key at all, so "no secret" must never be tried.
func TestNoSecretIsNoKey(t *testing.T) {
	k := newKeys(t)(4, map[int]auth.Key{4: {Method: auth.CRC, Secret: []byte("remark")}, 2: {Method: auth.SHA1, Secret: []byte("KeyTwo")}})
	for _, secret := range []string{"\x00", "remark"} {
		b := newKeys(t)(2, map[int]auth.Key{2: {Method: auth.SHA1, Secret: []byte(secret)}}).Seal(wire.New("x"), false)
		if _, _, err := k.Open(b); auth.Reason(err) != "bad-signature" {
			t.Errorf("secret %q: %v", secret, err)
		}
	}
}

func TestNewKeysRefuses(t *testing.T) {
	good := auth.Key{Method: auth.SHA1, Secret: []byte("Hush")}
	for want, c := range map[string]struct {
		sending int
		table   map[int]auth.Key
	}{
		"sending key 2 is not in the table":  {2, map[int]auth.Key{1: good}},
		"sending key -1 is not in the table": {-1, map[int]auth.Key{1: good}},
		"key 16: number is not within 0..15": {16, map[int]auth.Key{16: good}},
		"key 3: md5 needs a secret":          {3, map[int]auth.Key{3: {Method: auth.MD5}}},
		"key 3: unknown method":              {3, map[int]auth.Key{3: {Secret: []byte("Hush")}}},
		"sending key 0 is not in the table":  {0, nil},
	} {
		k, err := auth.NewKeys(c.sending, c.table)
		if k != nil || err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// NewKeys keeps its own copy: the caller may wipe what it read.
func TestNewKeysCopies(t *testing.T) {
	secret := []byte("Hush")
	k := newKeys(t)(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: secret}})
	before := k.Seal(wire.New("x"), true)
	clear(secret)
	if !bytes.Equal(before, k.Seal(wire.New("x"), true)) {
		t.Error("the signature changed with the caller's slice")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "Hush-hush"
	key := auth.Key{Method: auth.SHA1, Secret: []byte(secret)}
	keys := newKeys(t)(1, map[int]auth.Key{1: key})
	holder := struct {
		Public  *auth.Keys
		private *auth.Keys
		Key     auth.Key
	}{keys, keys, key}
	hidden := []string{secret, fmt.Sprint([]byte(secret)), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("%#v", []byte(secret))}
	_, _, openErr := keys.Open(newKeys(t)(1, map[int]auth.Key{1: {Method: auth.MD5, Secret: []byte("x")}}).Seal(wire.New("x"), false))
	for _, v := range []any{key, &key, keys, *keys, holder, &holder, map[int]auth.Key{1: key}, []auth.Key{key}, openErr} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			noSecret(t, verb, fmt.Sprintf(verb, v), hidden)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		noSecret(t, "json", string(b), append(hidden, "SHVzaC1odXNo"))
	}
}

func noSecret(t *testing.T, how, text string, hidden []string) {
	t.Helper()
	for _, h := range hidden {
		if strings.Contains(text, strings.Trim(h, "[]")) {
			t.Errorf("%s shows %q", how, text)
		}
	}
}

func TestSeal(t *testing.T) {
	k := newKeys(t)(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("Hush")}})
	m := wire.New("x").AddStr("a", "b")
	before := m.AppendNetstring(nil)
	b := k.Seal(m, true)
	if !bytes.Equal(before, m.AppendNetstring(nil)) || len(m.Fields) != 2 {
		t.Error("the message was changed")
	}
	if !bytes.Equal(b, k.Seal(m, true)) {
		t.Error("sealed twice, two different datagrams")
	}
	got, f, err := k.Open(b)
	if err != nil || f.Msg.Fields[2].Name != "auth" || got.Str("a") != "b" {
		t.Errorf("opened %v %v", got, err)
	}
	if again := k.Seal(got, true); !bytes.Equal(again, b) {
		t.Errorf("sealed again %q", again)
	}
	if _, f, err := k.Open(k.Seal(m, false)); err != nil || len(f.Inner) > 0 {
		t.Errorf("inner %v %v", f, err)
	}
	nested := wire.New("x")
	nested.Fields = append(nested.Fields, wire.Field{Type: wire.Struct, Name: "s", Msg: wire.New("y")})
	if _, f, err := k.Open(k.Seal(nested, true)); err != nil || len(f.Inner) > 0 {
		t.Errorf("a message with a struct got inner %v %v", f, err)
	}
	for _, bad := range []*wire.Message{
		wire.New("a\x00b"), wire.New("x").AddStr("", ""), wire.New("x").AddBin("b", make([]byte, wire.MaxDatagram-60)),
	} {
		if b := k.Seal(bad, true); b != nil {
			t.Errorf("sealed %d bytes that would end a 3.0.6 node", len(b))
		}
	}
}
