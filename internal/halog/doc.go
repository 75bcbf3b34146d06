// Package halog writes ha-log: the line formats of Heartbeat 3.0.6 in the log file, the debug
// file, syslog and the terminal.
//
// Logrus carries every line: each destination is a hook with a formatter of its own and a
// bounded queue that a goroutine empties. [Log.Line] therefore never waits for a disk, for
// syslog or for a terminal. What a destination cannot take is lost for that destination, counted,
// and reported in it with one line as soon as it works again; nothing else suffers.
package halog
