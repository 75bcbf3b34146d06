package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// Check says why the message must not be sent, nil if it may. A 3.0.6 node that gets a string with
// NUL, a type above 5 or a field without a name ends itself before it looks at any signature, so
// nothing of the kind may ever leave here, whoever made the message up.
func (m *Message) Check() error {
	if n := m.NetstringLen(); n > MaxDatagram {
		return fmt.Errorf("message of %d bytes: %w", n, ErrOversized)
	}
	return m.checkWhole()
}

// checkWhole also refuses what 3.0.6 would take for another message than it is.
func (m *Message) checkWhole() error {
	if m.Has(payloadField) && !m.IsCompressed() {
		return fmt.Errorf("field %q: %w", payloadField, ErrBadField)
	}
	return m.check(0)
}

func (m *Message) check(depth int) error {
	if depth > MaxNesting {
		return ErrNesting
	}
	for i := range m.Fields {
		if err := m.Fields[i].check(depth); err != nil {
			return fmt.Errorf("field %q: %w", m.Fields[i].Name, err)
		}
	}
	return m.listClash()
}

func (f *Field) check(depth int) error {
	if !goodName(f.Name) || endsLine(f.Name, depth) {
		return ErrBadField
	}
	switch f.Type {
	case String:
		return checkText(f.Value, depth)
	case Binary, Compressed:
		return nil
	case Struct:
		return f.nested().check(depth + 1)
	case List:
		if len(f.List) == 0 {
			return ErrBadValue
		}
		for _, s := range f.List {
			if strings.ContainsAny(s, "\x00\n") {
				return ErrNUL
			}
			if endsLine(s, depth) {
				return ErrBadValue
			}
		}
		return nil
	}
	return ErrBadType // Uncompressed included: 3.0.6 never sends it
}

// endsLine says whether classic text nested depth deep would take text for more than one line.
func endsLine(text string, depth int) bool {
	return strings.ContainsAny(text, string(structNewline[:min(depth, MaxNesting)]))
}

// checkText refuses NUL, and the bytes that would pass for newlines when a 3.0.6 node writes the
// string out as classic text at this depth for its clients and scripts.
func checkText(text []byte, depth int) error {
	if bytes.IndexByte(text, 0) >= 0 {
		return ErrNUL
	}
	for d := 0; d <= min(depth, MaxNesting-1); d++ {
		if bytes.IndexByte(text, structNewline[d]) >= 0 {
			return ErrBadValue
		}
	}
	return nil
}
