package chaos

import (
	"testing"
	"time"
)

// TestWritten: when a line was written that is read at 3:04:15.5 and was not there at 3:04:05.5, both as zero is.
func TestWritten(t *testing.T) {
	const other = "web[7]: something that bears no time"
	before, read := zero.Add(500*time.Millisecond), zero.Add(10500*time.Millisecond)
	tests := map[string]struct {
		line   string
		clocks []time.Duration
		want   time.Duration // since zero
	}{
		"its own second":          {"heartbeat[12]: 2026/01/02_03:04:09 WARN: node node1: is dead", nil, 4 * time.Second},
		"with syslogmsgfmt":       {"Jan 02 03:04:09 node1 heartbeat: [12]: WARN: node node1: is dead", nil, 4 * time.Second},
		"the second of the look":  {"heartbeat[12]: 2026/01/02_03:04:05 x", nil, 500 * time.Millisecond},
		"no time":                 {other, nil, 500 * time.Millisecond},
		"a time out of the world": {"heartbeat[12]: 2026/13/42_99:04:05 x", nil, 500 * time.Millisecond},
		"a wrong clock":           {"heartbeat[12]: 2026/01/02_04:04:09 x", []time.Duration{time.Hour}, 4 * time.Second},
		"another year":            {"Nov 28 03:04:09 node1 heartbeat: [12]: x", []time.Duration{-24 * time.Hour * 400}, 4 * time.Second},
		"a clock set meanwhile":   {"heartbeat[12]: 2026/01/02_03:04:12 x", []time.Duration{3 * time.Second}, 4 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := written(test.line, before, read, test.clocks).Sub(zero); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// TestLineReadLate: a death that is told in time, and read when all is well again, is no false one.
func TestLineReadLate(t *testing.T) {
	for from, want := range map[time.Duration]string{7100 * time.Millisecond: "", 9500 * time.Millisecond: "false-death"} {
		r := tale(t, "0.1 node1 web: start", "0.2 node1 web: started", "5 node1 stall on", "7.2 node1 stall off", "9.8 node2 log "+dead, "9.9 end -")
		r.Lines[0].From = zero.Add(from)
		if got := rules(Judge(r)); got != want {
			t.Errorf("written %v after the begin: broken %q, want %q", from, got, want)
		}
	}
}
