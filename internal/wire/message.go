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
func (m *Message) Str(name string) string {
	if f := m.Lookup(name); f != nil && f.Type == String {
		return string(f.Value)
	}
	return ""
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
