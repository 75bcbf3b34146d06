package wire

import "strconv"

// FieldType is the type digit a field carries on the wire.
type FieldType byte

// The field types of 3.0.6.
const (
	String       FieldType = 0 // text without NUL
	Binary       FieldType = 1 // any bytes
	Struct       FieldType = 2 // a nested message
	List         FieldType = 3 // a list of strings
	Compressed   FieldType = 4 // a compressed nested message, kept as it came
	Uncompressed FieldType = 5 // never sent by 3.0.6; read like Struct
)

// Field is one name=value of a message.
type Field struct {
	Type  FieldType
	Name  string
	Value []byte   // String, Binary, Compressed: the raw value
	List  []string // List: the elements
	Msg   *Message // Struct, Uncompressed: the nested message
}

// Message is an ordered list of fields. Order is kept because signatures cover it.
type Message struct {
	Fields []Field
}

// New returns a message of type t (its first field).
func New(t string) *Message {
	return (&Message{}).AddStr("t", t)
}

// Lookup returns the first field called name, whatever its type, or nil.
// 3.0.6: of several fields of one name every reader takes the first.
func (m *Message) Lookup(name string) *Field {
	for i := range m.Fields {
		if m.Fields[i].Name == name {
			return &m.Fields[i]
		}
	}
	return nil
}

// Str returns the text of the first field called name, "" if it is missing or no String.
//
// It is short enough to be inlined: then a text that is only looked at, and no longer than 32 bytes, is
// not copied to the heap.
func (m *Message) Str(name string) string { return string(m.text(name)) }

// StrIs says whether Str(name) is text.
func (m *Message) StrIs(name, text string) bool { return string(m.text(name)) == text }

func (m *Message) text(name string) []byte {
	if f := m.Lookup(name); f != nil && f.Type == String {
		return f.Value
	}
	return nil
}

// Has says whether a field called name exists.
func (m *Message) Has(name string) bool { return m.Lookup(name) != nil }

// Bin returns the bytes of the first field called name, nil if it is missing or no Binary.
func (m *Message) Bin(name string) []byte {
	if f := m.Lookup(name); f != nil && f.Type == Binary {
		return f.Value
	}
	return nil
}

// AddStr appends a String field and returns m.
func (m *Message) AddStr(name, value string) *Message {
	m.Fields = append(m.Fields, Field{Type: String, Name: name, Value: []byte(value)})
	return m
}

// SetStr gives the first field called name another text, in the memory of the old one: nobody else may
// hold that, or keep it. Without such a field one is appended.
func (m *Message) SetStr(name, value string) {
	f := m.ownStr(name)
	f.Value = append(f.Value[:0], value...)
}

// SetHex is SetStr with the number as 3.0.6 writes numbers.
func (m *Message) SetHex(name string, n uint64) {
	f := m.ownStr(name)
	f.Value = strconv.AppendUint(f.Value[:0], n, 16)
}

func (m *Message) ownStr(name string) *Field {
	f := m.Lookup(name)
	if f == nil {
		m.AddStr(name, "")
		f = &m.Fields[len(m.Fields)-1]
	}
	if f.Type != String {
		*f = Field{Name: name}
	}
	return f
}

// AddBin appends a Binary field and returns m.
func (m *Message) AddBin(name string, value []byte) *Message {
	m.Fields = append(m.Fields, Field{Type: Binary, Name: name, Value: value})
	return m
}

// AddList appends a List field and returns m.
func (m *Message) AddList(name string, list ...string) *Message {
	m.Fields = append(m.Fields, Field{Type: List, Name: name, List: list})
	return m
}

// Strings returns the elements of all List fields called name.
// 3.0.6: several lists of one name are one list, in their order.
func (m *Message) Strings(name string) []string {
	var all []string
	for i := range m.Fields {
		if f := &m.Fields[i]; f.Name == name && f.Type == List {
			all = append(all, f.List...)
		}
	}
	return all
}

// String names the type as `heartbeatd decode` prints it.
func (t FieldType) String() string {
	names := [...]string{"string", "binary", "struct", "list", "compressed", "uncompressed"}
	if int(t) < len(names) {
		return names[t]
	}
	return "unknown (" + strconv.Itoa(int(t)) + ")"
}
