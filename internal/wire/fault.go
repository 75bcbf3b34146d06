package wire

import (
	"errors"
	"fmt"
)

// Fault is one of the few reasons for refusing a message. Its text is a short fixed word, fit for
// the name of a counter. Compare with errors.Is.
type Fault string

// The reasons for which a message is refused.
const (
	ErrEmpty         Fault = "empty"               // no bytes at all
	ErrNoStart       Fault = "no-start"            // begins with neither ### nor >>>
	ErrTruncated     Fault = "truncated"           // ends before its end mark
	ErrOversized     Fault = "oversized"           // more than MaxDatagram, or MaxPayload when unpacked
	ErrBadLength     Fault = "bad-length"          // a LEN that is no plain decimal number, or no comma after it
	ErrBadField      Fault = "bad-field"           // no =, no name or a name that may not be, no (TYPE)
	ErrBadType       Fault = "bad-type"            // TYPE is no digit, above 5, or not allowed here
	ErrBadValue      Fault = "bad-value"           // binary that is no base64, a list or struct that cannot be unpacked
	ErrNUL           Fault = "nul-in-string"       // text with a NUL in it
	ErrTypeClash     Fault = "type-clash"          // a list after another kind of field of the same name
	ErrNesting       Fault = "nesting"             // structs in structs more than MaxNesting deep
	ErrTooManyFields Fault = "too-many-fields"     // more than MaxFields
	ErrNoSignature   Fault = "no-signature"        // nothing after %%%, or no auth= line
	ErrBadSignature  Fault = "malformed-signature" // a signature that is not KEYNUM TOKEN
	ErrRepeated      Fault = "repeated"            // a compressed datagram that was unpacked often enough
	ErrCrowded       Fault = "too-many-compressed" // unpacking has taken too much time already
	ErrCompression   Fault = "bad-compression"     // a compressed payload that cannot be unpacked
)

func (f Fault) Error() string { return string(f) }

// at wraps f with the place it was found at: a byte offset in the text being read.
func (f Fault) at(offset int, what string) error { return &located{f, offset, what} }

// located is made for every bad datagram of a flood, and its text for few of them.
type located struct {
	fault  Fault
	offset int
	what   string
}

func (l *located) Error() string { return fmt.Sprintf("byte %d: %s: %s", l.offset, l.what, l.fault) }

func (l *located) Unwrap() error { return l.fault }

// Reason is the word for an error of this package: "" for nil, "other" for one not of this package.
func Reason(err error) string {
	switch e := err.(type) { // what there is to unwrap mostly
	case nil:
		return ""
	case Fault:
		return string(e)
	case *located:
		return string(e.fault)
	}
	var f Fault
	if errors.As(err, &f) {
		return string(f)
	}
	return "other"
}
