package halog

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a time whose day shows the two-digit rule of the files and the blank of syslog.
var sample = time.Date(2026, time.November, 5, 7, 11, 55, 0, time.UTC)

func sampleConfig() Config {
	return Config{
		Node: "node1", PID: 3029, SyslogFormat: true,
		Now: func() time.Time { return sample },
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	type line struct {
		tag, instance string
		level         Level
		text          string
	}
	tests := []struct {
		name  string
		place place
		bsd   bool // syslogmsgfmt
		line  line
		want  string
	}{
		{"daemon in a file", logFile, true, line{level: Info, text: "text"}, "Nov 05 07:11:55 node1 heartbeat: [3029]: info: text\n"},
		{"daemon in the debug file", debugFile, true, line{level: Debug, text: "text"}, "Nov 05 07:11:55 node1 heartbeat: [3029]: debug: text\n"},
		{"daemon on the terminal", terminal, true, line{level: Warn, text: "text"}, "Nov 05 07:11:55 node1 heartbeat: [3029]: WARN: text\n"},
		{"syslogmsgfmt false", logFile, false, line{level: Error, text: "text"}, "heartbeat[3029]: 2026/11/05_07:11:55 ERROR: text\n"},
		{"daemon in syslog", syslogSocket, true, line{level: Info, text: "text"}, "<134>Nov  5 07:11:55 heartbeat: [3029]: info: text"},
		{"daemon CRIT in syslog", syslogSocket, false, line{level: Crit, text: "text"}, "<130>Nov  5 07:11:55 heartbeat: [3029]: CRIT: text"},
		{"script in a file", logFile, true, line{"ResourceManager", "default", Info, "Acquiring resource group: node1 web"}, "2026/11/05_07:11:55  ResourceManager(default)[3029]:    info: Acquiring resource group: node1 web\n"},
		{"script in a file, syslogmsgfmt false", logFile, false, line{"mach_down", "", Info, "x"}, "2026/11/05_07:11:55  mach_down(default)[3029]:    info: x\n"},
		{"script without a level", logFile, true, line{"ip-request-resp", "default", Plain, "received ip-request-resp web OK yes"}, "2026/11/05_07:11:55  ip-request-resp(default)[3029]:    received ip-request-resp web OK yes\n"},
		{"script in the debug file", debugFile, true, line{"ResourceManager", "default", Info, "Running x"}, "ResourceManager(default)[3029]:\t2026/11/05_07:11:55 info: Running x\n"},
		{"script info in syslog is notice", syslogSocket, true, line{"harc", "default", Info, "Running x"}, "<133>Nov  5 07:11:55 harc(default)[3029]: info: Running x"},
		{"script CRIT in syslog is notice", syslogSocket, true, line{"ResourceManager", "", Crit, "Giving up"}, "<133>Nov  5 07:11:55 ResourceManager(default)[3029]: CRIT: Giving up"},
		{"script ERROR in syslog", syslogSocket, true, line{"ResourceManager", "", Error, "Return code 1"}, "<131>Nov  5 07:11:55 ResourceManager(default)[3029]: ERROR: Return code 1"},
		{"agent INFO in syslog", syslogSocket, true, line{"IPaddr", "IPaddr_10.0.0.1", Plain, "INFO: Running OK"}, "<134>Nov  5 07:11:55 IPaddr(IPaddr_10.0.0.1)[3029]: INFO: Running OK"},
		{"daemon in the journal", journal, true, line{level: Error, text: "text"}, "<3>ERROR: text\n"},
		{"daemon in the journal, syslogmsgfmt false", journal, false, line{level: Debug, text: "a\nb"}, "<7>debug: a b\n"},
		{"no level in the journal", journal, true, line{level: Plain, text: "text"}, "<5>text\n"},
		{"script in the journal", journal, true, line{"ResourceManager", "default", Info, "Running x"}, "<6>ResourceManager: info: Running x\n"},
		{"script CRIT in the journal", journal, true, line{"ResourceManager", "", Crit, "Giving up"}, "<2>ResourceManager: CRIT: Giving up\n"},
		{"agent in the journal", journal, true, line{"IPaddr", "IPaddr_10.0.0.1", Plain, "ERROR: no"}, "<3>IPaddr(IPaddr_10.0.0.1): ERROR: no\n"},
	}
	for _, tt := range tests {
		f := &layout{place: tt.place, node: "node1", entity: "heartbeat", pid: 3029, syslogFmt: tt.bsd, facility: facilities["local0"]}
		got := f.daemonLine(sample, tt.line.level, tt.line.text)
		if tt.line.tag != "" {
			got = f.scriptLine(sample, tt.line.tag, tt.line.instance, tt.line.level, tt.line.text)
		}
		if got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	want := []string{"EMERG", "ALERT", "CRIT", "ERROR", "WARN", "notice", "info", "debug"}
	for i, name := range want {
		if got := Level(i).String(); got != name {
			t.Errorf("level %d is %q, want %q", i, got, name)
		}
		if got, ok := ParseLevel(name); !ok || got != Level(i) {
			t.Errorf("ParseLevel(%q) = %v, %v", name, got, ok)
		}
	}
	if _, ok := ParseLevel("loud"); ok {
		t.Error("ParseLevel accepted loud")
	}
	if got := Level(77).String(); got != "unknown" {
		t.Errorf("level 77 is %q", got)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"Enabling logging daemon ", "Enabling logging daemon "},
		{"last newline\n", "last newline"},
		{"one\nNov 05 07:11:55 node1 heartbeat: [1]: info: forged", "one Nov 05 07:11:55 node1 heartbeat: [1]: info: forged"},
		{"a\tb\rc", "a b c"},
		{"\x1b[31mred\x00\x7f", "?[31mred??"},
		{"bad\xffutf8", "bad?utf8"},
		{"nel\u0085ls\u2028", "nel?ls?"},
		{"Zürich", "Zürich"},
		{strings.Repeat("x", 600), strings.Repeat("x", 511)},
		{strings.Repeat("x", 510) + "ü", strings.Repeat("x", 510)},
		{strings.Repeat("x", 509) + "üy", strings.Repeat("x", 509) + "ü"},
	}
	for _, tt := range tests {
		if got := clean(tt.in, textMax); got != tt.want {
			t.Errorf("clean(%.60q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Who gets a debug line, and that one file named twice gets each line once.
func TestDestinations(t *testing.T) {
	t.Parallel()
	for _, debug := range []int{0, 1} {
		dir := t.TempDir()
		var term bytes.Buffer
		c := sampleConfig()
		c.File, c.DebugFile = filepath.Join(dir, "log"), filepath.Join(dir, "debug")
		c.Stderr, c.Debug = &term, debug
		l := Open(c)
		l.Line(Info, "one")
		l.Line(Debug, "two")
		if !l.Close(5 * time.Second) {
			t.Fatal("Close timed out")
		}
		const one = "Nov 05 07:11:55 node1 heartbeat: [3029]: info: one\n"
		const two = "Nov 05 07:11:55 node1 heartbeat: [3029]: debug: two\n"
		wantTerm := one
		if debug > 0 {
			wantTerm += two
		}
		expect(t, c.File, one)
		expect(t, c.DebugFile, one+two)
		if term.String() != wantTerm {
			t.Errorf("debug %d: terminal got %q, want %q", debug, term.String(), wantTerm)
		}
	}

	c := sampleConfig()
	c.File = filepath.Join(t.TempDir(), "log")
	c.DebugFile = c.File
	l := Open(c)
	l.Line(Debug, "both")
	l.Close(5 * time.Second)
	expect(t, c.File, "Nov 05 07:11:55 node1 heartbeat: [3029]: debug: both\n")

	off := sampleConfig()
	off.File, off.DebugFile, off.Facility = os.DevNull, os.DevNull, "kern"
	if n := len(Open(off).sinks); n != 0 {
		t.Errorf("/dev/null and kern opened %d destinations, want none", n)
	}
}

func expect(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q (%v), want %q", filepath.Base(path), got, err, want)
	}
}
