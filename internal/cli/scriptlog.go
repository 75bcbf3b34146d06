package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"heartbeatd/internal/halog"
)

// scriptLog is ha_log of 3.0.6's scripts: where the daemon's environment says so, else on stderr.
type scriptLog struct {
	name   string
	env    func(string) string
	stderr io.Writer
	now    func() time.Time
	log    *halog.Log // nil: stderr
}

func (m machine) scriptLog(name string, env func(string) string, stderr io.Writer) *scriptLog {
	l := &scriptLog{name: name, env: env, stderr: stderr, now: m.now}
	c := halog.Config{File: env("HA_LOGFILE"), DebugFile: env("HA_DEBUGLOG"), Facility: env("HA_LOGFACILITY"), PID: m.pid}
	if off(c.File) && (c.Facility == "" || c.Facility == "none") {
		return l
	}
	l.log = halog.Open(c)
	return l
}

func off(path string) bool { return path == "" || path == os.DevNull }

func (l *scriptLog) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if l.log == nil {
		fmt.Fprintf(l.stderr, "%s %s\n", l.now().Format("Jan 02 15:04:05"), text)
		return
	}
	l.log.Script(l.name, "default", halog.Plain, text)
}

func (l *scriptLog) close() {
	if l.log != nil {
		l.log.Close(2 * time.Second)
	}
}
