package wire

import (
	"bytes"
	"strings"
)

// parser reads one message with all that is nested in it. Values are slices of the text read, or of
// the parser's own memory where they are written otherwise than they are meant.
type parser struct {
	fields int    // seen so far, to bound them
	meant  []byte // values that were decoded
}

// begin gets ready for another message; what the one before it was read into is used again.
func (p *parser) begin() { p.fields, p.meant = 0, p.meant[:0] }

// lenDigits bounds LEN: seven digits are more than any message has bytes.
const lenDigits = 7

// netstring reads ###\n ... %%%\n at the start of b into m and returns how many bytes that took.
func (p *parser) netstring(m *Message, b []byte, depth int) (int, error) {
	if depth > MaxNesting {
		return 0, ErrNesting
	}
	if !bytes.HasPrefix(b, []byte(netStart)) {
		return 0, ErrNoStart
	}
	m.empty(sizeHint(len(b)))
	n := len(netStart)
	for {
		ends, err := netstringEnds(b, n)
		if err != nil {
			return 0, err
		}
		if ends {
			break
		}
		text, next, err := peel(b, n)
		if err != nil {
			return 0, err
		}
		if err := p.count(n); err != nil {
			return 0, err
		}
		if err := p.netstringField(m.next(), text, n, depth); err != nil {
			return 0, err
		}
		n = next
	}
	if err := m.listClash(); err != nil {
		return 0, err
	}
	return n + len(netEnd), nil
}

// empty makes room for other fields.
func (m *Message) empty(hint int) {
	if m.Fields == nil {
		m.Fields = make([]Field, 0, hint)
	}
	m.Fields = m.Fields[:0]
}

// next is one more field. It still bears the name that stood there in the message before: a sender
// says the same again and again, and one copy of the name is enough.
func (m *Message) next() *Field {
	n := len(m.Fields)
	if n == cap(m.Fields) {
		m.Fields = append(m.Fields, Field{})
	} else {
		m.Fields = m.Fields[:n+1]
	}
	f := &m.Fields[n]
	*f = Field{Name: f.Name}
	return f
}

// netstringEnds says whether the end mark stands at b[n:].
func netstringEnds(b []byte, n int) (bool, error) {
	if n < len(b) && b[n] != netEnd[0] {
		return false, nil
	}
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
func (p *parser) netstringField(f *Field, text []byte, offset, depth int) (err error) {
	if len(text) < 3 || text[0] != '(' || text[2] != ')' {
		return ErrBadField.at(offset, "no (type)")
	}
	if text[1] < '0' || text[1] > '5' {
		return ErrBadType.at(offset, "field type")
	}
	f.Type = FieldType(text[1] - '0')
	name, value, ok := cutName(text[3:])
	if !ok {
		return ErrBadField.at(offset, "no =")
	}
	if err := f.call(name, offset); err != nil {
		return err
	}
	switch f.Type {
	case String:
		if bytes.IndexByte(value, 0) >= 0 {
			return ErrNUL.at(offset, "string")
		}
		f.Value = value
	case Struct, Uncompressed:
		var n int
		f.Msg = &Message{}
		if n, err = p.netstring(f.Msg, value, depth+1); err != nil {
			return nestedError(err, offset)
		}
		if n != len(value) {
			return ErrBadValue.at(offset, "bytes after the struct's end mark")
		}
	case List:
		f.List, err = parseList(value, offset)
	default:
		f.Value = value
	}
	return err
}

// cutName cuts around the first =.
func cutName(text []byte) (name, value []byte, ok bool) {
	if i := bytes.IndexByte(text, '='); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, nil, false
}

// call gives a field its name.
func (f *Field) call(name []byte, offset int) error {
	if f.Name == string(name) && f.Name != "" {
		return nil // a name that was good before
	}
	f.Name = ""
	if !goodName(name) {
		return ErrBadField.at(offset, "name")
	}
	f.Name = intern(name)
	return nil
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
func goodName[T string | []byte](name T) bool {
	if len(name) == 0 || name[0] == '(' || len(name) >= len(classicStart) && string(name[:len(classicStart)]) == classicStart {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c == '=' || c == '\n' || c == 0 {
			return false
		}
	}
	return true
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
		"ackseq firstseq lastseq info nodelist delnodelist rsc_hold rtype isstable ipaddr weown ok node result " +
		"hbd hbd_sees hbd_standby hbd_claim hbd_groups hbd_failed hbd_haresources hbd_reply") {
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
