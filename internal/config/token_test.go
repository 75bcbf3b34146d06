package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestStatements(t *testing.T) {
	long := strings.Repeat("x", maxPiece)
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"blank lines and comments", "\n # x\n\t\f\r\n#\n", ""},
		{"comment glued to a value", "auto_failback off#stay\n", "1 auto_failback [off]"},
		{"comment inside a path", "logfile /a#b\n", "1 logfile [/a]"},
		{"leading blanks", " \t\fnode a\n", "1 node [a]"},
		{"vertical tab is not blank", "\vnode a\n", "1 \vnode [a]"},
		{"CRLF", "node a\r\nnode b\r\n", "1 node [a]; 2 node [b]"},
		{"CR only is one line", "node a\rnode b\r", "1 node [a node b]"},
		{"no final newline", "\nnode a", "2 node [a]"},
		{"commas and blanks", "node a,,b \t,\fc,\n", "1 node [a b c]"},
		{"vertical tab inside a value", "node a\vb\n", "1 node [a\vb]"},
		{"comma before the value", "initdead ,10\n", "1 initdead [10]"},
		{"comma glued to the directive", "deadtime,5\n", "1 deadtime,5 []"},
		{"quotes mean nothing", "logfile \"a b\"\n", "1 logfile [\"a b\"]"},
		{"no continuation", "node a \\\nnode b\n", "1 node [a \\]; 2 node [b]"},
		{"NUL ends a line", "node a\x00b\nnode c\n", "1 node [a]; 2 node [c]"},
		{"a long line goes on as another", "#" + long + "y z\nnode a\n", "1 xy [z]; 2 node [a]"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range statements([]byte(c.in)) {
				got = append(got, fmt.Sprintf("%d %s %v", s.line, s.name, s.values()))
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}

func TestParseTime(t *testing.T) {
	tests := map[string]time.Duration{
		"1": time.Second, "0": 0, ".5": 500 * time.Millisecond, "1.2.3": 1200 * time.Millisecond, "2.5": 2500 * time.Millisecond,
		"500ms": 500 * time.Millisecond, "500MSEC": 500 * time.Millisecond, "7msxyz": 7 * time.Millisecond,
		"500us": time.Millisecond, "499us": 0, "3000000us": 3 * time.Second, ".": 0,
		"9999999999999999999999999999": maxMillis * time.Millisecond,
		"2s":                           -1, "2sec": -1, "2m": -1, "2min": -1, "2h": -1, "0.5e1": -1, "-1": -1, "+1": -1, "ms": -1, "x": -1, "": -1,
	}
	for text, want := range tests {
		got, ok := parseTime(text)
		if ok != (want >= 0) || (ok && got != want) {
			t.Errorf("parseTime(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
}

func TestAtoi(t *testing.T) {
	tests := []struct {
		text  string
		want  int
		exact bool
	}{
		{"694", 694, true}, {"6940x", 6940, false}, {"abc", 0, false}, {"", 0, false}, {"-5", -5, true}, {"+5", 5, true},
		{"--5", 0, false}, {"4294967296", 0, false}, {"99999999999999999999", -1, false},
	}
	for _, c := range tests {
		if got, exact := atoi(c.text); got != c.want || exact != c.exact {
			t.Errorf("atoi(%q) = %d, %v; want %d, %v", c.text, got, exact, c.want, c.exact)
		}
	}
}
