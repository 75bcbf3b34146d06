package stonith

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLines feeds whatever a program may print: no line is longer than it may be, none shows a secret or a control
// character, and there are not too many.
func FuzzLines(f *testing.F) {
	f.Add([]byte("Nov 22 23:47:32 node1 stonith: [35]: CRIT: external_reset_req: 'fake reset' for host node2 failed with rc 1\n"), 7)
	f.Add([]byte("hunter2\nhun\nter2 \x1b[0m\xff"), 1)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		lines := 0
		out := newLines(func(level, text string) {
			lines++
			if level == "" || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\x1b\x00") || strings.Contains(text, "hunter2") || len(text) > longestRow+len("glib: ") {
				t.Errorf("%s %q", level, text)
			}
		}, newVeil(false, []string{"node1", "hunter2"}, []string{"node1"}))
		cut = min(max(cut, 0), len(data))
		out.Write(data[:cut])
		out.Write(data[cut:])
		out.end()
		if lines > mostLines {
			t.Errorf("%d lines", lines)
		}
	})
}
