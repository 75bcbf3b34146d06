package wire

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// classic reads classic text nested depth deep at the start of b into m and returns how many bytes it took.
// At depth 0 the end mark, and the newline before it, may be missing (3.0.6: reading stops at <<< or
// at the end of the buffer).
func (p *parser) classic(m *Message, b []byte, depth int) (int, error) {
	if depth > MaxNesting {
		return 0, ErrNesting
	}
	nl := newline(depth)
	if !startsLine(b, classicStart, nl) {
		return 0, ErrNoStart
	}
	m.empty(sizeHint(len(b)))
	n := len(classicStart) + 1
	for !startsLine(b[n:], classicEnd, nl) {
		if n == len(b) {
			break
		}
		line, next := cutLine(b, n, nl)
		if next == len(b) && b[next-1] != nl && strings.HasPrefix(classicEnd, string(line)) {
			return 0, ErrTruncated.at(n, "ends within the end mark")
		}
		if err := p.count(n); err != nil {
			return 0, err
		}
		if err := p.classicField(m.next(), line, n, depth); err != nil {
			return 0, err
		}
		n = next
	}
	if n < len(b) {
		n += len(classicEnd) + 1
	} else if depth > 0 {
		return 0, ErrTruncated.at(n, "no end mark")
	}
	if err := m.listClash(); err != nil {
		return 0, err
	}
	return n, nil
}

// startsLine says whether b begins with the line mark.
func startsLine(b []byte, mark string, nl byte) bool {
	return len(b) > len(mark) && string(b[:len(mark)]) == mark && b[len(mark)] == nl
}

// cutLine returns the line at b[n:] without its newline, and the offset of the next one.
func cutLine(b []byte, n int, nl byte) (line []byte, next int) {
	if i := bytes.IndexByte(b[n:], nl); i >= 0 {
		return b[n : n+i : n+i], n + i + 1
	}
	return b[n:], len(b)
}

// classicField reads NAME=VALUE or (TYPE)NAME=TEXT.
func (p *parser) classicField(f *Field, line []byte, offset, depth int) error {
	if len(line) >= 3 && line[0] == '(' && line[2] == ')' {
		// 3.0.6: only the types 1 to 4 may be written out.
		if line[1] < '1' || line[1] > '4' {
			return ErrBadType.at(offset, "field type")
		}
		f.Type = FieldType(line[1] - '0')
		line = line[3:]
	}
	name, text, ok := cutName(line)
	if !ok {
		return ErrBadField.at(offset, "no =")
	}
	if err := f.call(name, offset); err != nil {
		return err
	}
	if f.Name == authField && f.Type != String && depth == 0 {
		// No signature covers a field called auth, so only a signature may be called so.
		return ErrBadType.at(offset, "auth is no string")
	}
	return p.classicValue(f, text, offset, depth)
}

func (p *parser) classicValue(f *Field, text []byte, offset, depth int) (err error) {
	switch f.Type {
	case String:
		if bytes.IndexByte(text, 0) >= 0 {
			return ErrNUL.at(offset, "string")
		}
		if bytes.IndexByte(text, stringNewline) >= 0 {
			text = p.newlines(text)
		}
		f.Value = text
	case Struct:
		var n int
		f.Msg = &Message{}
		if n, err = p.classic(f.Msg, text, depth+1); err != nil {
			return nestedError(err, offset)
		}
		if n != len(text) {
			return ErrBadValue.at(offset, "bytes after the struct's end mark")
		}
	case List:
		f.List, err = parseList(text, offset)
	default:
		f.Value, err = p.decodeBase64(text, offset)
	}
	return err
}

// newlines is text with newlines for their codes.
func (p *parser) newlines(text []byte) []byte {
	begin := len(p.meant)
	p.meant = append(p.meant, text...)
	value := p.meant[begin:len(p.meant):len(p.meant)]
	for i, c := range value {
		if c == stringNewline {
			value[i] = '\n'
		}
	}
	return value
}

// decodeBase64 takes exactly the text an encoder writes: the library's would skip carriage returns.
func (p *parser) decodeBase64(text []byte, offset int) ([]byte, error) {
	begin := len(p.meant)
	all, err := strictBase64.AppendDecode(p.meant, text)
	if err != nil || base64.StdEncoding.EncodedLen(len(all)-begin) != len(text) {
		return nil, ErrBadValue.at(offset, "no base64")
	}
	p.meant = all
	return all[begin:len(all):len(all)], nil
}

var strictBase64 = base64.StdEncoding.Strict()
