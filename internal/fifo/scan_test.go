package fifo

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"heartbeatd/internal/wire"
)

// scan gives a text to a scanner in pieces of the given size, and lists what was found and what was not.
func scan(text string, size int) (found []string, bad []string) {
	var s Scanner
	for piece := range slices.Chunk([]byte(text), size) {
		s.Write(piece, func(m *wire.Message) {
			var w []string
			for _, f := range m.Fields {
				w = append(w, f.Name+"="+string(f.Value))
			}
			found = append(found, strings.Join(w, " "))
		}, func(why string) { bad = append(bad, why) })
	}
	return found, bad
}

func TestScan(t *testing.T) {
	long := strings.Repeat("x", lineMax+1)
	for name, tt := range map[string]struct {
		text  string
		found []string
		bad   []string
	}{
		"one":                            {">>>\nt=ask_resources\nrsc_hold=all\ninfo=me\n<<<\n", []string{"t=ask_resources rsc_hold=all info=me"}, nil},
		"two":                            {">>>\nt=a\n<<<\n>>>\nt=b\n<<<\n", []string{"t=a", "t=b"}, nil},
		"an empty value, and one with =": {">>>\nt=a\nx=\ny=1=2\n<<<\n", []string{"t=a x= y=1=2"}, nil},
		"empty lines between":            {"\n>>>\nt=a\n<<<\n\n", []string{"t=a"}, nil},
		"text outside":                   {"hello\n>>>\nt=a\n<<<\n", []string{"t=a"}, []string{"there is text outside of a message"}},
		"a writer that went away":        {">>>\nt=a\nx=1\n>>>\nt=b\n<<<\n", []string{"t=b"}, []string{"a message has no end"}},
		"no =":                           {">>>\nt=a\nx\n<<<\n>>>\nt=b\n<<<\n", []string{"t=b"}, []string{`line doesn't contain '=' ("x")`}},
		"no name":                        {">>>\nt=a\n=1\n<<<\n", nil, []string{`no field is called ""`}},
		"another type":                   {">>>\nt=a\n(1)b=AAAA\n<<<\n", nil, []string{`no field is called "(1)b"`}},
		"no type":                        {">>>\nx=a\n<<<\n", nil, []string{"a message has no type"}},
		"NUL":                            {">>>\nt=a\x00\n<<<\n", nil, []string{"a line holds a NUL"}},
		"a long line":                    {">>>\nt=a\nx=" + long + "\n<<<\n>>>\nt=b\n<<<\n", []string{"t=b"}, []string{"a line is too long"}},
		"a long line outside":            {long + "\n>>>\nt=b\n<<<\n", []string{"t=b"}, nil},
		"many fields":                    {">>>\nt=a\n" + strings.Repeat("x=1\n", fieldMax) + "<<<\n", nil, []string{"it is too long"}},
		"much text":                      {">>>\nt=a\n" + strings.Repeat("x="+long[:4000]+"\n", 9) + "<<<\n", nil, []string{"it is too long"}},
		"no end":                         {">>>\nt=a\n", nil, nil},
		"blanks are not stripped":        {">>> \n>>>\nt=a\n<<<\n", []string{"t=a"}, []string{"there is text outside of a message"}},
	} {
		for _, size := range []int{1, 7, 4096, 1 << 20} {
			found, bad := scan(tt.text, size)
			if !reflect.DeepEqual(found, tt.found) || !reflect.DeepEqual(bad, tt.bad) {
				t.Errorf("%s, in pieces of %d: found %q, bad %q, want %q and %q", name, size, found, bad, tt.found, tt.bad)
			}
		}
	}
}

// FuzzScan: whatever is written, in whatever pieces, nothing breaks, what is kept is bounded, and what comes out can be sent.
func FuzzScan(f *testing.F) {
	f.Add([]byte(">>>\nt=ask_resources\nrsc_hold=all\ninfo=me\n<<<\n"), 3)
	f.Add([]byte(">>>\n>>>\nt=a\x00\n=\n(1)a=b\n<<<\nx\n<<<"), 1)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		size = 1 + max(size, -size-1)%64
		var s Scanner
		var whole []string
		for piece := range slices.Chunk(data, size) {
			s.Write(piece, func(m *wire.Message) {
				if err := m.Check(); err != nil {
					t.Errorf("%q gives a message that cannot be sent: %v", data, err)
				}
				if m.Str("t") == "" {
					t.Errorf("%q gives a message without type", data)
				}
				whole = append(whole, string(m.AppendClassic(nil)))
			}, func(string) {})
			if len(s.line) > lineMax || s.msg != nil && (len(s.msg.Fields) > fieldMax || s.msg.NetstringLen() > 2*textMax) {
				t.Fatalf("%d bytes of a line, and a message of %d, are kept", len(s.line), s.msg.NetstringLen())
			}
		}
		again, _ := scanClassic(data, len(data)+1)
		if !slices.Equal(whole, again) {
			t.Errorf("in pieces of %d %q gives %q, at once %q", size, data, whole, again)
		}
	})
}

func scanClassic(data []byte, size int) (found []string, s Scanner) {
	for piece := range slices.Chunk(data, size) {
		s.Write(piece, func(m *wire.Message) { found = append(found, string(m.AppendClassic(nil))) }, func(string) {})
	}
	return found, s
}
