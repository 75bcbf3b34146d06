package interop

import (
	"regexp"
	"strings"
	"time"
)

// 3.0.6 writes two kinds of lines to ha-log, its daemon's and its scripts':
//
//	Nov 22 07:11:55 node1 heartbeat: [3029]: info: text
//	2026/11/22_07:12:05  harc(default)[3046]:    info: text
//
// The other order of the second, tag first, is what its scripts write where there is only a debug log.
var (
	daemonLine = regexp.MustCompile(`^(\w{3} \d\d \d\d:\d\d:\d\d) \S+ (\S+?): \[\d+\]: (.*)$`)
	scriptLine = regexp.MustCompile(`^(\d{4}/\d\d/\d\d_\d\d:\d\d:\d\d)\s+(\S+?)(?:\[\d+\])?:\s*(.*)$`)
	taggedLine = regexp.MustCompile(`^(\S+?)(?:\[\d+\])?:\s+(\d{4}/\d\d/\d\d_\d\d:\d\d:\d\d)\s*(.*)$`)
	levelWord  = regexp.MustCompile(`^(info|INFO|notice|WARN|WARNING|ERROR|CRIT|EMERG|ALERT|debug): (.*)$`)
)

// parseLog reads ha-log; a line of neither kind has only its text.
func parseLog(text string) []LogLine {
	var lines []LogLine
	for _, raw := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if raw == "" {
			continue
		}
		l := LogLine{Text: raw}
		if m := daemonLine.FindStringSubmatch(raw); m != nil {
			l.At, _ = time.ParseInLocation("2006 Jan 02 15:04:05", time.Now().Format("2006 ")+m[1], time.Local)
			l.Entity, l.Text = m[2], m[3]
		} else if m := scriptLine.FindStringSubmatch(raw); m != nil {
			l.At, _ = time.ParseInLocation("2006/01/02_15:04:05", m[1], time.Local)
			l.Entity, l.Text = m[2], m[3]
		} else if m := taggedLine.FindStringSubmatch(raw); m != nil {
			l.At, _ = time.ParseInLocation("2006/01/02_15:04:05", m[2], time.Local)
			l.Entity, l.Text = m[1], m[3]
		}
		if m := levelWord.FindStringSubmatch(l.Text); m != nil {
			l.Level, l.Text = m[1], m[2]
		}
		lines = append(lines, l)
	}
	return lines
}
