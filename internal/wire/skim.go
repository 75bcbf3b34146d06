package wire

import (
	"bytes"
	"fmt"
)

// Skim finds the signature of a datagram and what it covers without reading the fields, so that what
// a stranger sends costs little more than its digest. The frame has no message, and its Signed may
// be part of b; an error comes without a frame.
//
// What Skim lets pass may still be refused by [Parse]; what Parse takes, Skim takes too, with the same
// signature over the same bytes.
func Skim(b []byte) (*Frame, error) {
	f := &Frame{}
	if err := f.Skim(b); err != nil {
		return nil, fmt.Errorf("parsing datagram: %w", err)
	}
	return f, nil
}

// Skim is [Skim] into a frame that may have been used before, without its wrapping of the error: it
// allocates nothing for a good datagram once its memory has grown to what is usual.
func (f *Frame) Skim(b []byte) error {
	f.Msg, f.data, f.Inner = nil, b, nil
	format, err := framing(b)
	if err != nil {
		return err
	}
	if format == Classic {
		return f.skimClassic(b)
	}
	n, err := skimNetstring(b)
	if err != nil {
		return err
	}
	return f.netstringSignature(b, n)
}

// skimNetstring walks over the lengths: an end mark within a value is no end mark. It returns the
// offset behind the real one.
func skimNetstring(b []byte) (int, error) {
	var p parser
	n := len(netStart)
	for {
		ends, err := netstringEnds(b, n)
		if err != nil {
			return 0, err
		}
		if ends {
			return n + len(netEnd), nil
		}
		if err := p.count(n); err != nil {
			return 0, err
		}
		if _, n, err = peel(b, n); err != nil {
			return 0, err
		}
	}
}

// skimClassic takes the lines as they came, which is how [Message.ClassicLines] would write them
// again: [Parse] refuses every other spelling.
func (f *Frame) skimClassic(b []byte) error {
	var p parser
	var inner []byte
	signed := f.lines[:0]
	n := len(classicStart) + 1
	for n < len(b) && !startsLine(b[n:], classicEnd, '\n') {
		if err := p.count(n); err != nil {
			return err
		}
		line, next := cutLine(b, n, '\n')
		if text, ok := bytes.CutPrefix(line, []byte(authField+"=")); ok {
			inner = text
		} else {
			signed = append(append(signed, line...), '\n')
		}
		n = next
	}
	f.lines = signed
	if n < len(b) {
		n += len(classicEnd) + 1
	}
	return f.classicSignature(signed, inner, n)
}

// Fields reads the fields of the datagram that was skimmed, into Msg. Values are slices of the datagram
// where they stand in it as they are meant. It allocates nothing for a message without structs and
// lists, once its memory has grown to what is usual.
//
// What it takes is covered by the signature that Skim found, to the byte: who has checked that need not
// check it again. An error leaves the frame without a message.
func (f *Frame) Fields() error {
	n, err := f.message(f.Format, f.data)
	if err == nil && !f.asSkimmed(n) {
		err = errNotAsSkimmed
	}
	if err != nil {
		f.Msg = nil
	}
	return err
}

var errNotAsSkimmed = fmt.Errorf("the fields are not what was signed: %w", ErrBadValue)

// asSkimmed compares what was read, up to n, with what was skimmed.
func (f *Frame) asSkimmed(n int) bool {
	if f.Format == Netstring {
		return n == len(f.Signed)
	}
	all := f.Msg.AppendClassicLines(f.lines)
	f.lines = all[:len(f.lines)]
	return n == f.Size && bytes.Equal(f.Inner, f.Signature) && bytes.Equal(all[len(f.lines):], f.Signed)
}
