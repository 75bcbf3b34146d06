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
	if f, ok := err.(Fault); ok { // nothing to unwrap: it comes from an Opener, maybe in a flood
		return string(f)
	}
	if word := wire.Reason(err); word != "other" {
		return word
	}
	var f Fault
	if errors.As(err, &f) {
		return string(f)
	}
	return "other"
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
// The datagram's buffer may be used again afterwards. [Opener] does the same without making anything.
//
// The signature is checked before the fields are read, or strangers could keep a node busy with
// datagrams of many fields. Of one that is both malformed and unsigned either reason may be given.
func (k *Keys) Open(datagram []byte) (*wire.Message, *wire.Frame, error) {
	f, err := wire.Skim(datagram)
	if err != nil {
		return nil, nil, err
	}
	if _, err := k.Verify(f); err != nil {
		return nil, nil, err
	}
	if f, err = wire.Parse(datagram); err != nil {
		return nil, nil, err
	}
	// The first look is for speed; what is let in is what was verified as it will be read.
	if _, err := k.Verify(f); err != nil {
		return nil, nil, err
	}
	m, err := f.Msg.Decompress()
	if err != nil {
		return nil, nil, err
	}
	return m, f, nil
}

// Verify checks the signature of a frame as [wire.Parse] or [wire.Skim] returned it. Which secrets count is told in
// the package's description.
func (k *Keys) Verify(f *wire.Frame) (Proof, error) {
	proof, err := k.prove(f)
	switch err {
	case nil:
		return proof, nil
	case ErrUnknownKey:
		return Unproved, fmt.Errorf("key number %d: %w", f.KeyNum, err)
	}
	return Unproved, fmt.Errorf("key number %d (%s): %w", f.KeyNum, k.key(f.KeyNum).method, err)
}

// prove is Verify with a bare Fault for an error: it allocates nothing.
func (k *Keys) prove(f *wire.Frame) (Proof, error) {
	entry := k.key(f.KeyNum)
	switch {
	case entry == nil:
		return Unproved, ErrUnknownKey
	case !entry.method.fits(len(f.Token)):
		return Unproved, ErrBadSignature
	case entry.own.made(f):
		return EntrySecret, nil
	case f.Format == wire.Netstring && f.KeyNum != k.sending && entry.method != CRC && entry.lent != nil && entry.lent.made(f):
		return SendingSecret, nil
	}
	return Unproved, ErrBadSignature
}

// VerifyAs306 says whether a 3.0.6 node with these keys would take the frame: like Verify, but a
// netstring signature must be made with the secret of the node's own sending key, whatever its
// number. [ErrBadSignature] or [ErrUnknownKey] otherwise.
func (k *Keys) VerifyAs306(f *wire.Frame) error {
	entry := k.key(f.KeyNum)
	if entry == nil {
		return fmt.Errorf("key number %d: %w", f.KeyNum, ErrUnknownKey)
	}
	signer := entry.own
	if f.Format == wire.Netstring && entry.method != CRC {
		signer = entry.lent
	}
	if signer == nil || !signer.made(f) {
		return fmt.Errorf("key number %d (%s): %w", f.KeyNum, entry.method, ErrBadSignature)
	}
	return nil
}

// made compares in a time that tells nothing of where the tokens differ.
func (s *signer) made(f *wire.Frame) bool {
	var room [48]byte
	return subtle.ConstantTimeCompare(s.appendToken(room[:0], f.Signed), f.Token) == 1
}
