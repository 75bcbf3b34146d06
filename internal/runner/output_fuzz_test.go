package runner

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzOutput: whatever a script prints, a bounded number of clean lines of it reaches the log, a
// failed start or stop says at least one thing, and what is not cut away is the script's own words.
func FuzzOutput(f *testing.F) {
	f.Add("line one\nline two\r\n\n\ttab", 1, uint8(0), uint16(1))
	f.Add("\x1b]0;title\x07\u2028\x85\xff\xc3\x00", 137, uint8(1), uint16(3))
	f.Add(strings.Repeat("\u00e4", lineMax), 0, uint8(2), uint16(200))
	f.Add(strings.Repeat("x", 1023)+"\n", 5, uint8(0), uint16(100))
	f.Fuzz(func(t *testing.T, piece string, rc int, op uint8, times uint16) {
		output := strings.Repeat(piece, int(times%200)+1)
		if len(output) > 4*outputMax {
			return
		}
		kept := captured(t, output)
		res := Result{RC: rc, Output: kept}
		j := job{op: []string{"start", "stop", "status"}[op%3]}
		var errs, debugs int
		r := &Runner{config: Config{Log: func(level, text string) {
			switch level {
			case "ERROR":
				errs++
			case "debug":
				debugs++
			default:
				t.Fatalf("level %q: %q", level, text)
			}
			cleanLine(t, text)
		}}}
		r.report(j, Command{Path: "/etc/ha.d/resource.d/web"}, &res)
		failed := j.op != "status" && rc != 0
		if !failed && errs > 0 || errs > errorLines+1 || debugs > debugLines {
			t.Fatalf("%s with status %d: %d lines of level ERROR and %d of debug", j.op, rc, errs, debugs)
		}
		lines := printable(kept)
		if failed && len(lines) > 0 && errs == 0 {
			t.Fatalf("%q: a failure that says nothing", kept)
		}
		ownWords(t, kept, lines)
	})
}

// captured is an output after its way through the file in memory.
func captured(t *testing.T, output string) string {
	c, err := newCapture(false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.stdout.WriteString(output); err != nil {
		t.Fatal(err)
	}
	c.started()
	defer c.streams[0].file.Close()
	_, kept := c.text()
	if len(output) <= outputMax {
		if kept != output {
			t.Fatalf("%d bytes became %d", len(output), len(kept))
		}
		return kept
	}
	note := fmt.Sprintf("\n... (%d bytes left out) ...\n", len(output)-outputMax)
	if want := output[:outputMax/2] + note + output[len(output)-outputMax/2:]; kept != want {
		t.Fatalf("of %d bytes %d are kept, not head, note and tail", len(output), len(kept))
	}
	return kept
}

func cleanLine(t *testing.T, text string) {
	if len(text) > lineMax+128 || !utf8.ValidString(text) {
		t.Fatalf("%d bytes: %q", len(text), text)
	}
	for _, c := range text {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' {
			t.Fatalf("%U in %q", c, text)
		}
	}
}

// ownWords compares what can be seen on paper, where no line was cut.
func ownWords(t *testing.T, output string, lines []string) {
	visible := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f && r != '?' {
				return r
			}
			return -1
		}, s)
	}
	for _, line := range lines {
		if line == "" {
			t.Fatal("an empty line")
		}
		if strings.HasSuffix(line, "...") {
			return
		}
	}
	if got, want := visible(strings.Join(lines, "")), visible(output); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}
