package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
)

// Method is the second word of a key's line in authkeys.
type Method uint8

// The methods of 3.0.6. The zero value is none of them.
const (
	CRC  Method = iota + 1 // no secret, no protection: 32 bits against line noise
	MD5                    // HMAC-MD5
	SHA1                   // HMAC-SHA1
)

// ParseMethod knows crc, md5 and sha1, in lower case as 3.0.6 wants them.
func ParseMethod(word string) (Method, bool) {
	for _, m := range []Method{CRC, MD5, SHA1} {
		if m.String() == word {
			return m, true
		}
	}
	return 0, false
}

func (m Method) String() string {
	switch m {
	case CRC:
		return "crc"
	case MD5:
		return "md5"
	case SHA1:
		return "sha1"
	}
	return "unknown (" + strconv.Itoa(int(m)) + ")"
}

// signer makes signatures by one method and one secret.
type signer struct {
	method Method
	secret func() *padded // nil for crc
}

// padded is a secret as HMAC wants it (RFC 2104): mixed with either pad, made once.
type padded struct {
	inner, outer [sha1.BlockSize]byte // that of md5 is the same
	plain        []byte
}

func newSigner(m Method, secret []byte) *signer {
	if m == CRC {
		return &signer{method: m}
	}
	p := &padded{plain: bytes.Clone(secret)}
	key := p.plain
	if len(key) > sha1.BlockSize {
		key = m.sum(key, nil)
	}
	copy(p.inner[:], key)
	copy(p.outer[:], key)
	for i := range p.inner {
		p.inner[i] ^= 0x36
		p.outer[i] ^= 0x5c
	}
	return &signer{method: m, secret: func() *padded { return p }}
}

// sum appends the digest of text.
func (m Method) sum(text, dst []byte) []byte {
	if m == MD5 {
		sum := md5.Sum(text)
		return append(dst, sum[:]...)
	}
	sum := sha1.Sum(text)
	return append(dst, sum[:]...)
}

// usualText is more than the bytes of a beat.
const usualText = 1024

// appendToken appends the signature of text: lower-case hex, as 3.0.6 prints it.
func (s *signer) appendToken(dst, text []byte) []byte {
	if s.method == CRC {
		// 3.0.6 prints it with %x: no leading zeros.
		return strconv.AppendUint(dst, uint64(checksum(text)), 16)
	}
	p := s.secret()
	if len(text) > usualText {
		return hex.AppendEncode(dst, s.long(p, text))
	}
	// What crypto/hmac does, with memory of the stack: one of its own would have to be made for each text.
	var room [sha1.BlockSize + usualText]byte
	var sum [sha1.Size]byte
	inner := s.method.sum(append(append(room[:0], p.inner[:]...), text...), sum[:0])
	outer := s.method.sum(append(append(room[:0], p.outer[:]...), inner...), sum[:0])
	return hex.AppendEncode(dst, outer)
}

// long is the same for a text that is too long to be copied.
func (s *signer) long(p *padded, text []byte) []byte {
	digest := sha1.New
	if s.method == MD5 {
		digest = md5.New
	}
	mac := hmac.New(digest, p.plain)
	mac.Write(text)
	return mac.Sum(nil)
}

// fits says whether a token of n bytes may be one of the method.
func (m Method) fits(n int) bool {
	switch m {
	case MD5:
		return n == hex.EncodedLen(md5.Size)
	case SHA1:
		return n == hex.EncodedLen(sha1.Size)
	}
	return n <= 8
}

// crcTable drives checksum a byte at a time, most significant bit first.
var crcTable = func() (table [256]uint32) {
	for i := range table {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04C11DB7
			} else {
				c <<= 1
			}
		}
		table[i] = c
	}
	return table
}()

// checksum is POSIX cksum without the length behind the text.
func checksum(text []byte) uint32 {
	var c uint32
	for _, b := range text {
		c = c<<8 ^ crcTable[byte(c>>24)^b]
	}
	return ^c
}
