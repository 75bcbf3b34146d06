package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestProgramTalksOn: what was installed as the next program and writes without end costs the daemon neither memory nor time.
func TestProgramTalksOn(t *testing.T) {
	for _, where := range []string{"", ">&2"} {
		path := filepath.Join(t.TempDir(), "heartbeatd")
		if err := os.WriteFile(path, []byte("#!/bin/sh\nexec yes heartbeatd can go on "+where+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		answer, err := askRipe(&Handover{Program: path})
		if err == nil || len(answer) > boundedSize || len(err.Error()) > 1000 {
			t.Errorf("%d bytes of answer, %v", len(answer), err)
		}
		if took := time.Since(begin); took >= ripeWithin {
			t.Errorf("it was listened to for %v", took)
		}
	}
}

// TestOneLineOfACrash: a program that cannot go on is told of in one line, also when it ends with a stack of calls.
func TestOneLineOfACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	const refused = " cannot go on from here: "
	for script, want := range map[string]string{
		"echo the format is 2, not 1 >&2; exit 1":                                       "the format is 2, not 1",
		"printf 'panic: boom\\n\\ngoroutine 1 [running]:\\nmain.main()\\n' >&2; exit 2": "panic: boom (exit status 2)",
		"echo unexpected fault address >&2; kill -SEGV $$":                              "unexpected fault address (signal: segmentation fault)",
		"kill -KILL $$":                   "signal: killed",
		"exit 1":                          "exit status 1",
		"echo usage: this or that":        "it does not answer as heartbeatd does",
		"echo warning: x >&2; echo hello": "warning: x (it does not answer as heartbeatd does)",
	} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := askRipe(&Handover{Program: path})
		if err == nil || strings.TrimSuffix(err.Error(), " (core dumped)") != path+refused+want {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
}
