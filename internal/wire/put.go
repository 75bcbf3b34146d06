package wire

import "strconv"

// Clear empties m and keeps its memory for PutStr, PutBin and PutHex, which allocate nothing once
// m has been as long before. A message that is cleared must have been made by these alone: what
// AddBin was given belongs to somebody else and would be overwritten.
func (m *Message) Clear() *Message {
	m.Fields = m.Fields[:0]
	return m
}

// PutStr appends a String field and returns m.
func (m *Message) PutStr(name, value string) *Message {
	f := m.put(String, name)
	f.Value = append(f.Value, value...)
	return m
}

// PutBin appends a Binary field with a copy of value and returns m.
func (m *Message) PutBin(name string, value []byte) *Message {
	f := m.put(Binary, name)
	f.Value = append(f.Value, value...)
	return m
}

// PutHex appends a String field with n as 3.0.6 writes its numbers, and returns m.
func (m *Message) PutHex(name string, n uint64) *Message {
	f := m.put(String, name)
	f.Value = strconv.AppendUint(f.Value, n, 16)
	return m
}

// put appends a field whose value is empty, in the memory that the field in this place had.
func (m *Message) put(kind FieldType, name string) *Field {
	n := len(m.Fields)
	if n == cap(m.Fields) {
		m.Fields = append(m.Fields, Field{})
	}
	m.Fields = m.Fields[:n+1]
	f := &m.Fields[n]
	*f = Field{Type: kind, Name: name, Value: f.Value[:0]}
	return f
}
