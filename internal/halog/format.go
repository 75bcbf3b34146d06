package halog

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sirupsen/logrus"
)

const (
	// textMax is where 3.0.6 cuts the text of a daemon line, in bytes.
	textMax = 511
	// scriptMax bounds the text of a script line, in bytes. 3.0.6 has no limit there; the
	// queue needs one.
	scriptMax = 2048
)

// ownEntity is the name in the daemon's own lines.
const ownEntity = "heartbeat"

// Fields of a logrus entry that the formatters read.
const (
	fieldLevel    = "level"    // Level
	fieldTag      = "tag"      // string; a script line has one
	fieldInstance = "instance" // string
	fieldEntity   = "entity"   // string; of a line of a part of the daemon that is a program of its own in 3.0.6
	fieldPID      = "pid"      // int; of a script line whose process is not this one
)

// place is a kind of destination; each has its own form of a line.
type place uint8

const (
	logFile place = iota
	debugFile
	terminal
	journal // stderr that systemd reads
	syslogSocket
	logDaemon
)

// layout formats entries for one destination. It implements logrus.Formatter.
type layout struct {
	place     place
	node      string // uname -n
	entity    string // heartbeat
	pid       int
	syslogFmt bool // syslogmsgfmt
	facility  int  // number of the facility, for syslog
}

// Format implements logrus.Formatter. It never fails.
func (f *layout) Format(e *logrus.Entry) ([]byte, error) {
	level, _ := e.Data[fieldLevel].(Level)
	tag, isScript := e.Data[fieldTag].(string)
	if entity, ok := e.Data[fieldEntity].(string); ok && !isScript {
		return []byte(f.of(entity).daemonLine(e.Time, level, e.Message)), nil
	}
	if !isScript {
		return []byte(f.daemonLine(e.Time, level, e.Message)), nil
	}
	instance, _ := e.Data[fieldInstance].(string)
	if pid, ok := e.Data[fieldPID].(int); ok {
		other := *f
		other.pid, f = pid, &other
	}
	return []byte(f.scriptLine(e.Time, tag, instance, level, e.Message)), nil
}

// of is the form of the lines of a part of the daemon.
func (f *layout) of(entity string) *layout {
	other := *f
	other.entity = entity
	return &other
}

// daemonLine is a line of the daemon itself, with its newline except for syslog.
func (f *layout) daemonLine(at time.Time, level Level, text string) string {
	text = level.prefix() + clean(text, textMax)
	switch {
	case f.place == journal:
		if level == Plain {
			level = Notice
		}
		return fmt.Sprintf("<%d>%s%s\n", level, f.journalName(), text)
	case f.place == syslogSocket:
		if level == Plain {
			level = Notice
		}
		return fmt.Sprintf("<%d>%s %s: [%d]: %s", f.facility<<3|int(level), at.Format(time.Stamp), f.entity, f.pid, text)
	case f.syslogFmt:
		return fmt.Sprintf("%s %s %s: [%d]: %s\n", at.Format("Jan 02 15:04:05"), f.node, f.entity, f.pid, text)
	}
	return fmt.Sprintf("%s[%d]: %s %s\n", f.entity, f.pid, at.Format(scriptStamp), text)
}

// journalName is what the journal does not know by itself.
func (f *layout) journalName() string {
	if f.entity == ownEntity {
		return ""
	}
	return f.entity + ": "
}

// scriptStamp is HA_DATEFMT in Go's words.
const scriptStamp = "2006/01/02_15:04:05"

// scriptLine is a line as a script of 3.0.6 writes it: ResourceManager(default)[3046].
func (f *layout) scriptLine(at time.Time, tag, instance string, level Level, text string) string {
	text = level.prefix() + clean(text, scriptMax)
	if f.place == journal {
		return journalScriptLine(clean(tag, 128), clean(instance, 128), level, text)
	}
	tag = scriptTag(tag, instance, f.pid) + ":"
	switch f.place {
	case syslogSocket:
		return fmt.Sprintf("<%d>%s %s %s", f.facility<<3|scriptSeverity(text), at.Format(time.Stamp), tag, text)
	case debugFile:
		return fmt.Sprintf("%s\t%s %s\n", tag, at.Format(scriptStamp), text)
	}
	return fmt.Sprintf("%s  %s    %s\n", at.Format(scriptStamp), tag, text)
}

func scriptTag(tag, instance string, pid int) string {
	tag, instance = clean(tag, 128), cmp.Or(clean(instance, 128), "default")
	return fmt.Sprintf("%s(%s)[%d]", tag, instance, pid)
}

// journalScriptLine leaves out what the journal knows by itself. The severity is the level's own,
// so that "journalctl -p err" shows what is grave.
func journalScriptLine(tag, instance string, level Level, text string) string {
	severity := int(level)
	if level == Plain {
		severity = scriptSeverity(text)
	}
	if instance != "" && instance != "default" {
		tag += "(" + instance + ")"
	}
	return fmt.Sprintf("<%d>%s: %s\n", severity, tag, text)
}

// scriptSeverity is the choice of 3.0.6's shell function: it looks for upper-case words, so that
// "info:" and "CRIT:" both end up as notice.
func scriptSeverity(text string) int {
	switch {
	case strings.Contains(text, "ERROR"):
		return int(Error)
	case strings.Contains(text, "WARN"):
		return int(Warn)
	case strings.Contains(text, "INFO"):
		return int(Info)
	}
	return int(Notice)
}

// clean makes text one printable line of at most limit bytes, so that nobody can forge a line of
// the log by what he sends: line ends and tabs become blanks, other control characters and
// bytes that are not UTF-8 become question marks. A cut never splits a character.
func clean(text string, limit int) string {
	text = strings.TrimRight(text, "\r\n")
	if len(text) > limit {
		text = text[:limit]
		for i := len(text) - 1; i >= 0 && i >= len(text)-utf8.UTFMax; i-- {
			if utf8.RuneStart(text[i]) {
				if !utf8.FullRuneInString(text[i:]) {
					text = text[:i]
				}
				break
			}
		}
	}
	if printable(text) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			out = append(out, ' ')
		case isControl(r) || r == utf8.RuneError && size == 1:
			out = append(out, '?')
		default:
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return string(out)
}

func printable(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// isControl knows C0, DEL, C1 and the two Unicode line ends that some viewers obey.
func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}
