package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mixed = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestS","Output":"=== RUN   TestS\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"    s_test.go:3: needs a moon\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"--- SKIP: TestS (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestS"}
{"Action":"pass","Package":"p"}
{"Action":"skip","Package":"empty"}
plain words
`

func play(t *testing.T, strict bool, scripts ...string) (int, string) {
	t.Helper()
	tally := filepath.Join(t.TempDir(), "tally")
	var out bytes.Buffer
	for _, script := range scripts {
		if _, err := run([]string{"run", tally, "step", "/bin/sh", "-c", script}, &out, strict); err != nil {
			t.Fatal(err)
		}
	}
	out.WriteString("SUM\n")
	code, err := run([]string{"sum", tally}, &out, strict)
	if err != nil {
		t.Fatal(err)
	}
	return code, out.String()
}

func TestCounting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	os.WriteFile(file, []byte(mixed), 0o644)
	os.WriteFile(file+".bad", []byte(`{"Action":"output","Package":"p","Test":"TestF/sub","Output":"it broke\n"}
{"Action":"fail","Package":"p","Test":"TestF/sub"}
{"Action":"fail","Package":"p","Test":"TestF"}
{"Action":"fail","Package":"p"}
`), 0o644)
	os.WriteFile(file+".panic", []byte(`{"Action":"output","Package":"p","Test":"TestQuiet","Output":"=== PAUSE TestQuiet\n"}
{"Action":"output","Package":"p","Test":"TestG","Output":"panic: boom\n"}
{"Action":"output","Package":"p","Output":"FAIL p\n"}
{"Action":"fail","Package":"p"}
`), 0o644)
	os.WriteFile(file+".again", []byte(`{"Action":"output","Package":"p","Test":"TestH","Output":"    h_test.go:3: play 1 tells nothing: busy\n"}
{"Action":"pass","Package":"p","Test":"TestH"}
{"Action":"pass","Package":"p"}
`), 0o644)
	for _, tc := range []struct {
		script string
		strict bool
		code   int
		last   string
		has    string
	}{
		{"cat " + file, false, 0, "2 passed, 0 failed, 1 skipped", "SKIPPED step: p.TestS: s_test.go:3: needs a moon\n"},
		{"cat " + file, true, 1, "2 passed, 0 failed, 1 skipped", "nothing may be skipped here"},
		{"cat " + file + "; exit 1", false, 1, "2 passed, 1 failed, 1 skipped", "FAILED  step: step: exit status 1\n"},
		{"cat " + file + ".bad; exit 1", false, 1, "0 passed, 1 failed, 0 skipped", "it broke\n"},
		{"cat " + file + ".bad", false, 1, "0 passed, 1 failed, 0 skipped", "FAILED  step: p.TestF/sub\n"},
		{"cat " + file + ".panic; exit 1", false, 1, "0 passed, 1 failed, 0 skipped", "p.TestG did not come to its end:\npanic: boom\nFAIL p\n    step"},
		{"cat " + file + ".again", false, 0, "1 passed, 0 failed, 0 skipped", "p.TestH: h_test.go:3: play 1 tells nothing: busy\n"},
		{"echo fine", false, 0, "1 passed, 0 failed, 0 skipped", "fine\n"},
		{"echo bad >&2; exit 3", false, 1, "0 passed, 1 failed, 0 skipped", "bad\n"},
		{"kill -9 $$", false, 1, "0 passed, 1 failed, 0 skipped", "signal: killed"},
		{`echo '{"Action":"pass","Package":"p"}'`, false, 1, "0 passed, 0 failed, 0 skipped", "SUM\n"},
	} {
		code, out := play(t, tc.strict, tc.script)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if code != tc.code || lines[len(lines)-1] != tc.last || !strings.Contains(out, tc.has) {
			t.Errorf("%s: exit %d, want %d, %q and %q in\n%s", tc.script, code, tc.code, tc.last, tc.has, out)
		}
	}
}

func TestSeveralStepsAddUp(t *testing.T) {
	code, out := play(t, false, "true", "true", "false")
	if code != 1 || !strings.HasSuffix(out, "\n2 passed, 1 failed, 0 skipped\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestSkippedStepIsCounted(t *testing.T) {
	tally := filepath.Join(t.TempDir(), "tally")
	var out bytes.Buffer
	run([]string{"skip", tally, "race", "no C compiler"}, &out, false)
	run([]string{"run", tally, "x", "true"}, &out, false)
	code, err := run([]string{"sum", tally}, &out, true)
	if code != 1 || err != nil || !strings.Contains(out.String(), "SKIPPED race: race: no C compiler\n") {
		t.Errorf("exit %d, %v\n%s", code, err, &out)
	}
}

func TestMissingTallyIsAnError(t *testing.T) {
	if _, err := run([]string{"sum", filepath.Join(t.TempDir(), "none")}, os.Stdout, false); err == nil {
		t.Error("no error")
	}
}
