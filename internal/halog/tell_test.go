package halog

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A destination that loses lines is named in the others, once for a while and not for each line.
func TestLossIsToldElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var term bytes.Buffer
	c := sampleConfig()
	c.File = filepath.Join(dir, "missing", "ha-log")
	c.Facility, c.SyslogPath = "daemon", filepath.Join(dir, "log")
	c.Stderr, c.Journal = &term, true
	tune := eager
	tune.tell = time.Hour
	l := open(c, tune)
	for range 3 {
		l.Line(Info, "one")
		flushed(t, l)
	}
	flushed(t, l)
	if got := l.Lost(); got != 6 {
		t.Errorf("Lost = %d, want 3 of the file and 3 of syslog and none of the remarks", got)
	}
	l.Close(5 * time.Second)
	file := "<4>WARN: " + c.File + ": no such file or directory: lines do not get there\n"
	sys := "<4>WARN: syslog: " + c.SyslogPath + ": no such file or directory: lines do not get there\n"
	const one = "<6>info: one\n"
	rest := bytes.NewBuffer(nil)
	for line := range bytes.Lines(term.Bytes()) {
		if s := string(line); s != one {
			rest.WriteString(s)
		}
	}
	if got := rest.String(); got != file+sys && got != sys+file {
		t.Errorf("stderr got besides its lines:\n%swant once each:\n%s%s", got, file, sys)
	}
}

// After a while it is told again, while lines go on being lost.
func TestLossIsToldAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := sampleConfig()
	c.File, c.DebugFile = filepath.Join(dir, "missing", "ha-log"), filepath.Join(dir, "debug")
	l := open(c, eager) // tell is 0: each time
	defer l.Close(time.Second)
	for range 2 {
		l.Line(Info, "one")
		flushed(t, l)
		flushed(t, l)
	}
	remark := warn(c.File + ": no such file or directory: lines do not get there")
	got, err := os.ReadFile(c.DebugFile)
	if err != nil || bytes.Count(got, []byte(remark)) != 2 || bytes.Count(got, []byte("\n")) != 4 {
		t.Errorf("%v, got\n%swant two lines and twice\n%s", err, got, remark)
	}
}

// A remark goes to the others only, and is nothing to count where it is lost in turn.
func TestRemark(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := sampleConfig()
	c.File, c.DebugFile = filepath.Join(dir, "ha-log"), filepath.Join(dir, "missing", "debug")
	l := open(c, eager)
	defer l.Close(time.Second)
	good, bad := l.sinks[0], l.sinks[1]
	l.tell(bad, "no reason")
	l.tell(good, "never written")
	flushed(t, l)
	expect(t, c.File, warn(c.DebugFile+": no reason: lines do not get there"))
	if got := l.Lost(); got != 0 {
		t.Errorf("Lost = %d, want 0", got)
	}
}
