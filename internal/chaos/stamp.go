package chaos

import (
	"regexp"
	"strings"
	"time"
)

// readLog takes the new lines of ha-log.
func (n *node) readLog() {
	before := n.logRead
	n.logRead = time.Now()
	for _, text := range n.log.Lines() {
		now := time.Now()
		if text = strings.TrimLeft(text, "x"); text != "" { // what filled the disk
			n.c.r.Lines = append(n.c.r.Lines, Line{written(text, before, now, n.clocks), now, n.name, text})
		}
	}
}

// logStamp is the time in a line of ha-log, to the second.
var logStamp = regexp.MustCompile(`\d{4}/\d\d/\d\d_\d\d:\d\d:\d\d|^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d`)

// written is the earliest moment at which a line may have been written: it was not there when the log was read
// before, and it bears a time. A line may be read much later, while a step takes its time. The clock
// of the daemon may be wrong by any of clocks, and its zone another one.
func written(line string, before, read time.Time, clocks []time.Duration) time.Time {
	word := logStamp.FindString(line)
	if word == "" {
		return before
	}
	first := time.Time{}
	for _, zone := range []*time.Location{time.UTC, time.Local} {
		for _, by := range append([]time.Duration{0}, clocks...) {
			at, err := time.ParseInLocation("2006/01/02_15:04:05", word, zone)
			if err != nil { // the year is not said, and the wrong clock may be in another one
				at, _ = time.ParseInLocation("2006 Jan 02 15:04:05", read.Add(by).In(zone).Format("2006 ")+word, zone)
			}
			at = at.Add(-by)
			if at.After(before.Add(-time.Second)) && !at.After(read) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	if first.Before(before) {
		return before
	}
	return first
}
