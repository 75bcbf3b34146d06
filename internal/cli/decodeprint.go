package cli

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"heartbeatd/internal/wire"
)

// fieldObject is a JSON object that keeps the order of the wire.
type fieldObject []fieldValue

type fieldValue struct {
	name  string
	value any // string or fieldObject
}

// fieldsOf takes the first field of each name, as every reader of 3.0.6 does. Only lists of one
// name are put together, as it does too.
func fieldsOf(m *wire.Message) fieldObject {
	o := make(fieldObject, 0, len(m.Fields))
	seen := make(map[string]bool, len(m.Fields))
	for i := range m.Fields {
		f := &m.Fields[i]
		if seen[f.Name] {
			continue
		}
		seen[f.Name] = true
		var value any
		switch f.Type {
		case wire.String:
			value = string(f.Value)
		case wire.List:
			value = strings.Join(m.Strings(f.Name), " ")
		case wire.Struct, wire.Uncompressed:
			value = fieldsOf(f.Msg)
		default:
			value = hex.EncodeToString(f.Value)
		}
		o = append(o, fieldValue{f.Name, value})
	}
	return o
}

// MarshalJSON writes the object in its order.
func (o fieldObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(f.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(f.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// writeText prints the verdict on one line and the fields below it.
func (j *judged) writeText(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(j.File)
	if j.Packet > 0 {
		fmt.Fprintf(&b, " packet %d %s %s > %s", j.Packet, j.Time, j.From, j.To)
	}
	verdict := "valid"
	if !j.Valid {
		verdict = "refused, " + j.Reason
	} else if j.Reason != reasonOK {
		verdict += ", " + j.Reason
	}
	if j.Detail != "" {
		verdict += ": " + j.Detail
	}
	fmt.Fprintf(&b, ": %s\n", verdict)
	fmt.Fprintf(&b, "  %s, %d bytes", j.Format, j.Size)
	if j.Key != nil {
		fmt.Fprintf(&b, ", key number %d", *j.Key)
		if j.Method != "" {
			fmt.Fprintf(&b, " (%s)", j.Method)
		}
	}
	b.WriteByte('\n')
	if j.msg != nil {
		writeFields(&b, j.msg, "    ")
	}
	if j.content != nil {
		b.WriteString("  unpacked\n")
		writeFields(&b, j.content, "    ")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeFields prints every field there is, in the order of the wire.
func writeFields(b *bytes.Buffer, m *wire.Message, indent string) {
	for i := range m.Fields {
		f := &m.Fields[i]
		b.WriteString(indent + plainOrQuoted(f.Name))
		switch f.Type {
		case wire.String:
			b.WriteString("=" + plainOrQuoted(string(f.Value)))
		case wire.List:
			b.WriteString(" (list)")
			for _, s := range f.List {
				b.WriteString(" " + strconv.Quote(s))
			}
		case wire.Struct, wire.Uncompressed:
			fmt.Fprintf(b, " (%s)\n", f.Type)
			writeFields(b, f.Msg, indent+"  ")
			continue
		default:
			fmt.Fprintf(b, " (%s, %d bytes) %x", f.Type, len(f.Value), f.Value)
		}
		b.WriteByte('\n')
	}
}

// plainOrQuoted quotes what a terminal would act on, and what would look like something else.
func plainOrQuoted(s string) string {
	quoted := strconv.Quote(s)
	if s == "" || len(quoted) != len(s)+2 || strings.TrimSpace(s) != s {
		return quoted
	}
	return s
}
