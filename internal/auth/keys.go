package auth

import (
	"fmt"
	"io"
)

// MaxKeyNum is the highest number a key of authkeys may have.
const MaxKeyNum = 15

// Key is one entry of authkeys. However it is printed, its secret does not show.
type Key struct {
	Method Method
	Secret []byte // the third word as it stands; empty for crc
}

const hidden = "(secret hidden)"

// String names the method only.
func (k Key) String() string { return k.Method.String() + " " + hidden }

// GoString is String, for %#v.
func (k Key) GoString() string { return k.String() }

// Format is String for every verb and flag.
func (k Key) Format(s fmt.State, _ rune) { io.WriteString(s, k.String()) }

// MarshalText is String, for encoders.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Keys is a whole authkeys file: the table of keys and which of them signs. It never changes, so
// any number of goroutines may use it.
type Keys struct {
	sending int
	table   [MaxKeyNum + 1]*entry
}

// entry is a key at rest. Its secret is behind a function (see signer) because fmt follows even pointers
// into fields it can call no methods of; of a function it prints the address.
type entry struct {
	method Method
	own    *signer // with its own secret
	lent   *signer // with the secret of the sending key; nil if that has none
}

// NewKeys checks and copies the table. sending must be in it; numbers are 0..15; md5 and sha1 need
// a secret, crc has none and what stands in its place is forgotten. Errors name key numbers, never what a line held.
func NewKeys(sending int, table map[int]Key) (*Keys, error) {
	k := &Keys{sending: sending}
	for n := range MaxKeyNum + 1 {
		key, ok := table[n]
		if !ok {
			continue
		}
		if key.Method < CRC || key.Method > SHA1 {
			return nil, fmt.Errorf("key %d: unknown method", n)
		}
		if key.Method != CRC && len(key.Secret) == 0 {
			return nil, fmt.Errorf("key %d: %s needs a secret", n, key.Method)
		}
		k.table[n] = &entry{method: key.Method, own: newSigner(key.Method, key.Secret)}
	}
	for n := range table {
		if n < 0 || n > MaxKeyNum {
			return nil, fmt.Errorf("key %d: number is not within 0..%d", n, MaxKeyNum)
		}
	}
	if k.key(sending) == nil {
		return nil, fmt.Errorf("sending key %d is not in the table", sending)
	}
	if own := table[sending]; own.Method != CRC {
		for _, e := range k.table {
			if e != nil {
				e.lent = newSigner(e.method, own.Secret)
			}
		}
	}
	return k, nil
}

// key is the entry of number n, nil if there is none.
func (k *Keys) key(n int) *entry {
	if n < 0 || n > MaxKeyNum {
		return nil
	}
	return k.table[n]
}

// Sending is the number and the method of the key that signs.
func (k *Keys) Sending() (int, Method) { return k.sending, k.table[k.sending].method }

// Method is the method of entry n; false if there is no such entry.
func (k *Keys) Method(n int) (Method, bool) {
	if key := k.key(n); key != nil {
		return key.method, true
	}
	return 0, false
}

// String tells the sending key's number and method.
func (k *Keys) String() string {
	if k == nil {
		return "no keys"
	}
	return fmt.Sprintf("key %d %s %s", k.sending, k.table[k.sending].method, hidden)
}

// GoString is String, for %#v.
func (k *Keys) GoString() string { return k.String() }

// Format is String for every verb and flag.
func (k *Keys) Format(s fmt.State, _ rune) { io.WriteString(s, k.String()) }

// MarshalText is String, for encoders.
func (k *Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
