package auth

import (
	"fmt"
	"time"

	"heartbeatd/internal/wire"
)

// Opener opens one datagram after the other in memory of its own: it allocates nothing, once that has
// grown to what is usual, unless a message holds structs or lists or is compressed. Its zero value is
// ready. It is not for several goroutines at once.
type Opener struct {
	// Sparing has compressed datagrams refused: see [Opener.Spent].
	Sparing bool

	frame   wire.Frame
	proof   Proof
	repeats repeats
	spent   time.Duration
}

// Spent is about how long unpacking has taken in the last Open. It is reckoned, not measured: on a busy machine
// nothing costs more.
func (o *Opener) Spent() time.Duration { return o.spent }

// Open is [Keys.Open]. The message is good until the next call and as long as the datagram's bytes are
// left alone: who keeps anything of it keeps a copy. The error is short, made for its [Reason].
//
// One check of the signature is enough: [wire.Frame.Fields] sees to it that what is read is what was
// signed.
func (o *Opener) Open(k *Keys, datagram []byte) (*wire.Message, error) {
	o.proof, o.spent = Unproved, 0
	if err := o.frame.Skim(datagram); err != nil {
		return nil, err
	}
	proof, err := k.prove(&o.frame)
	if err != nil {
		return nil, err
	}
	if err := o.frame.Fields(); err != nil {
		return nil, err
	}
	m := o.frame.Msg
	if m.IsCompressed() {
		if m, err = o.unpack(m); err != nil {
			return nil, err
		}
	}
	o.proof = proof
	return m, nil
}

// unpack costs more than all else together, up to some milliseconds, and a recording of such a datagram has a good
// signature.
func (o *Opener) unpack(wrapped *wire.Message) (*wire.Message, error) {
	if o.repeats.another(o.frame.Token) > unpackAtMost {
		return nil, wire.ErrRepeated
	}
	if o.Sparing {
		return nil, wire.ErrCrowded
	}
	m, err := wrapped.Decompress()
	o.spent = wrapped.UnpackTime(m)
	if err != nil {
		return nil, fmt.Errorf("opening: %w", err)
	}
	return m, nil
}

// SignedBy is the number of the key that signed the datagram opened last; false if the secret was that of
// another key, or nothing was opened.
func (o *Opener) SignedBy() (number int, ok bool) { return o.frame.KeyNum, o.proof == EntrySecret }
