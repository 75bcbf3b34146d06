package wire

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// authField is the inner signature. Classic text is signed without any field of this name.
const authField = "auth"

// stringNewline stands for a newline inside a string of classic text.
const stringNewline = 0x13

// structNewline holds, for each depth, the byte that stands for a newline inside a struct there.
// 3.0.6: depths 0 and 1 were seen on the wire, the others are from its tables.
var structNewline = [MaxNesting]byte{20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 15, 16, 17, 18}

// newline is what ends a line of classic text nested depth deep.
func newline(depth int) byte {
	if depth == 0 {
		return '\n'
	}
	return structNewline[min(depth, MaxNesting)-1]
}

// AppendNetstring appends the message as netstring without a signature: ###\n ... %%%\n.
// These are also the bytes an outer signature covers.
func (m *Message) AppendNetstring(dst []byte) []byte {
	dst = append(dst, netStart...)
	for i := range m.Fields {
		dst = m.Fields[i].appendNetstring(dst)
	}
	return append(dst, netEnd...)
}

// AppendNetstringInner is AppendNetstring of the message with inner for its inner signature: the last
// field auth=, or none at all if inner is empty. Fields of that name in the message are left out.
func (m *Message) AppendNetstringInner(dst, inner []byte) []byte {
	dst = append(dst, netStart...)
	for i := range m.Fields {
		if m.Fields[i].Name != authField {
			dst = m.Fields[i].appendNetstring(dst)
		}
	}
	if len(inner) > 0 {
		auth := Field{Name: authField, Value: inner}
		dst = auth.appendNetstring(dst)
	}
	return append(dst, netEnd...)
}

// WithAuth is a message of the same fields, with inner for its inner signature.
func (m *Message) WithAuth(inner []byte) *Message {
	all := make([]Field, 0, len(m.Fields)+1)
	for _, f := range m.Fields {
		if f.Name != authField {
			all = append(all, f)
		}
	}
	return &Message{Fields: append(all, Field{Name: authField, Value: inner})}
}

func (f *Field) appendNetstring(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(f.netstringLen()), 10)
	dst = append(dst, ':', '(', '0'+byte(f.Type), ')')
	dst = append(dst, f.Name...)
	dst = append(dst, '=')
	switch f.Type {
	case Struct, Uncompressed:
		dst = f.nested().AppendNetstring(dst)
	case List:
		dst = f.appendList(dst)
	default:
		dst = append(dst, f.Value...)
	}
	return append(dst, ',')
}

// nested is the message of a struct field, empty if it has none.
func (f *Field) nested() *Message {
	if f.Msg == nil {
		return &Message{}
	}
	return f.Msg
}

// appendList packs the elements of a list; both framings do it alike.
func (f *Field) appendList(dst []byte) []byte {
	for _, s := range f.List {
		dst = strconv.AppendInt(dst, int64(len(s)), 10)
		dst = append(dst, ':')
		dst = append(dst, s...)
		dst = append(dst, ',')
	}
	return dst
}

// netstringLen is the LEN of the field: from its "(" to the last byte of its value.
func (f *Field) netstringLen() int {
	n := len("(0)=") + len(f.Name)
	switch f.Type {
	case Struct, Uncompressed:
		return n + f.nested().NetstringLen()
	case List:
		for _, s := range f.List {
			n += digits(len(s)) + len(":,") + len(s)
		}
		return n
	}
	return n + len(f.Value)
}

// NetstringLen is the number of bytes [Message.AppendNetstring] appends.
func (m *Message) NetstringLen() int {
	n := len(netStart) + len(netEnd)
	for i := range m.Fields {
		l := m.Fields[i].netstringLen()
		n += digits(l) + len(":,") + l
	}
	return n
}

func digits(n int) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}

// AppendClassic appends the message as classic text with its end mark and no NUL behind it. The
// signature is the auth= field of the message, if there is one.
func (m *Message) AppendClassic(dst []byte) []byte { return m.appendClassic(dst, 0) }

func (m *Message) appendClassic(dst []byte, depth int) []byte {
	nl := newline(depth)
	dst = append(dst, classicStart...)
	dst = append(dst, nl)
	for i := range m.Fields {
		dst = m.Fields[i].appendClassic(dst, depth)
	}
	dst = append(dst, classicEnd...)
	return append(dst, nl)
}

// ClassicLines is what an inner auth= covers: the fields as lines of classic text in their order,
// without any auth field and without the start and end marks.
func (m *Message) ClassicLines() []byte {
	return m.AppendClassicLines(make([]byte, 0, m.NetstringLen()+16))
}

// AppendClassicLines appends [Message.ClassicLines].
func (m *Message) AppendClassicLines(dst []byte) []byte {
	for i := range m.Fields {
		if m.Fields[i].Name != authField {
			dst = m.Fields[i].appendClassic(dst, 0)
		}
	}
	return dst
}

func (f *Field) appendClassic(dst []byte, depth int) []byte {
	if f.Type != String {
		dst = append(dst, '(', '0'+byte(f.Type), ')')
	}
	dst = append(dst, f.Name...)
	dst = append(dst, '=')
	switch f.Type {
	case String:
		dst = appendClassicString(dst, f.Value)
	case Struct, Uncompressed:
		dst = f.nested().appendClassic(dst, depth+1)
	case List:
		dst = f.appendList(dst)
	default:
		dst = base64.StdEncoding.AppendEncode(dst, f.Value)
	}
	return append(dst, newline(depth))
}

func appendClassicString(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\n')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, stringNewline)
		s = s[i+1:]
	}
}
