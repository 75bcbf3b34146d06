package halog

import "github.com/sirupsen/logrus"

// Level is the weight of a line. Its number is the severity of syslog, its text what 3.0.6 prints.
type Level uint8

// Levels, gravest first. Plain prints no level word at all: some script lines have none.
const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
	Plain
)

var levelNames = [...]string{"EMERG", "ALERT", "CRIT", "ERROR", "WARN", "notice", "info", "debug", ""}

func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "unknown"
}

// ParseLevel returns the level with that text, exactly as printed; ok is false for any other.
func ParseLevel(text string) (level Level, ok bool) {
	for i, name := range levelNames {
		if name == text && name != "" {
			return Level(i), true
		}
	}
	return Info, false
}

// prefix is what stands before the text of a line.
func (l Level) prefix() string {
	if l == Plain {
		return ""
	}
	return l.String() + ": "
}

// logrus returns the nearest level of logrus. Fatal and Panic are avoided: the meaning they
// have for logrus (end the process) must never come with a line.
func (l Level) logrus() logrus.Level {
	switch {
	case l <= Error:
		return logrus.ErrorLevel
	case l == Warn:
		return logrus.WarnLevel
	case l == Debug:
		return logrus.DebugLevel
	}
	return logrus.InfoLevel
}
