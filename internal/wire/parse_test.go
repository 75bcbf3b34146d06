package wire

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
)

// one is a netstring datagram of the given fields and a signature.
func one(fields ...string) string {
	return "###\n" + strings.Join(fields, "") + "%%%\n3:1 x,"
}

// ns is LEN:text,
func ns(text string) string { return fmt.Sprintf("%d:%s,", len(text), text) }

// nest is a struct depth deep.
func nest(depth int) string {
	if depth == 0 {
		return "(0)a=b"
	}
	return "(2)s=###\n" + ns(nest(depth-1)) + "%%%\n"
}

// nestMessage is the same as a message.
func nestMessage(depth int) *Message {
	if depth == 0 {
		return New("deep")
	}
	return &Message{Fields: []Field{{Type: Struct, Name: "s", Msg: nestMessage(depth - 1)}}}
}

func TestParseRefuses(t *testing.T) {
	const ok = "6:(0)t=x,"
	for _, c := range []struct {
		name, in string
		want     Fault
	}{
		{"three bytes", "###", ErrNoStart},
		{"CRLF", ">>>\r\nt=x\r\n", ErrNoStart},
		{"only start", "###\n", ErrTruncated},
		{"within end mark", "###\n" + ok + "%%", ErrTruncated},
		{"within a length", "###\n12", ErrTruncated},
		{"length past end", "###\n99:(0)t=x,%%%\n3:1 x,", ErrTruncated},
		{"leading zero", one("06:(0)t=x,"), ErrBadLength},
		{"sign", one("+6:(0)t=x,"), ErrBadLength},
		{"blank before length", one(" 6:(0)t=x,"), ErrBadLength},
		{"no colon", one("6;(0)t=x,"), ErrBadLength},
		{"no comma", one("6:(0)t=x;"), ErrBadLength},
		{"length wraps 64 bits", one("18446744073709551622:(0)t=x,"), ErrBadLength},
		{"newline between fields", one(ok, "\n", ok), ErrBadLength},
		{"empty field", one("0:,"), ErrBadField},
		{"no paren", one(ns("0)t=x")), ErrBadField},
		{"two-digit type", one(ns("(00)t=x")), ErrBadField},
		{"type 6", one(ns("(6)t=x")), ErrBadType},
		{"type letter", one(ns("(x)t=x")), ErrBadType},
		{"no equals", one(ns("(0)t")), ErrBadField},
		{"no name", one(ns("(0)=x")), ErrBadField},
		{"name with newline", one(ns("(0)a\nb=x")), ErrBadField},
		{"name with paren", one(ns("(0)(1)b=x")), ErrBadField},
		{"name like a start mark", one(ns("(0)>>>=x")), ErrBadField},
		{"NUL in string", one(ns("(0)t=a\x00")), ErrNUL},
		{"NUL in list", one(ns("(3)t=1:\x00,")), ErrNUL},
		{"empty list", one(ns("(3)t=")), ErrBadValue},
		{"list cut", one(ns("(3)t=5:ab,")), ErrBadValue},
		{"list after string", one(ok, ns("(3)t=1:a,")), ErrTypeClash},
		{"list after binary in a struct", one(ns("(2)s=###\n" + ns("(1)l=") + ns("(3)l=1:a,") + "%%%\n")), ErrTypeClash},
		{"struct without message", one(ns("(2)s=x")), ErrBadValue},
		{"struct cut", one(ns("(2)s=###\n")), ErrBadValue},
		{"struct with a tail", one(ns("(2)s=###\n%%%\nx")), ErrBadValue},
		{"struct with type 7", one(ns("(2)s=###\n" + ns("(7)a=b") + "%%%\n")), ErrBadType},
		{"nesting", one(ns(nest(MaxNesting + 1))), ErrNesting},
		{"too many fields", ">>>\n" + strings.Repeat("a=\n", MaxFields+1), ErrTooManyFields},
		{"too many with structs", ">>>\n(2)s=>>>\x14" + strings.Repeat("a=\x14", MaxFields/2) + "<<<\x14\n" +
			strings.Repeat("a=\n", MaxFields/2), ErrTooManyFields},
		{"no signature", "###\n" + ok + "%%%\n", ErrNoSignature},
		{"signature cut", "###\n" + ok + "%%%\n3:1 x", ErrTruncated},
		{"signature of one word", "###\n" + ok + "%%%\n1:1,", ErrBadSignature},
		{"signature without number", "###\n" + ok + "%%%\n3:x 1,", ErrBadSignature},
		{"signature with a third word", "###\n" + ok + "%%%\n5:1 x y,", ErrBadSignature},
		{"number with leading zero", "###\n" + ok + "%%%\n4:01 x,", ErrBadSignature},
		{"number too long", "###\n" + ok + "%%%\n9:4294967 x,", ErrBadSignature},
		{"negative number", "###\n" + ok + "%%%\n4:-1 x,", ErrBadSignature},
		{"empty signature", "###\n" + ok + "%%%\n0:,", ErrBadSignature},

		{"classic without auth", ">>>\nt=x\n<<<\n", ErrNoSignature},
		{"classic auth after the end", ">>>\nt=x\n<<<\nauth=1 x\n", ErrNoSignature},
		{"classic cut in end mark", ">>>\nauth=1 x\n<<", ErrTruncated},
		{"classic line without equals", ">>>\nt\nauth=1 x\n<<<\n", ErrBadField},
		{"classic empty line", ">>>\n\nauth=1 x\n<<<\n", ErrBadField},
		{"classic empty name", ">>>\n=x\nauth=1 x\n<<<\n", ErrBadField},
		{"classic type 0", ">>>\n(0)t=x\nauth=1 x\n", ErrBadType},
		{"classic type 5", ">>>\n(5)t=>>>\x14<<<\x14\nauth=1 x\n", ErrBadType},
		{"classic type 9", ">>>\n(9)t=x\nauth=1 x\n", ErrBadType},
		{"classic start inside", ">>>\n>>>a=x\nauth=1 x\n", ErrBadField},
		{"classic NUL", ">>>\nt=a\x00b\nauth=1 x\n", ErrNUL},
		{"classic no base64", ">>>\n(1)t=AA\nauth=1 x\n", ErrBadValue},
		{"classic base64 with CR", ">>>\n(1)t=AA==\r\nauth=1 x\n", ErrBadValue},
		{"classic base64 with loose bits", ">>>\n(1)t=AB==\nauth=1 x\n", ErrBadValue},
		{"classic struct without end", ">>>\n(2)s=>>>\x14a=1\x14\nauth=1 x\n", ErrBadValue},
		{"classic struct with a tail", ">>>\n(2)s=>>>\x14<<<\x14x\nauth=1 x\n", ErrBadValue},
		{"classic binary auth", ">>>\n(1)auth=AA==\nauth=1 x\n", ErrBadType},
		{"classic list after string", ">>>\nl=x\n(3)l=1:a,\nauth=1 x\n", ErrTypeClash},
		{"classic last auth counts", ">>>\nauth=1 x\nauth=\n", ErrNoSignature},
		{"oversized", "###\n" + strings.Repeat("x", MaxDatagram), ErrOversized},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse([]byte(c.in))
			if f != nil || Reason(err) != string(c.want) {
				t.Errorf("got frame %v and error %v, want %q", f, err, c.want)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	for _, c := range []struct{ name, in, body string }{
		{"no fields", one(), "###\n%%%\n"},
		{"empty string", one(ns("(0)t=")), ""},
		{"equals in value", one(ns("(0)t=a=b")), ""},
		{"binary with marks", one(ns("(1)t=%%%\n,\x00")), ""},
		{"list with empty element", one(ns("(3)l=0:,1:a,")), ""},
		{"uncompressed struct", one(ns("(5)s=###\n%%%\n")), ""},
		{"deepest nesting", one(ns(nest(MaxNesting))), ""},
		{"string after list", one(ns("(3)l=1:a,"), ns("(0)l=x")), ""},
		{"classic value with equals", ">>>\nt=a=b\nauth=1 x\n<<<\n", "###\n" + ns("(0)t=a=b") + ns("(0)auth=1 x") + "%%%\n"},
		{"classic newline", ">>>\nt=a\x13b\nauth=1 x\n<<<\n", "###\n" + ns("(0)t=a\nb") + ns("(0)auth=1 x") + "%%%\n"},
		{"classic newline in struct", ">>>\n(2)s=>>>\x14t=a\x13b\x14<<<\x14\nauth=1 x\n<<<\n",
			"###\n" + ns("(2)s=###\n"+ns("(0)t=a\nb")+"%%%\n") + ns("(0)auth=1 x") + "%%%\n"},
		{"classic compressed", ">>>\n(4)s=AAE=\nauth=1 x\n<<<\n", "###\n" + ns("(4)s=\x00\x01") + ns("(0)auth=1 x") + "%%%\n"},
		{"classic NUL behind", ">>>\nauth=1 x\n<<<\n\x00", "###\n" + ns("(0)auth=1 x") + "%%%\n"},
		{"classic last of two auth", ">>>\nauth=2 y\nauth=1 x\n<<<\n", "###\n" + ns("(0)auth=2 y") + ns("(0)auth=1 x") + "%%%\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if f.KeyNum != 1 || string(f.Token) != "x" {
				t.Errorf("key %d token %q", f.KeyNum, f.Token)
			}
			if got := string(f.Append(nil)); got != strings.TrimSuffix(c.in, "\x00") {
				t.Errorf("written again %q", got)
			}
			if got := string(f.Msg.AppendNetstring(nil)); c.body != "" && got != c.body {
				t.Errorf("body %q, want %q", got, c.body)
			}
		})
	}
}

// A later struct level has its own newline code, for all sixteen.
func TestClassicNesting(t *testing.T) {
	for depth := range MaxNesting + 2 {
		m := nestMessage(depth).AddStr("auth", "1 x")
		f, err := Parse(m.AppendClassic(nil))
		if depth > MaxNesting {
			if Reason(err) != string(ErrNesting) {
				t.Errorf("depth %d: %v", depth, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("depth %d: %v", depth, err)
		}
		if !bytes.Equal(f.Msg.AppendNetstring(nil), m.AppendNetstring(nil)) {
			t.Errorf("depth %d: %q", depth, f.Msg.AppendClassic(nil))
		}
	}
}

// The frame does not share memory with the datagram: links read into one buffer for ever.
func TestParseCopies(t *testing.T) {
	for _, in := range []string{one("6:(0)t=x,"), ">>>\nt=x\nauth=1 x\n"} {
		b := []byte(in)
		f, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		want := f.Append(nil)
		clear(b)
		if !bytes.Equal(f.Append(nil), want) || bytes.IndexByte(f.Signed, 0) >= 0 {
			t.Errorf("%q changed with the buffer", in)
		}
	}
}

func TestStrings(t *testing.T) {
	m := New("x").AddList("l", "a").AddStr("o", "p").AddList("l", "b", "c")
	if got := strings.Join(m.Strings("l"), " "); got != "a b c" {
		t.Errorf("got %q", got)
	}
}

func compressed(algorithm string, content []byte) *Message {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(content)
	w.Close()
	return (&Message{}).AddBin(payloadField, b.Bytes()).AddStr(algorithmField, algorithm)
}

func TestDecompress(t *testing.T) {
	long := New("x").AddStr("v", strings.Repeat("v", MaxPayload-31)).AppendNetstring(nil)
	if len(long) != MaxPayload {
		t.Fatalf("%d bytes, want %d", len(long), MaxPayload)
	}
	for _, c := range []struct {
		name string
		m    *Message
		want Fault
	}{
		{"netstring", compressed("zlib", New("x").AppendNetstring(nil)), ""},
		{"classic and NUL", compressed("zlib", append(New("x").AppendClassic(nil), 0)), ""},
		{"largest", compressed("zlib", long), ""},
		{"too large", compressed("zlib", append(long, 0)), ErrOversized},
		{"bomb", compressed("zlib", make([]byte, 8<<20)), ErrOversized},
		{"unknown method", compressed("lzma", nil), ErrCompression},
		{"no zlib", (&Message{}).AddBin(payloadField, []byte("x")).AddStr(algorithmField, "zlib"), ErrCompression},
		{"no bz2", (&Message{}).AddBin(payloadField, []byte("x")).AddStr(algorithmField, "bz2"), ErrCompression},
		{"no content", compressed("zlib", nil), ErrNoStart},
		{"cut content", compressed("zlib", []byte("###\n")), ErrTruncated},
		{"fatal content", compressed("zlib", []byte("###\n0:,%%%\n")), ErrBadField},
		{"many fields", compressed("zlib", []byte(">>>\n"+strings.Repeat("a=\n", MaxFields+1))), ErrTooManyFields},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := c.m.Decompress()
			if Reason(err) != string(c.want) || (m == nil) != (err != nil) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil && m.Str("t") != "x" {
				t.Errorf("t=%q", m.Str("t"))
			}
		})
	}
	// A program must not be able to speak for another node.
	forged := compressed("zlib", New("shutdone").AddStr("src", "node2").AppendNetstring(nil))
	if err := forged.Check(); err != nil {
		t.Error(err)
	}
	forged.AddStr("t", "site").AddStr("src", "node1")
	if m, err := forged.Decompress(); err != nil || m != forged {
		t.Errorf("a message of %q was taken from another one: %v", m.Str("src"), err)
	}
	if err := forged.Check(); Reason(err) != string(ErrBadField) {
		t.Errorf("it can be sent: %v", err)
	}
	// A cut stream must not pass for a shorter message.
	m := compressed("zlib", New("x").AppendNetstring(nil))
	for n := range m.Fields[0].Value {
		cut := (&Message{}).AddBin(payloadField, m.Fields[0].Value[:n]).AddStr(algorithmField, "zlib")
		if _, err := cut.Decompress(); Reason(err) != string(ErrCompression) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		m    *Message
		want Fault
	}{
		{"plain", New("x").AddBin("b", []byte{0}).AddList("l", "a"), ""},
		{"newline", New("a\nb"), ""},
		{"struct", nestMessage(MaxNesting), ""},
		{"NUL", New("a\x00"), ErrNUL},
		{"NUL in list", New("x").AddList("l", "\x00"), ErrNUL},
		{"newline in list", New("x").AddList("l", "a\nb"), ErrNUL},
		{"empty list", New("x").AddList("l"), ErrBadValue},
		{"list clash", New("x").AddList("t", "a"), ErrTypeClash},
		{"empty name", New("x").AddStr("", "a"), ErrBadField},
		{"name with equals", New("x").AddStr("a=b", "a"), ErrBadField},
		{"name with newline", New("x").AddStr("a\nb", "a"), ErrBadField},
		{"type 5", &Message{Fields: []Field{{Type: Uncompressed, Name: "a"}}}, ErrBadType},
		{"type 6", &Message{Fields: []Field{{Type: 6, Name: "a"}}}, ErrBadType},
		{"newline code", New("a\x14"), ErrBadValue},
		{"NUL in struct", &Message{Fields: []Field{{Type: Struct, Name: "s", Msg: New("\x00")}}}, ErrNUL},
		{"nesting", nestMessage(MaxNesting + 1), ErrNesting},
		{"size", New("x").AddBin("b", make([]byte, MaxDatagram)), ErrOversized},
	} {
		if err := c.m.Check(); Reason(err) != string(c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
