package config

import (
	"bytes"
	"strings"
)

const (
	// blanks end a directive and part the words of whole-line directives. The vertical tab is not one.
	blanks = " \t\r\n\f"
	// delims part the values of every other directive.
	delims = "," + blanks
	// maxPiece is what 3.0.6 reads at once; the rest of a longer line is another line to it.
	maxPiece = 5119
)

// piece is what 3.0.6 takes for one line.
type piece struct {
	line int // number of the real line it is in
	text string
}

// pieces cuts a file as fgets with a buffer of 5120 bytes does, line ends removed. A NUL ends a
// piece early, as it ends a C string.
func pieces(data []byte) []piece {
	var out []piece
	line := 1
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		whole := n > 0 && n <= maxPiece
		if !whole {
			n = min(len(data), maxPiece)
		}
		text := data[:n]
		data = data[n:]
		if nul := bytes.IndexByte(text, 0); nul >= 0 {
			text = text[:nul]
		}
		out = append(out, piece{line: line, text: strings.TrimSuffix(string(text), "\n")})
		if whole {
			line++
		}
	}
	return out
}

// lastLine is the number of the last line of a file, at least 1.
func lastLine(data []byte) int {
	n := bytes.Count(data, []byte("\n"))
	if len(data) == 0 || data[len(data)-1] != '\n' {
		n++
	}
	return n
}

// statement is one directive with everything that follows it.
type statement struct {
	line int
	name string
	rest string // untouched but for outer blanks
}

// statements are the lines of ha.cf that say something.
func statements(data []byte) []statement {
	var out []statement
	for _, p := range pieces(data) {
		text, _, _ := strings.Cut(p.text, "#")
		text = strings.Trim(text, blanks)
		if text == "" {
			continue
		}
		s := statement{line: p.line, name: text}
		if i := strings.IndexAny(text, blanks); i >= 0 {
			s.name, s.rest = text[:i], strings.TrimLeft(text[i:], blanks)
		}
		out = append(out, s)
	}
	return out
}

// values are the words of an option directive.
func (s statement) values() []string {
	return strings.FieldsFunc(s.rest, func(r rune) bool { return strings.ContainsRune(delims, r) })
}

// words are the words of a whole-line directive: a comma is part of a word.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(blanks, r) })
}

// nextWord cuts the first word off.
func nextWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, blanks)
	i := strings.IndexAny(text, blanks)
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimLeft(text[i:], blanks)
}
