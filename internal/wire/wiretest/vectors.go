// Package wiretest loads the captured and constructed datagrams of testdata/vectors for tests.
package wiretest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"heartbeatd/internal/wire"
)

// Expected is the number of vectors there are. Fewer found means the tests prove less than they say.
const Expected = 242

// Vector is one datagram and what a 3.0.6 node made of it.
type Vector struct {
	File     string  `json:"file"`
	Authkeys string  `json:"authkeys"` // text of the key table in force
	Size     int     `json:"size"`
	Valid    bool    `json:"valid"`
	Origin   string  `json:"origin"`
	Format   string  `json:"format"`
	Fields   []Field `json:"fields"` // in wire order; nil where vectors.json has none
	Inner    *string `json:"inner_auth"`
	Outer    *string `json:"outer_auth"`
	Content  []Field `json:"inner_message"` // of a compressed message
	Fatal    bool    `json:"fatal_to_306"`
	Data     []byte  `json:"-"`
}

// Field is a field as vectors.json writes it: [type, name, value].
type Field struct{ wire.Field }

// UnmarshalJSON reads [type, name, value].
func (f *Field) UnmarshalJSON(b []byte) error {
	var value json.RawMessage
	if err := json.Unmarshal(b, &[]any{&f.Type, &f.Name, &value}); err != nil {
		return err
	}
	var shaped struct {
		Hex    *string
		Struct []Field
		List   []string
	}
	if f.Type == wire.String {
		var text string
		err := json.Unmarshal(value, &text)
		f.Value = []byte(text)
		return err
	}
	if err := json.Unmarshal(value, &shaped); err != nil {
		return err
	}
	var err error
	switch {
	case shaped.Hex != nil:
		f.Value, err = hex.DecodeString(*shaped.Hex)
	case shaped.Struct != nil:
		f.Msg = Message(shaped.Struct)
	default:
		f.List = shaped.List
	}
	return err
}

// Message makes a message of fields.
func Message(fields []Field) *wire.Message {
	m := &wire.Message{}
	for _, f := range fields {
		m.Fields = append(m.Fields, f.Field)
	}
	return m
}

// Load returns all vectors. The test fails if a file is missing, not described, or of another size.
func Load(t testing.TB) []Vector {
	t.Helper()
	dir := Dir(t)
	text, err := os.ReadFile(filepath.Join(dir, "vectors.json"))
	if err != nil {
		t.Fatalf("reading vectors: %v", err)
	}
	var all struct{ Vectors []Vector }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("reading vectors.json: %v", err)
	}
	described := make(map[string]bool)
	for i := range all.Vectors {
		v := &all.Vectors[i]
		described[v.File] = true
		if v.Data, err = os.ReadFile(filepath.Join(dir, v.File)); err != nil {
			t.Fatalf("reading vectors: %v", err)
		}
		if len(v.Data) != v.Size {
			t.Fatalf("%s has %d bytes, vectors.json says %d", v.File, len(v.Data), v.Size)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.bin"))
	if err != nil || len(files) < Expected || len(described) < Expected {
		t.Fatalf("found %d files and %d descriptions, want %d of each (%v)", len(files), len(described), Expected, err)
	}
	for _, f := range files {
		if !described[filepath.Base(f)] {
			t.Fatalf("%s is not described in vectors.json", f)
		}
	}
	return all.Vectors
}

// Dir is the directory of the vectors, found from the package under test upwards.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", "vectors")
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the package under test")
		}
		dir = up
	}
}
