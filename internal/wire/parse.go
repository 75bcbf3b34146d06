package wire

import (
	"bytes"
	"strings"
)

// parser reads one message with all that is nested in it. Values are slices of the text read.
type parser struct {
	fields int // seen so far, to bound them
}

// lenDigits bounds LEN: seven digits are more than any message has bytes.
const lenDigits = 7

// netstring reads ###\n ... %%%\n at the start of b and returns how many bytes that took.
func (p *parser) netstring(b []byte, depth int) (*Message, int, error) {
	if depth > MaxNesting {
		return nil, 0, ErrNesting
	}
	if !bytes.HasPrefix(b, []byte(netStart)) {
		return nil, 0, ErrNoStart
	}
	m := &Message{Fields: make([]Field, 0, sizeHint(len(b)))}
	n := len(netStart)
	for {
		ends, err := netstringEnds(b, n)
		if err != nil {
			return nil, 0, err
		}
		if ends {
			break
		}
		text, next, err := peel(b, n)
		if err != nil {
			return nil, 0, err
		}
		if err := p.count(n); err != nil {
			return nil, 0, err
		}
		f, err := p.netstringField(text, n, depth)
		if err != nil {
			return nil, 0, err
		}
		m.Fields = append(m.Fields, f)
		n = next
	}
	if err := m.listClash(); err != nil {
		return nil, 0, err
	}
	return m, n + len(netEnd), nil
}

// netstringEnds says whether the end mark stands at b[n:].
func netstringEnds(b []byte, n int) (bool, error) {
	if bytes.HasPrefix(b[n:], []byte(netEnd)) {
		return true, nil
	}
	if strings.HasPrefix(netEnd, string(b[n:min(n+len(netEnd), len(b))])) {
		return false, ErrTruncated.at(n, "no end mark")
	}
	return false, nil
}

// sizeHint guesses the number of fields of a text of n bytes without letting n decide too much.
func sizeHint(n int) int { return min(n/16+1, 16) }

func (p *parser) count(offset int) error {
	p.fields++
	if p.fields > MaxFields {
		return ErrTooManyFields.at(offset, "field")
	}
	return nil
}

// peel reads LEN:text, at b[n:] and returns the text and the offset behind the comma.
func peel(b []byte, n int) (text []byte, next int, err error) {
	size, i := 0, n
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if i-n == lenDigits {
			return nil, 0, ErrBadLength.at(n, "length has too many digits")
		}
		size = size*10 + int(b[i]-'0')
	}
	switch {
	case i == len(b):
		return nil, 0, ErrTruncated.at(n, "ends within a length")
	case i == n:
		return nil, 0, ErrBadLength.at(n, "no length")
	case b[n] == '0' && i-n > 1:
		return nil, 0, ErrBadLength.at(n, "length with a leading zero")
	case b[i] != ':':
		return nil, 0, ErrBadLength.at(i, "no colon after the length")
	}
	i++
	if len(b)-i <= size {
		return nil, 0, ErrTruncated.at(n, "length runs past the end")
	}
	if b[i+size] != ',' {
		return nil, 0, ErrBadLength.at(i+size, "no comma after the value")
	}
	return b[i : i+size : i+size], i + size + 1, nil
}

// netstringField reads (TYPE)NAME=VALUE. offset is where it stands, for the error.
func (p *parser) netstringField(text []byte, offset, depth int) (Field, error) {
	if len(text) < 3 || text[0] != '(' || text[2] != ')' {
		return Field{}, ErrBadField.at(offset, "no (type)")
	}
	if text[1] < '0' || text[1] > '5' {
		return Field{}, ErrBadType.at(offset, "field type")
	}
	f := Field{Type: FieldType(text[1] - '0')}
	name, value, ok := bytes.Cut(text[3:], []byte("="))
	if !ok {
		return Field{}, ErrBadField.at(offset, "no =")
	}
	if !goodName(name) {
		return Field{}, ErrBadField.at(offset, "name")
	}
	f.Name = intern(name)
	switch f.Type {
	case String:
		if bytes.IndexByte(value, 0) >= 0 {
			return Field{}, ErrNUL.at(offset, "string")
		}
		f.Value = value
	case Struct, Uncompressed:
		m, n, err := p.netstring(value, depth+1)
		if err != nil {
			return Field{}, nestedError(err, offset)
		}
		if n != len(value) {
			return Field{}, ErrBadValue.at(offset, "bytes after the struct's end mark")
		}
		f.Msg = m
	case List:
		list, err := parseList(value, offset)
		if err != nil {
			return Field{}, err
		}
		f.List = list
	default:
		f.Value = value
	}
	return f, nil
}

// nestedError keeps the reason of a struct that cannot be read, unless the reason would mislead:
// the datagram as a whole is neither cut nor without a start mark.
func nestedError(err error, offset int) error {
	switch f := Fault(Reason(err)); f {
	case ErrTruncated, ErrNoStart, ErrEmpty:
		return ErrBadValue.at(offset, "struct is no message")
	default:
		return f.at(offset, "in a struct")
	}
}

// parseList unpacks LEN:text, ... . An empty list cannot exist: 3.0.6 has no way to hold one.
func parseList(value []byte, offset int) ([]string, error) {
	if len(value) == 0 {
		return nil, ErrBadValue.at(offset, "empty list")
	}
	list := make([]string, 0, 4)
	for n := 0; n < len(value); {
		text, next, err := peel(value, n)
		if err != nil {
			return nil, ErrBadValue.at(offset, "list cannot be unpacked")
		}
		if bytes.IndexByte(text, 0) >= 0 {
			return nil, ErrNUL.at(offset, "list")
		}
		if list = append(list, string(text)); len(list) > MaxFields {
			return nil, ErrTooManyFields.at(offset, "list")
		}
		n = next
	}
	return list, nil
}

// goodName says whether a field may be called so. 3.0.6: not empty, no = or newline, no ( or >>>
// in front; classic text could not carry it otherwise.
func goodName(name []byte) bool {
	return len(name) > 0 && name[0] != '(' && !bytes.HasPrefix(name, []byte(classicStart)) &&
		bytes.IndexByte(name, '=') < 0 && bytes.IndexByte(name, '\n') < 0 && bytes.IndexByte(name, 0) < 0
}

// listClash refuses a list after another kind of field of its name, as 3.0.6 does.
func (m *Message) listClash() error {
	last := -1
	for i := range m.Fields {
		if m.Fields[i].Type == List {
			last = i
		}
	}
	if last <= 0 {
		return nil
	}
	other := make(map[string]bool, last)
	for i := range m.Fields[:last+1] {
		if f := &m.Fields[i]; f.Type != List {
			other[f.Name] = true
		} else if other[f.Name] {
			return ErrTypeClash
		}
	}
	return nil
}

// knownNames are the names of nearly every message; one copy of each is enough.
var knownNames = func() map[string]string {
	names := make(map[string]string)
	for _, n := range strings.Fields("t st dt protocol src srcuuid dest destuuid seq hg ts ld ttl auth " +
		"ackseq firstseq lastseq info nodelist delnodelist rsc_hold rtype isstable ipaddr weown ok node result") {
		names[n] = n
	}
	return names
}()

func intern(name []byte) string {
	if s, ok := knownNames[string(name)]; ok {
		return s
	}
	return string(name)
}
