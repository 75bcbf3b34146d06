package lab

import "regexp"

// garbled is what 3.0.6 says when it could not read its own FIFO. Its shell scripts write a message in
// pieces, and the pieces of two that write at once mix: both messages are lost before they leave the node.
var garbled = regexp.MustCompile(`Message with zero fields|NV failure \(msgfromsteam\)`)

// Garbled says whether a line of a C node's ha-log tells that it lost a message of its own: the node
// may then stay in transition for ever, alone or beside another C node just the same.
func Garbled(line string) bool { return garbled.MatchString(line) }
