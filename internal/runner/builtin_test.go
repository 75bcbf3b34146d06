package runner

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWithin: what this process does itself ends as a script would, also when it goes wrong.
func TestWithin(t *testing.T) {
	etc := t.TempDir()
	script := filepath.Join(etc, "resource.d", "addr")
	if err := os.MkdirAll(filepath.Dir(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho ran; exit 9\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	results, own := make(chan Result, 1), true
	var started []string
	r := newRunner(Config{
		EtcDir: etc, InitDir: etc, WorkDir: t.TempDir(), Done: func(r Result) { results <- r },
		Starting: func(_ uint64, c Command, op string) { started = append(started, c.Running(op)) },
		Own: func(c Command) Builtin {
			if !own {
				return nil
			}
			return func(op string, stdout, stderr io.Writer) int {
				if op == "start" {
					panic("no such thing")
				}
				fmt.Fprintln(stderr, "note")
				fmt.Fprintln(stdout, c.Args[0], op)
				return 7
			}
		},
	})
	call := func(op string) Result {
		r.Start(1, "addr::x", op)
		return <-results
	}
	if got := call("status"); got.RC != 7 || got.Stdout != "x status\n" || got.Output != "note\nx status\n" || got.Err != nil || got.Path != script || got.PID != 0 {
		t.Errorf("status: %+v", got)
	}
	if got := call("stop"); got.RC != 7 || got.Stdout != "note\nx stop\n" || got.Output != got.Stdout {
		t.Errorf("stop: %+v", got)
	}
	if got := call("start"); got.RC != rcNotFound || got.Err == nil || !strings.Contains(got.Err.Error(), "no such thing") {
		t.Errorf("start: %+v", got)
	}
	own = false
	if got := call("stop"); got.RC != 9 || got.Output != "ran\n" || got.PID == 0 {
		t.Errorf("a script that is not ours: %+v", got)
	}
	if len(started) != 4 {
		t.Errorf("said to be started: %q", started)
	}
}
