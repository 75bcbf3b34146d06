package auth

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"hash"
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

// appendToken appends the signature of text: lower-case hex, as 3.0.6 prints it.
func appendToken(dst []byte, m Method, secret, text []byte) []byte {
	var mac hash.Hash
	switch m {
	case CRC:
		// 3.0.6 prints it with %x: no leading zeros.
		return strconv.AppendUint(dst, uint64(checksum(text)), 16)
	case MD5:
		mac = hmac.New(md5.New, secret)
	default:
		mac = hmac.New(sha1.New, secret)
	}
	mac.Write(text)
	var sum [sha1.Size]byte
	return hex.AppendEncode(dst, mac.Sum(sum[:0]))
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
