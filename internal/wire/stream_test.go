package wire_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"heartbeatd/internal/wire"
)

// framed feeds a stream in pieces of that size and returns the messages.
func framed(max, size int, stream string) (messages []string, bad uint64) {
	var bufs [2][]byte
	for i := range bufs {
		bufs[i] = make([]byte, 0, max+1)
	}
	s := &wire.Stream{Max: max}
	s.Use(bufs[0])
	for turn, in := 0, []byte(stream); len(in) > 0; {
		n := min(size, len(in))
		for rest := in[:n]; len(rest) > 0; {
			var m []byte
			if rest, m = s.Feed(rest); m != nil {
				messages = append(messages, string(m))
				turn = 1 - turn
				s.Use(bufs[turn])
			}
		}
		in = in[n:]
	}
	return messages, s.Bad
}

func TestStream(t *testing.T) {
	const a, b = ">>>\nt=status\nsrc=node1\n<<<\n", ">>>\nt=resource\n<<<\n"
	for _, tt := range []struct {
		name, stream string
		want         []string
		bad          uint64
	}{
		{"nothing", "", nil, 0},
		{"one", a, []string{a}, 0},
		{"one after the other", a + b + a, []string{a, b, a}, 0},
		{"empty lines between", "\n" + a + "\n\n" + b, []string{a, b}, 0},
		{"noise before", "\xff\x00~~" + a, []string{a}, 1},
		{"lines of noise", "x\ny\nz\n" + a + "more\nnoise\n" + b, []string{a, b}, 2},
		{"begins in the middle", "src=node1\n<<<\n" + a, []string{a}, 1},
		{"no end", ">>>\nt=status\n" + b, []string{b}, 1},
		{"cut off within a line", ">>>\nt=sta\n" + b, []string{b}, 1},
		{"cut off, and the next on the same line", ">>>\nt=sta" + b + a, []string{">>>\nt=sta" + b, a}, 0}, // no signature fits it
		{"end without begin", "<<<\n" + a, []string{a}, 1},
		{"marks within values", ">>>\nt=<<<\nx=>>>\n<<<x=\n<<<\n", []string{">>>\nt=<<<\nx=>>>\n<<<x=\n<<<\n"}, 0},
		{"still coming", ">>>\nt=status\n<<<", nil, 0},
		{"too long", ">>>\nt=" + strings.Repeat("x", 200) + "\n<<<\n" + a, []string{a}, 1},
		{"just fits", ">>>\nt=" + strings.Repeat("x", 89) + "\n<<<\n" + a, []string{">>>\nt=" + strings.Repeat("x", 89) + "\n<<<\n", a}, 0},
		{"one byte too long", ">>>\nt=" + strings.Repeat("x", 90) + "\n<<<\n" + a, []string{a}, 1},
		{"endless line of noise", strings.Repeat("~", 5000) + a, []string{a}, 1},
		{"endless line of zeros", strings.Repeat("\x00", 5000) + "\n" + a, []string{a}, 1},
	} {
		for _, size := range []int{1, 2, 3, 7, 64, 1 << 20} {
			got, bad := framed(100, size, tt.stream)
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s, in pieces of %d: got %q, want %q", tt.name, size, got, tt.want)
			}
			if bad != tt.bad {
				t.Errorf("%s, in pieces of %d: %d bad, want %d", tt.name, size, bad, tt.bad)
			}
		}
	}
}

// Whatever came before, a message after an empty line is found; how the stream was cut changes nothing.
func FuzzStream(f *testing.F) {
	f.Add([]byte(">>>\nt=status\n<<<\n>>>\nx"), 3)
	f.Add([]byte("\xff>>>\n>>>\n<<<\n<<<\n\n>>"), 1)
	f.Add(bytes.Repeat([]byte("~"), 300), 90)
	f.Fuzz(func(t *testing.T, noise []byte, size int) {
		const max, good = 100, ">>>\nt=good\n<<<\n"
		stream := string(noise) + "\n" + good
		whole, _ := framed(max, len(stream), stream)
		if len(whole) == 0 || whole[len(whole)-1] != good {
			t.Fatalf("after %q the message was not found: %q", noise, whole)
		}
		for _, m := range whole {
			if len(m) > max || !strings.HasPrefix(m, ">>>\n") || !strings.HasSuffix(m, "\n"+"<<<\n") {
				t.Errorf("%q is no message", m)
			}
			if inner := m[len(">>>\n") : len(m)-len("<<<\n")]; strings.Contains("\n"+inner, "\n"+">>>\n") || strings.Contains("\n"+inner, "\n"+"<<<\n") {
				t.Errorf("%q holds a mark", m)
			}
		}
		if size < 1 || size > len(stream) {
			size = 1
		}
		if pieces, _ := framed(max, size, stream); !slices.Equal(pieces, whole) {
			t.Errorf("in pieces of %d: %q, else %q", size, pieces, whole)
		}
	})
}
