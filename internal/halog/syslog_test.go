package halog

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func listenSyslog(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestSyslog(t *testing.T) {
	t.Parallel()
	c := sampleConfig()
	c.Facility = "daemon"
	c.SyslogPath = filepath.Join(t.TempDir(), "log")
	l := open(c, eager)
	defer l.Close(time.Second)

	l.Line(Error, "too early")
	flushed(t, l)
	conn := listenSyslog(t, c.SyslogPath)
	l.Line(Info, "one")
	got := receive(t, conn)
	if !strings.HasPrefix(got, "<28>Nov  5 07:11:55 heartbeat: [3029]: WARN: 1 log lines were lost: syslog: ") {
		t.Errorf("report of the lost line: %q", got)
	}
	if got := receive(t, conn); got != "<30>Nov  5 07:11:55 heartbeat: [3029]: info: one" {
		t.Errorf("line: %q", got)
	}
	l.Script("harc", "default", Info, "Running x")
	if got := receive(t, conn); got != "<29>Nov  5 07:11:55 harc(default)[3029]: info: Running x" {
		t.Errorf("script line: %q", got)
	}
	l.Line(Debug, "hidden")
	flushed(t, l)

	// The syslog daemon is restarted: no line is lost by it.
	conn.Close()
	os.Remove(c.SyslogPath)
	conn = listenSyslog(t, c.SyslogPath)
	l.Line(Info, "two")
	if got := receive(t, conn); !strings.HasSuffix(got, "info: two") {
		t.Errorf("after the restart: %q", got)
	}
	if l.Lost() != 1 {
		t.Errorf("Lost = %d, want 1", l.Lost())
	}
}

// A syslog daemon that has stopped reading costs lines and no time of the caller.
func TestSyslogStuck(t *testing.T) {
	t.Parallel()
	c := sampleConfig()
	c.Facility = "local7"
	c.SyslogPath = filepath.Join(t.TempDir(), "log")
	listenSyslog(t, c.SyslogPath)
	tune := eager
	tune.send = 10 * time.Millisecond
	l := open(c, tune)
	defer l.Close(time.Second)
	for range 100 { // a Unix socket holds ten by itself, or 512 where systemd has set it so
		for range 50 { // fewer than the queue of ours
			l.Line(Info, strings.Repeat("x", 400))
		}
		flushed(t, l)
		if l.Lost() > 0 {
			return
		}
	}
	t.Error("a socket that nobody reads took 5000 lines")
}

func TestSyslogStream(t *testing.T) {
	t.Parallel()
	c := sampleConfig()
	c.Facility = "user"
	c.SyslogPath = filepath.Join(t.TempDir(), "log")
	ln, err := net.Listen("unix", c.SyslogPath)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l := open(c, eager)
	l.Line(Info, "one")
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	flushed(t, l)
	l.Close(time.Second)
	buf := make([]byte, 256)
	n, _ := conn.Read(buf)
	if got := string(buf[:n]); got != "<14>Nov  5 07:11:55 heartbeat: [3029]: info: one\x00" {
		t.Errorf("got %q", got)
	}
}

func TestFacilities(t *testing.T) {
	t.Parallel()
	want := map[string]int{"auth": 4, "authpriv": 10, "cron": 9, "daemon": 3, "ftp": 11, "lpr": 6,
		"mail": 2, "news": 7, "syslog": 5, "user": 1, "uucp": 8, "local0": 16, "local7": 23, "security": 4}
	for name, n := range want {
		if facilities[name] != n {
			t.Errorf("%s is %d, want %d", name, facilities[name], n)
		}
	}
	for _, off := range []string{"", "none", "kern", "LOCAL0"} {
		if _, ok := facilities[off]; ok {
			t.Errorf("%q opens syslog", off)
		}
	}
}
