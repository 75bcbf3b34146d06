package wire

import "bytes"

// The marks of a message on a serial line: each is a line of its own. Between them stands classic text, in which
// no line can be like a mark (a newline within a value is written as another byte).
const (
	firstLine = classicStart + "\n"
	lastLine  = classicEnd + "\n"
)

// Stream finds the messages in what comes in by a serial line, where classic text follows classic text. It survives
// noise, halves of messages and whole ones that have no end; what it yields begins and ends with its marks, and
// proves nothing. It allocates nothing.
type Stream struct {
	Max int    // longest message, marks included
	Bad uint64 // messages without end, too long ones, and stretches of noise

	buf    []byte // what there is of a message, or of a line outside of one
	line   int    // where its last line begins
	inside bool   // buf begins with the first mark
	lost   bool   // outside: noise has come since the last message
}

// Use gives it the memory for the next message, which must have room for Max bytes.
func (s *Stream) Use(buf []byte) { s.buf = append(buf[:0], s.buf...) }

// Feed takes bytes until a message is complete, and returns those it did not take. The message is good until the
// next call of Feed or Use.
func (s *Stream) Feed(in []byte) (rest, message []byte) {
	for len(in) > 0 {
		n := bytes.IndexByte(in, '\n') + 1
		if n == 0 {
			s.add(in)
			return nil, nil
		}
		s.add(in[:n])
		in = in[n:]
		if message := s.endOfLine(); message != nil {
			return in, message
		}
	}
	return nil, nil
}

// add appends a piece of a line.
func (s *Stream) add(piece []byte) {
	if len(s.buf)+len(piece) <= s.Max {
		s.buf = append(s.buf, piece...)
		return
	}
	if s.inside {
		s.Bad++
		s.inside, s.lost = false, true
	} else {
		s.noise()
	}
	// Of what is no message only the end counts: it may be the first mark, in pieces.
	piece = piece[max(0, len(piece)-len(firstLine)):]
	kept := copy(s.buf, s.buf[max(0, len(s.buf)+len(piece)-len(firstLine)):])
	s.buf = append(s.buf[:kept], piece...)
	s.line = 0
}

// endOfLine looks at the line that has just been completed.
func (s *Stream) endOfLine() (message []byte) {
	line := s.buf[s.line:]
	switch {
	case s.inside && string(line) == lastLine:
		message = s.buf
		s.buf, s.line, s.inside, s.lost = s.buf[:0], 0, false, false
		return message
	case s.inside && string(line) == firstLine:
		s.Bad++ // the one before has no end
		s.begin()
	case s.inside:
		s.line = len(s.buf)
	case bytes.HasSuffix(line, []byte(firstLine)): // noise just before it makes it no worse
		if len(line) > len(firstLine) {
			s.noise()
		}
		s.begin()
	default:
		if len(line) > 1 { // a sender begins with an empty line after trouble
			s.noise()
		}
		s.buf, s.line = s.buf[:0], 0
	}
	return nil
}

func (s *Stream) begin() {
	s.buf = append(s.buf[:0], firstLine...)
	s.line, s.inside, s.lost = len(s.buf), true, false
}

// noise counts a stretch of it once.
func (s *Stream) noise() {
	if !s.lost {
		s.lost = true
		s.Bad++
	}
}
