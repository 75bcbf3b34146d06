package cli

import (
	"errors"
	"fmt"
	"strings"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/wire"
)

// Reasons that only `heartbeatd decode` gives.
const (
	reasonOK        = "ok"
	reasonUnchecked = "signature not checked"
)

// judged is one datagram and its verdict; its JSON form is documented in the command's help.
type judged struct {
	File    string      `json:"file"`
	Packet  int         `json:"packet,omitempty"`
	Time    string      `json:"time,omitempty"`
	From    string      `json:"from,omitempty"`
	To      string      `json:"to,omitempty"`
	Valid   bool        `json:"valid"`
	Reason  string      `json:"reason"`
	Detail  string      `json:"detail"`
	Format  string      `json:"format"`
	Size    int         `json:"size"`
	Key     *int        `json:"key,omitempty"`
	Method  string      `json:"method,omitempty"`
	Ours    *bool       `json:"heartbeatd_accepts,omitempty"`
	Fields  fieldObject `json:"fields"`
	Content fieldObject `json:"inner_message,omitempty"`

	msg     *wire.Message // nil if it did not parse
	content *wire.Message // nil if it was not compressed
}

// refused is the verdict on what cannot be read.
func refused(data []byte, reason, detail string) *judged {
	return &judged{Reason: reason, Detail: detail, Format: wire.Sniff(data).String(), Size: len(data), Fields: fieldObject{}}
}

// judge decides as a 3.0.6 node with these keys would; without keys, valid is what parses.
func judge(keys *auth.Keys, data []byte) *judged {
	f, err := wire.Parse(data)
	if err != nil {
		return refused(data, wire.Reason(err), detailOf(err))
	}
	j := &judged{Format: f.Format.String(), Size: len(data), Key: &f.KeyNum, msg: f.Msg, Fields: fieldsOf(f.Msg)}
	ours := false
	if keys == nil {
		j.accept(reasonUnchecked, "no --authkeys given")
	} else {
		ours = j.signature(keys, f)
		j.Ours = &ours
	}
	inner, err := f.Msg.Decompress()
	if err != nil {
		j.refuse(wire.Reason(err), detailOf(err))
		ours = false
		return j
	}
	if inner != f.Msg {
		j.content, j.Content = inner, fieldsOf(inner)
	}
	if reason, detail := incomplete(inner); reason != "" && keys == nil {
		j.Detail += "; " + detail
	} else if reason != "" {
		j.refuse(reason, detail)
		ours = false
	}
	return j
}

// detailOf is the error without the words the verdict says already.
func detailOf(err error) string {
	text := strings.TrimPrefix(err.Error(), "parsing datagram: ")
	text = strings.TrimSuffix(text, wire.Reason(err))
	return strings.TrimSuffix(text, ": ")
}

func (j *judged) accept(reason, detail string) { j.Valid, j.Reason, j.Detail = true, reason, detail }

// refuse keeps the first reason: a bad signature comes before anything it may have let pass.
func (j *judged) refuse(reason, detail string) {
	if j.Valid || j.Reason == "" {
		j.Valid, j.Reason, j.Detail = false, reason, detail
	}
}

// signature judges it as 3.0.6 does and returns whether we take it. No expected signature is ever
// shown: that would be as good as the secret.
func (j *judged) signature(keys *auth.Keys, f *wire.Frame) bool {
	if m, ok := keys.Method(f.KeyNum); ok {
		j.Method = m.String()
	}
	proof, err := keys.Verify(f)
	as306 := keys.VerifyAs306(f)
	sending, _ := keys.Sending()
	switch {
	case as306 == nil && j.Method == auth.CRC.String():
		j.accept(reasonOK, fmt.Sprintf("key %d is crc: the sum fits, which proves nothing about the sender", f.KeyNum))
	case as306 == nil && proof == auth.SendingSecret:
		j.accept(reasonOK, fmt.Sprintf("signed as key %d with the secret of the sending key %d", f.KeyNum, sending))
	case as306 == nil:
		j.accept(reasonOK, fmt.Sprintf("signed with key %d (%s)", f.KeyNum, j.Method))
	case err == nil:
		j.refuse(auth.Reason(as306), fmt.Sprintf("signed with key %d (%s); heartbeatd accepts it, 3.0.6 wants the secret of its sending key %d",
			f.KeyNum, j.Method, sending))
	case errors.Is(err, auth.ErrUnknownKey):
		j.refuse(auth.Reason(err), fmt.Sprintf("the table has no key %d", f.KeyNum))
	default:
		j.refuse(auth.Reason(err), fmt.Sprintf("not signed with key %d (%s), or changed on the way", f.KeyNum, j.Method))
	}
	return err == nil
}

// incomplete says what a message lacks to be looked at at all.
// 3.0.6: no t, src or ts, or no seq unless the type begins with NS_: dropped; so are numbers that are
// not hex and a ts of 0.
func incomplete(m *wire.Message) (reason, detail string) {
	for _, name := range []string{"t", "src", "ts"} {
		if f := m.Lookup(name); f == nil || f.Type != wire.String {
			return "missing-field", "no field " + name
		}
	}
	if !strings.HasPrefix(m.Str("t"), "NS_") && !m.Has("seq") {
		return "missing-field", "no field seq"
	}
	for _, name := range []string{"seq", "ts"} {
		if m.Has(name) && !startsHex(m.Str(name)) {
			return "bad-number", name + " is not a hexadecimal number"
		}
	}
	if strings.Trim(m.Str("ts"), "0") == "" {
		return "bad-number", "ts is 0"
	}
	return "", ""
}

// startsHex is all that %lx of the C library asks for.
func startsHex(s string) bool {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	s = strings.TrimLeft(s, "+-")
	return s != "" && strings.IndexByte("0123456789abcdefABCDEF", s[0]) >= 0
}
