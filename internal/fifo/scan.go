package fifo

import (
	"bytes"
	"fmt"

	"heartbeatd/internal/wire"
)

const (
	lineMax  = 4096     // 3.0.6: MAXLINE is 5120
	textMax  = 32 << 10 // of a message: with what every message has besides, it must fit a datagram
	fieldMax = 64
)

// Scanner puts messages together from what is read, in whatever pieces that comes.
type Scanner struct {
	line  []byte
	long  bool // the line at hand is too long, and left out
	msg   *wire.Message
	size  int
	spoil string // why the message at hand is no good
}

// Write takes what was read. found gets each whole message, bad the reason why something was not one.
func (s *Scanner) Write(data []byte, found func(*wire.Message), bad func(why string)) {
	for len(data) > 0 {
		piece, rest, ended := bytes.Cut(data, []byte("\n"))
		data = rest
		switch {
		case s.long:
		case len(s.line)+len(piece) > lineMax:
			s.long, s.line = true, s.line[:0]
		default:
			s.line = append(s.line, piece...)
		}
		if !ended {
			return
		}
		if s.long {
			s.spoilt("a line is too long")
		} else {
			s.take(s.line, found, bad)
		}
		s.line, s.long = s.line[:0], false
	}
}

// take is one line. A message that never ended is given up for the next: its writer is gone.
func (s *Scanner) take(line []byte, found func(*wire.Message), bad func(why string)) {
	switch {
	case string(line) == ">>>":
		if s.msg != nil {
			bad("a message has no end")
		}
		s.msg, s.size, s.spoil = &wire.Message{}, 0, ""
	case s.msg == nil:
		if len(line) > 0 {
			bad("there is text outside of a message")
		}
	case string(line) == "<<<":
		m := s.msg
		s.msg = nil
		err := m.Check()
		switch {
		case s.spoil != "":
			bad(s.spoil)
		case m.Str("t") == "":
			bad("a message has no type")
		case err != nil:
			bad(fmt.Sprintf("it cannot be sent: %v", err))
		default:
			found(m)
		}
	default:
		s.field(line)
	}
}

func (s *Scanner) spoilt(why string) {
	if s.msg != nil && s.spoil == "" {
		s.spoil = why
	}
}

// field is a line NAME=VALUE. 3.0.6 knows other types than text, for itself.
func (s *Scanner) field(line []byte) {
	name, value, ok := bytes.Cut(line, []byte("="))
	s.size += len(line)
	switch {
	case !ok:
		s.spoilt(fmt.Sprintf("line doesn't contain '=' (%.40q)", line))
	case len(name) == 0 || name[0] == '(' || bytes.HasPrefix(name, []byte(">>>")):
		s.spoilt(fmt.Sprintf("no field is called %.40q", name))
	case bytes.IndexByte(line, 0) >= 0:
		s.spoilt("a line holds a NUL")
	case s.size > textMax || len(s.msg.Fields) >= fieldMax:
		s.spoilt("it is too long")
	default:
		s.msg.AddStr(string(name), string(value))
	}
}
