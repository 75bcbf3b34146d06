package labcmd

import (
	"errors"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		args      string
		status    int
		done      bool
		out, errs string
	}{
		{"--one", OK, false, "", ""},
		{"--help", OK, true, "Usage: lab test\n\nFlags:\n      --one", ""},
		{"-h", OK, true, "Usage: lab test\n\nFlags:\n      --one", ""},
		{"--three", Failed, true, "", "lab: error: unknown flag: --three; see lab test --help\n"},
		{"--one x", Failed, true, "", "lab: error: unexpected argument \"x\"; see lab test --help\n"},
	} {
		f := flags()
		var out, errs strings.Builder
		status, done := f.Read(strings.Fields(tt.args), &out, &errs)
		if status != tt.status || done != tt.done || !strings.HasPrefix(out.String(), tt.out) || tt.out == "" && out.Len() > 0 || errs.String() != tt.errs {
			t.Errorf("%s: %d, %v, %q, %q", tt.args, status, done, &out, &errs)
		}
	}
}

func TestAlone(t *testing.T) {
	for args, want := range map[string]string{"": "", "--one": "", "--two": "", "--two --one": "--one and --two do not go together"} {
		f := flags()
		var errs strings.Builder
		f.Read(strings.Fields(args), &errs, &errs)
		err := f.Alone("one", "two")
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func TestFail(t *testing.T) {
	var errs strings.Builder
	if status := Fail(&errs, errors.New("no disk")); status != Failed || errs.String() != "lab: error: no disk\n" {
		t.Errorf("%d, %q", status, &errs)
	}
}

func flags() *Flags {
	f := New("test", "Usage: lab test\n")
	f.Bool("one", false, "")
	f.Bool("two", false, "")
	return f
}
