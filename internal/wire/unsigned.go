package wire

import "slices"

// ParseUnsigned reads a message without signature, in either framing, as programs send it to the daemon on their socket.
// Classic text may be followed by NUL. It copies what it keeps.
func ParseUnsigned(b []byte) (*Message, error) { return parseUnsigned(slices.Clone(b)) }

// Copy is a message of the same fields that shares no memory with m.
func (m *Message) Copy() *Message {
	c := &Message{Fields: slices.Clone(m.Fields)}
	for i := range c.Fields {
		f := &c.Fields[i]
		f.Value, f.List = slices.Clone(f.Value), slices.Clone(f.List)
		if f.Msg != nil {
			f.Msg = f.Msg.Copy()
		}
	}
	return c
}

// SetBin gives the first field called name other bytes, of which it makes a copy. Without such a field one is
// appended.
func (m *Message) SetBin(name string, value []byte) {
	if f := m.Lookup(name); f != nil {
		*f = Field{Type: Binary, Name: name, Value: slices.Clone(value)}
		return
	}
	m.AddBin(name, slices.Clone(value))
}

// CountFields counts the fields, nested ones included, as [MaxFields] does.
func (m *Message) CountFields() int {
	n := len(m.Fields)
	for i := range m.Fields {
		if nested := m.Fields[i].Msg; nested != nil {
			n += nested.CountFields()
		}
	}
	return n
}
