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
	f, err := skim(b)
	if err != nil {
		return nil, fmt.Errorf("parsing datagram: %w", err)
	}
	return f, nil
}

func skim(b []byte) (*Frame, error) {
	if len(b) == 0 {
		return nil, ErrEmpty
	}
	if len(b) > MaxDatagram {
		return nil, ErrOversized
	}
	switch Sniff(b) {
	case Netstring:
		n, err := skimNetstring(b)
		if err != nil {
			return nil, err
		}
		return netstringFrame(b, n)
	case Classic:
		return skimClassic(b)
	}
	return nil, ErrNoStart
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
func skimClassic(b []byte) (*Frame, error) {
	var p parser
	var inner []byte
	signed := make([]byte, 0, len(b)+1)
	n := len(classicStart) + 1
	for n < len(b) && !startsLine(b[n:], classicEnd, '\n') {
		if err := p.count(n); err != nil {
			return nil, err
		}
		line, next := cutLine(b, n, '\n')
		if text, ok := bytes.CutPrefix(line, []byte(authField+"=")); ok {
			inner = text
		} else {
			signed = append(append(signed, line...), '\n')
		}
		n = next
	}
	if n < len(b) {
		n += len(classicEnd) + 1
	}
	return classicFrame(signed, string(inner), n)
}
