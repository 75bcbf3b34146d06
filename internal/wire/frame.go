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
//
// A frame may be used for one datagram after the other ([Frame.Skim], [Frame.Fields]); then all it
// holds is good until the next, and as long as the bytes of the datagram are left alone.
type Frame struct {
	Msg       *Message
	Format    Format
	KeyNum    int    // the number before the token
	Token     []byte // the signature proper: hex digits, as they came
	Signature []byte // KEYNUM and TOKEN with the blanks between them, as they came
	Signed    []byte // the exact bytes the signature covers
	Inner     []byte // text of the last auth= field, empty without one; in netstring nobody checks it
	Size      int    // bytes of the datagram up to the end mark; what follows is ignored

	data   []byte  // what was skimmed
	room   Message // what Msg points to
	lines  []byte  // classic text: room for Signed, and for a second opinion of it
	parser parser
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
	f := &Frame{}
	if err := f.parse(slices.Clone(b)); err != nil {
		return nil, fmt.Errorf("parsing datagram: %w", err)
	}
	return f, nil
}

func (f *Frame) parse(b []byte) error {
	format, err := framing(b)
	if err != nil {
		return err
	}
	n, err := f.message(format, b)
	if err != nil {
		return err
	}
	if format == Netstring {
		return f.netstringSignature(b, n)
	}
	f.lines = f.Msg.AppendClassicLines(f.lines[:0])
	return f.classicSignature(f.lines, f.Inner, n)
}

// framing is Sniff for what may be a datagram.
func framing(b []byte) (Format, error) {
	switch {
	case len(b) == 0:
		return None, ErrEmpty
	case len(b) > MaxDatagram:
		return None, ErrOversized
	}
	format := Sniff(b)
	if format == None {
		return None, ErrNoStart
	}
	return format, nil
}

// message reads the fields and returns where they end.
func (f *Frame) message(format Format, b []byte) (n int, err error) {
	f.parser.begin()
	if format == Netstring {
		n, err = f.parser.netstring(&f.room, b, 0)
	} else {
		n, err = f.parser.classic(&f.room, b, 0)
	}
	if err != nil {
		return 0, err
	}
	f.Msg, f.Inner = &f.room, innerAuth(&f.room)
	return n, nil
}

// netstringSignature reads the signature of a message that takes up b[:n].
func (f *Frame) netstringSignature(b []byte, n int) error {
	if n == len(b) {
		return ErrNoSignature.at(n, "nothing after the end mark")
	}
	sig, size, err := peel(b, n)
	if err != nil {
		return err
	}
	f.Format, f.Signed, f.Size = Netstring, b[:n:n], size
	return f.setSignature(sig)
}

// classicSignature reads the signature inner, which covers signed.
func (f *Frame) classicSignature(signed, inner []byte, size int) error {
	if len(inner) == 0 {
		return ErrNoSignature
	}
	f.Format, f.Signed, f.Inner, f.Size = Classic, signed, inner, size
	return f.setSignature(inner)
}

// innerAuth is the last auth= field. 3.0.6: of several the last one counts, unlike any other field.
func innerAuth(m *Message) []byte {
	for i := len(m.Fields) - 1; i >= 0; i-- {
		if f := &m.Fields[i]; f.Name == authField && f.Type == String {
			return f.Value
		}
	}
	return nil
}

// setSignature reads "KEYNUM TOKEN". 3.0.6 skips any number of blanks between the two.
func (f *Frame) setSignature(s []byte) error {
	i, n := 0, 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9' && i <= 3; i++ {
		n = n*10 + int(s[i]-'0')
	}
	j := i
	for j < len(s) && s[j] == ' ' {
		j++
	}
	token := s[j:]
	if i == 0 || i > 3 || i > 1 && s[0] == '0' || j == i || len(token) == 0 {
		return errNoToken
	}
	for _, c := range token {
		if c <= ' ' || c > '~' {
			return errMoreThanToken
		}
	}
	f.KeyNum, f.Token, f.Signature = n, token, s
	return nil
}

var (
	errNoToken       = fmt.Errorf("signature is not a key number and a token: %w", ErrBadSignature)
	errMoreThanToken = fmt.Errorf("signature holds more than a key number and a token: %w", ErrBadSignature)
)

// Append writes the frame again as it came: f.Size bytes, the same ones. A classic text whose end
// mark (and last newline) were missing gets them.
func (f *Frame) Append(dst []byte) []byte {
	if f.Format == Classic {
		return f.Msg.AppendClassic(dst)
	}
	return AppendSignature(f.Msg.AppendNetstring(dst), f.Signature)
}

// AppendSignature appends the outer signature: sig is "KEYNUM TOKEN".
func AppendSignature[T string | []byte](dst []byte, sig T) []byte {
	dst = strconv.AppendInt(dst, int64(len(sig)), 10)
	dst = append(dst, ':')
	dst = append(dst, sig...)
	return append(dst, ',')
}
