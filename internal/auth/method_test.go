package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"testing"
)

// TestTokensAreThoseOfHMAC: secrets below, at and beyond a block, texts that are copied and texts that are not.
func TestTokensAreThoseOfHMAC(t *testing.T) {
	for _, secret := range []int{1, 20, 63, 64, 65, 200} {
		for _, text := range []int{0, 1, 300, usualText - 1, usualText, usualText + 1, 5000} {
			secret, text := bytes.Repeat([]byte("s"), secret), bytes.Repeat([]byte("t"), text)
			for m, digest := range map[Method]func() []byte{
				MD5:  func() []byte { h := hmac.New(md5.New, secret); h.Write(text); return h.Sum(nil) },
				SHA1: func() []byte { h := hmac.New(sha1.New, secret); h.Write(text); return h.Sum(nil) },
			} {
				s := newSigner(m, secret)
				if got, want := string(s.appendToken(nil, text)), hex.EncodeToString(digest()); got != want {
					t.Errorf("%s, secret of %d, text of %d: %s, want %s", m, len(secret), len(text), got, want)
				}
			}
		}
	}
}
