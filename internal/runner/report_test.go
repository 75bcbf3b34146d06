package runner

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.script("web", `
		[ "$1" = many ] && seq 1 100
		printf 'one\n\n\033[31mtwo\tthree\r\nforged\n' >&2
		[ "$2$1" = okstart ] || exit 1`)
	s.run("web", "start")
	want := []string{
		"ERROR: " + path + " start: one",
		"ERROR: " + path + " start: ?[31mtwo three",
		"ERROR: " + path + " start: forged",
	}
	if got := s.logged(); !reflect.DeepEqual(got, want) {
		t.Errorf("failed start:\n%s", strings.Join(got, "\n"))
	}

	s.log = nil
	s.run("web::many", "stop")
	got := s.logged()
	errors := 0
	for _, line := range got {
		if strings.HasPrefix(line, "ERROR: ") {
			errors++
		}
	}
	if errors != 20 || got[0] != "ERROR: "+path+" many stop: ... (84 lines before these)" || got[19] != "ERROR: "+path+" many stop: forged" {
		t.Errorf("%d lines at ERROR, first %q, last %q", errors, got[0], got[19])
	}
	if len(got) != 20+103 || got[20] != "debug: "+path+" many stop: 1" {
		t.Errorf("%d lines in all, at debug first %q", len(got), got[20])
	}

	s.log = nil
	s.run("web", "status") // its exit status means nothing
	for _, line := range s.logged() {
		if !strings.HasPrefix(line, "debug: ") {
			t.Errorf("status: %s", line)
		}
	}
	if len(s.logged()) != 3 {
		t.Errorf("status: %d lines, want 3", len(s.logged()))
	}
}

// TestMissing: a word without a script is one line, and only one for all the probes of it; what
// is started is told before it runs.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file(s.init+"/notrun", "#!/bin/sh\n", 0o644)
	s.script("web", "exit 0")
	for _, tt := range []struct {
		word, op string
		want     []string
	}{
		{"apache::x", "status", []string{"ResourceManager: ERROR: Cannot locate resource script apache"}},
		{"apache::x", "status", nil},
		{"apache::x", "start", []string{"ResourceManager: ERROR: Cannot locate resource script apache"}},
		{"apache::x", "stop", []string{"ResourceManager: ERROR: Cannot locate resource script apache"}},
		{"apache::x", "status", nil},
		{"notrun", "start", []string{"ResourceManager: ERROR: Cannot locate resource script notrun (" + s.init + "/notrun is not executable)"}},
		{"notrun", "status", nil},
	} {
		s.log = nil
		r := s.run(tt.word, tt.op)
		name, _, _ := strings.Cut(tt.word, "::")
		if r.RC != 127 || r.Path != name || r.Err == nil {
			t.Errorf("%s %s: %+v", tt.word, tt.op, r)
		}
		if got := s.logged(); !slices.Equal(got, tt.want) {
			t.Errorf("%s %s is logged as %q, want %q", tt.word, tt.op, got, tt.want)
		}
	}
	if len(s.starting) != 0 {
		t.Errorf("nothing was started, and told of: %q", s.starting)
	}
	s.Start(7, "web::a", "stop")
	s.wait()
	if want := []string{"7 " + s.etc + "/resource.d/web a stop"}; !slices.Equal(s.starting, want) {
		t.Errorf("told of %q, want %q", s.starting, want)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want []string
	}{
		{"a\r\n\n  \nb\x00\xffc \n", []string{"a", "b??c"}},
		{"tab\there\u2028nel\u0085", []string{"tab here?nel?"}},
		{strings.Repeat("x", 401), []string{strings.Repeat("x", 400) + "..."}},
		{"x" + strings.Repeat("ü", 300), []string{"x" + strings.Repeat("ü", 199) + "..."}},
		{"", nil},
	}
	for _, tt := range tests {
		if got := printable(tt.in); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("printable(%.30q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestLast(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 5 {
		lines = append(lines, fmt.Sprint(i))
	}
	if got := last(lines, 5); !reflect.DeepEqual(got, lines) {
		t.Errorf("5 of 5: %q", got)
	}
	if got := last(lines, 3); !reflect.DeepEqual(got, []string{"... (3 lines before these)", "3", "4"}) {
		t.Errorf("3 of 5: %q", got)
	}
}
