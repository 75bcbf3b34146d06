package chaos

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Call is a line of the recorder.
type Call struct {
	At   time.Time
	Node string
	Word string
	What string
	PID  int
}

// What the recorder says. The last is the conductor's: a script was killed, and its resource was not
// there afterwards.
const (
	callStart       = "start"
	callStarted     = "started"
	callStartFailed = "start-failed"
	callStop        = "stop"
	callStopped     = "stopped"
	callStopFailed  = "stop-failed"
	callLied        = "lied"
	callVanished    = "vanished"
)

// parseCall reads "NANOSECONDS NODE WORD WHAT PID".
func parseCall(line string) (Call, error) {
	f := strings.Fields(line)
	if len(f) != 5 {
		return Call{}, fmt.Errorf("recorder: want 5 words: %q", line)
	}
	ns, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return Call{}, fmt.Errorf("recorder: %w", err)
	}
	pid, err := strconv.Atoi(f[4])
	if err != nil {
		return Call{}, fmt.Errorf("recorder: %w", err)
	}
	return Call{At: time.Unix(0, ns), Node: f[1], Word: f[2], What: f[3], PID: pid}, nil
}

// Span is one node's time with a resource. What did not happen is zero.
type Span struct {
	Node, Word string
	Start      time.Time // the start script began
	Started    time.Time // and ended well
	Stop       time.Time // the stop script began, or the power went
	Stopped    time.Time // and ended well, or the power went
}

// runs says whether the resource surely ran at a time.
func (s Span) runs(t time.Time) bool {
	return !s.Started.IsZero() && !s.Started.After(t) && (s.Stop.IsZero() || s.Stop.After(t))
}

// perhaps says whether it may have run at a time.
func (s Span) perhaps(t time.Time) bool {
	return !s.Start.After(t) && (s.Stopped.IsZero() || s.Stopped.After(t))
}

// spans sorts what the scripts said into times of ownership. A host without power has nothing: what
// its scripts wrote while it was being switched off does not count.
func (r *Record) spans() []Span {
	calls := append([]Call{}, r.Calls...)
	sort.SliceStable(calls, func(i, j int) bool { return calls[i].At.Before(calls[j].At) })
	off := map[string][]Change{}
	for _, c := range r.Changes {
		if c.Fact == factPower {
			off[c.Node] = append(off[c.Node], c)
		}
	}
	var all []Span
	open := map[string]int{} // node and word to the index of its span + 1
	powerCut := func(node string, at time.Time) {
		for key, i := range open {
			if !strings.HasPrefix(key, node+" ") || i == 0 {
				continue
			}
			s := &all[i-1]
			if s.Stop.IsZero() {
				s.Stop = at
			}
			s.Stopped = at
			open[key] = 0
		}
	}
	for _, c := range calls {
		powered := true
		for len(off[c.Node]) > 0 && !off[c.Node][0].Begin.After(c.At) {
			p := off[c.Node][0]
			if p.Value == "off" {
				powerCut(c.Node, p.Begin)
				if next := off[c.Node]; len(next) == 1 || next[1].End.After(c.At) {
					powered = false
					break
				}
			}
			off[c.Node] = off[c.Node][1:]
		}
		if !powered {
			continue
		}
		key := c.Node + " " + c.Word
		if i := open[key]; i > 0 {
			if all[i-1].note(c) {
				open[key] = 0
			}
		} else if c.What == callStart || c.What == callStarted {
			s := Span{Node: c.Node, Word: c.Word, Start: c.At}
			s.note(c)
			all = append(all, s)
			open[key] = len(all)
		}
	}
	for node, left := range off {
		for _, p := range left {
			if p.Value == "off" {
				powerCut(node, p.Begin)
			}
		}
	}
	return all
}

// note fills the edge that a call is, and says whether the span is over. The first start and the last
// stop count; a stop that failed is none. A start that failed leaves nothing behind, unless the resource ran already.
func (s *Span) note(c Call) (over bool) {
	switch c.What {
	case callStarted:
		if s.Started.IsZero() {
			s.Started = c.At
		}
	case callStop:
		if s.Stop.IsZero() {
			s.Stop = c.At
		}
	case callStopFailed:
		s.Stop = time.Time{} // it ran all the time
	case callStopped, callVanished:
		if s.Stop.IsZero() {
			s.Stop = c.At
		}
		s.Stopped = c.At
		return true
	case callStartFailed:
		if s.Started.IsZero() {
			s.Stop, s.Stopped = c.At, c.At
			return true
		}
	case callStart: // started again before a stop had ended well: it runs on
		if !s.Stop.IsZero() && !s.Started.IsZero() {
			s.Stop = time.Time{}
		}
	}
	return false
}
