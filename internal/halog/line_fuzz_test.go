package halog

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzLine: whatever text comes to the log, from a script, a peer or a stranger, each destination
// gets one line of it, of bounded length, that no terminal obeys and nobody takes for two.
func FuzzLine(f *testing.F) {
	f.Add("IPaddr", "eth0", "plain", uint8(6))
	f.Add("a\nb", "\r\x1b[2J", "x\u2028y\u0085\x00\xff\xc3", uint8(3))
	f.Add("", "", strings.Repeat("\u00e4", textMax)+"\n\n", uint8(200))
	f.Add("", "", strings.Repeat("a", scriptMax-1)+"\u20ac", uint8(7))
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, tag, instance, text string, level uint8) {
		for p := logFile; p <= syslogSocket; p++ {
			for _, syslogFmt := range []bool{false, true} {
				form := &layout{place: p, node: "node1", entity: "heartbeat", pid: 7, syslogFmt: syslogFmt, facility: 3}
				oneLine(t, p, form.daemonLine(at, Level(level%9), text), textMax+128)
				oneLine(t, p, form.scriptLine(at, tag, instance, Level(level%9), text), scriptMax+2*128+128)
			}
		}
	})
}

func oneLine(t *testing.T, p place, line string, longest int) {
	t.Helper()
	body, ended := strings.CutSuffix(line, "\n")
	if ended == (p == syslogSocket) {
		t.Fatalf("place %d: %q", p, line)
	}
	if len(line) > longest {
		t.Fatalf("place %d: %d bytes: %q", p, len(line), line)
	}
	if !utf8.ValidString(line) {
		t.Fatalf("place %d: no UTF-8: %q", p, line)
	}
	if p == debugFile { // 3.0.6: a tab between tag and time
		body = strings.Replace(body, "\t", " ", 1)
	}
	for _, r := range body {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 {
			t.Fatalf("place %d: %U in %q", p, r, line)
		}
	}
}
