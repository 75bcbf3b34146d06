package auth

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"heartbeatd/internal/wire"
)

// Fault is a reason of this package for refusing a datagram that parsed. Its text is a short fixed
// word, fit for the name of a counter. Compare with errors.Is.
type Fault string

// The reasons for which a signature is refused.
const (
	ErrUnknownKey   Fault = "unknown-key"   // the table has no key of that number
	ErrBadSignature Fault = "bad-signature" // signed with another secret or method, or changed on the way
)

func (f Fault) Error() string { return string(f) }

// Reason is the word for an error of this package or of wire: "" for nil, "other" for any other.
func Reason(err error) string {
	var f Fault
	if errors.As(err, &f) {
		return string(f)
	}
	return wire.Reason(err)
}

// Proof is how a signature was found good.
type Proof uint8

// The proofs. Unproved goes with an error.
const (
	Unproved      Proof = iota
	EntrySecret         // method and secret of the entry named in the datagram
	SendingSecret       // method of that entry, secret of our sending key: netstring only
)

func (p Proof) String() string {
	switch p {
	case Unproved:
		return "unproved"
	case EntrySecret:
		return "secret of the key named"
	case SendingSecret:
		return "secret of the sending key"
	}
	return fmt.Sprintf("unknown (%d)", uint8(p))
}

// Open parses a datagram, checks its signature and unpacks it if it is compressed. The message is
// the one to act on; the frame shows what came. With an error both are nil; [Reason] gives its word.
// The datagram's buffer may be used again afterwards.
//
// The signature is checked before the fields are read, or strangers could keep a node busy with
// datagrams of many fields. Of one that is both malformed and unsigned either reason may be given.
func (k *Keys) Open(datagram []byte) (*wire.Message, *wire.Frame, error) {
	if err := k.sieve(datagram); err != nil {
		return nil, nil, err
	}
	f, err := wire.Parse(datagram)
	if err != nil {
		return nil, nil, err
	}
	// The sieve is for speed; what is let in is what was verified as it will be read.
	if _, err := k.Verify(f); err != nil {
		return nil, nil, err
	}
	m, err := f.Msg.Decompress()
	if err != nil {
		return nil, nil, err
	}
	return m, f, nil
}

// sieve refuses what is not signed, at little cost.
func (k *Keys) sieve(datagram []byte) error {
	f, err := wire.Skim(datagram)
	if err != nil {
		return err
	}
	_, err = k.Verify(f)
	return err
}

// Verify checks the signature of a frame as [wire.Parse] or [wire.Skim] returned it. Which secrets count is told in
// the package's description.
func (k *Keys) Verify(f *wire.Frame) (Proof, error) {
	entry := k.key(f.KeyNum)
	if entry == nil {
		return Unproved, fmt.Errorf("key number %d: %w", f.KeyNum, ErrUnknownKey)
	}
	if matches(f, entry.method, entry.secret()) {
		return EntrySecret, nil
	}
	if own := k.table[k.sending]; f.Format == wire.Netstring && f.KeyNum != k.sending &&
		entry.method != CRC && own.method != CRC && matches(f, entry.method, own.secret()) {
		return SendingSecret, nil
	}
	return Unproved, fmt.Errorf("key number %d (%s): %w", f.KeyNum, entry.method, ErrBadSignature)
}

// VerifyAs306 says whether a 3.0.6 node with these keys would take the frame: like Verify, but a
// netstring signature must be made with the secret of the node's own sending key, whatever its
// number. [ErrBadSignature] or [ErrUnknownKey] otherwise.
func (k *Keys) VerifyAs306(f *wire.Frame) error {
	entry := k.key(f.KeyNum)
	if entry == nil {
		return fmt.Errorf("key number %d: %w", f.KeyNum, ErrUnknownKey)
	}
	secret := entry.secret()
	if f.Format == wire.Netstring {
		secret = k.table[k.sending].secret()
	}
	if entry.method != CRC && len(secret) == 0 || !matches(f, entry.method, secret) {
		return fmt.Errorf("key number %d (%s): %w", f.KeyNum, entry.method, ErrBadSignature)
	}
	return nil
}

// matches compares in a time that tells nothing of where the tokens differ.
func matches(f *wire.Frame, m Method, secret []byte) bool {
	var room [48]byte
	want := appendToken(room[:0], m, secret, f.Signed)
	return subtle.ConstantTimeCompare(want, []byte(f.Token)) == 1
}
