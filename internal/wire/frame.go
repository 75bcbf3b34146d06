package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// Limits on what is read.
const (
	MaxDatagram = 65507   // bytes of one UDP payload over IPv4; 3.0.6 cannot send more
	MaxPayload  = 2097152 // bytes of an unpacked compressed message (3.0.6: MAXUNCOMPRESSED)
	MaxNesting  = 16      // structs inside structs (3.0.6: the classic text has 16 newline codes)
	MaxFields   = 512     // fields of one message, nested ones included (3.0.6: no limit; its own have less than 40)
)

// Format is the framing of a datagram.
type Format byte

// The framings. None is what a datagram without a start mark has.
const (
	None Format = iota
	Netstring
	Classic
)

func (f Format) String() string {
	switch f {
	case None:
		return "none"
	case Netstring:
		return "netstring"
	case Classic:
		return "classic"
	}
	return "unknown (" + strconv.Itoa(int(f)) + ")"
}

// The marks of both framings.
const (
	netStart     = "###\n"
	netEnd       = "%%%\n"
	classicStart = ">>>"
	classicEnd   = "<<<"
)

// Frame is a datagram taken apart. Nothing in it is proved until its signature was checked.
type Frame struct {
	Msg       *Message
	Format    Format
	KeyNum    int    // the number before the token
	Token     string // the signature proper: hex digits, as they came
	Signature string // KEYNUM and TOKEN with the blanks between them, as they came
	Signed    []byte // the exact bytes the signature covers
	Inner     string // text of the last auth= field, "" without one; in netstring nobody checks it
	Size      int    // bytes of the datagram up to the end mark; what follows is ignored
}

// Sniff tells the framing of b by its first four bytes, as 3.0.6 does.
func Sniff(b []byte) Format {
	switch {
	case bytes.HasPrefix(b, []byte(netStart)):
		return Netstring
	case bytes.HasPrefix(b, []byte(classicStart+"\n")):
		return Classic
	}
	return None
}

// Parse takes a datagram apart, whichever framing it has. It copies what it keeps, so the buffer
// may be used again. An error comes without a frame; [Reason] gives its word.
func Parse(b []byte) (*Frame, error) {
	f, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("parsing datagram: %w", err)
	}
	return f, nil
}

func parse(b []byte) (*Frame, error) {
	if len(b) == 0 {
		return nil, ErrEmpty
	}
	if len(b) > MaxDatagram {
		return nil, ErrOversized
	}
	switch Sniff(b) {
	case Netstring:
		return parseNetstringFrame(slices.Clone(b))
	case Classic:
		return parseClassicFrame(slices.Clone(b))
	}
	return nil, ErrNoStart
}

func parseNetstringFrame(b []byte) (*Frame, error) {
	var p parser
	m, n, err := p.netstring(b, 0)
	if err != nil {
		return nil, err
	}
	f, err := netstringFrame(b, n)
	if err != nil {
		return nil, err
	}
	f.Msg, f.Inner = m, innerAuth(m)
	return f, nil
}

// netstringFrame reads the signature of a message that takes up b[:n].
func netstringFrame(b []byte, n int) (*Frame, error) {
	if n == len(b) {
		return nil, ErrNoSignature.at(n, "nothing after the end mark")
	}
	sig, size, err := peel(b, n)
	if err != nil {
		return nil, err
	}
	f := &Frame{Format: Netstring, Signed: b[:n:n], Size: size}
	if err := f.setSignature(string(sig)); err != nil {
		return nil, err
	}
	return f, nil
}

func parseClassicFrame(b []byte) (*Frame, error) {
	var p parser
	m, n, err := p.classic(b, 0)
	if err != nil {
		return nil, err
	}
	f, err := classicFrame(m.ClassicLines(), innerAuth(m), n)
	if err != nil {
		return nil, err
	}
	f.Msg = m
	return f, nil
}

// classicFrame reads the signature inner, which covers signed.
func classicFrame(signed []byte, inner string, size int) (*Frame, error) {
	if inner == "" {
		return nil, ErrNoSignature
	}
	f := &Frame{Format: Classic, Signed: signed, Inner: inner, Size: size}
	if err := f.setSignature(inner); err != nil {
		return nil, err
	}
	return f, nil
}

// innerAuth is the last auth= field. 3.0.6: of several the last one counts, unlike any other field.
func innerAuth(m *Message) string {
	for i := len(m.Fields) - 1; i >= 0; i-- {
		if f := &m.Fields[i]; f.Name == authField && f.Type == String {
			return string(f.Value)
		}
	}
	return ""
}

// setSignature reads "KEYNUM TOKEN". 3.0.6 skips any number of blanks between the two.
func (f *Frame) setSignature(s string) error {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	j := i
	for j < len(s) && s[j] == ' ' {
		j++
	}
	token := s[j:]
	if i == 0 || i > 3 || i > 1 && s[0] == '0' || j == i || token == "" {
		return fmt.Errorf("signature is not a key number and a token: %w", ErrBadSignature)
	}
	for k := 0; k < len(token); k++ {
		if token[k] <= ' ' || token[k] > '~' {
			return fmt.Errorf("signature holds more than a key number and a token: %w", ErrBadSignature)
		}
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil {
		return fmt.Errorf("key number: %w", ErrBadSignature)
	}
	f.KeyNum, f.Token, f.Signature = n, token, s
	return nil
}

// Append writes the frame again as it came: f.Size bytes, the same ones. A classic text whose end
// mark (and last newline) were missing gets them.
func (f *Frame) Append(dst []byte) []byte {
	if f.Format == Classic {
		return f.Msg.AppendClassic(dst)
	}
	return AppendSignature(f.Msg.AppendNetstring(dst), f.Signature)
}

// AppendSignature appends the outer signature: sig is "KEYNUM TOKEN".
func AppendSignature(dst []byte, sig string) []byte {
	dst = strconv.AppendInt(dst, int64(len(sig)), 10)
	dst = append(dst, ':')
	dst = append(dst, sig...)
	return append(dst, ',')
}
