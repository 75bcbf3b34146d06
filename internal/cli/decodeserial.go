package cli

import (
	"bytes"
	"fmt"

	"heartbeatd/internal/wire"
)

// longestRecording bounds what is read of a file that is no capture: hours of a serial line.
const longestRecording = 64 << 20

// serialMessages is what went over a serial line in a file that holds more than one message, or something before
// it; none if it is one datagram, or not even that.
func serialMessages(data []byte) (messages [][]byte, bad uint64) {
	s := wire.Stream{Max: wire.MaxDatagram}
	s.Use(make([]byte, 0, wire.MaxDatagram+1))
	for rest := data; len(rest) > 0; {
		var m []byte
		if rest, m = s.Feed(rest); m != nil {
			messages = append(messages, bytes.Clone(m))
		}
	}
	if len(messages) == 1 && bytes.HasPrefix(data, messages[0]) || wire.Sniff(data) == wire.Netstring {
		return nil, 0
	}
	return messages, s.Bad
}

// recording shows the messages of a serial line, and says how much of it was none.
func (d *decoder) recording(name string, messages [][]byte, bad uint64) error {
	for i, m := range messages {
		j := judge(d.keys, m)
		j.Packet = i + 1
		if err := d.show(j, name); err != nil {
			return err
		}
	}
	if bad > 0 {
		fmt.Fprintf(d.stderr, "%s: %d messages, %d stretches that are none\n", name, len(messages), bad)
	}
	return nil
}
