package lab

import (
	"regexp"
	"strings"
)

// garbled is what 3.0.6 says when it could not read its own FIFO. Its shell scripts write a message in
// pieces, and the pieces of two that write at once mix: both messages are lost before they leave the node.
var garbled = regexp.MustCompile(`Message with zero fields|NV failure \(msgfromsteam\)`)

// Garbled says whether a line of a C node's ha-log tells that it lost a message of its own: the node
// may then stay in transition for ever, alone or beside another C node just the same.
func Garbled(line string) bool { return garbled.MatchString(line) }

// Spoiled is what a C node of the lab said of a message of its own that it lost, "" if none did.
func (l *Lab) Spoiled() string {
	for _, h := range l.all() {
		log, _ := h.ReadFile("/var/log/ha-log")
		for line := range strings.Lines(log) {
			if Garbled(line) {
				return h.Name + " is a C node and said: " + strings.TrimSpace(line)
			}
		}
	}
	return ""
}

// Genuine tells whether a host of the lab is, or was, a C node.
func (l *Lab) Genuine() bool { return l.genuine.Load() }
