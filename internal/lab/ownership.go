package lab

import (
	"fmt"
	"time"
)

// Span is one node's time with a resource. Its edges are zero for what did not happen.
type Span struct {
	Node    string
	Start   time.Time // the start script began
	Started time.Time // and ended well: from now on there is service
	Stop    time.Time // the stop script began, or the power went
	Stopped time.Time // and ended well, or the power went
}

// History is who had a resource, in order of time.
type History struct {
	Resource string
	Spans    []Span
}

// Ownership turns events into the history of one resource.
func Ownership(events []Event, resource string) History {
	h := History{Resource: resource}
	open := map[string]int{} // host to the index of its span + 1
	for _, e := range events {
		i := open[e.Host] - 1
		if e.What == EventPower && i >= 0 {
			s := &h.Spans[i]
			if s.Stop.IsZero() {
				s.Stop = e.At
			}
			s.Stopped = e.At
			open[e.Host] = 0
		}
		if e.Resource != resource {
			continue
		}
		if e.What == EventStart && i < 0 {
			h.Spans = append(h.Spans, Span{Node: e.Host, Start: e.At})
			open[e.Host] = len(h.Spans)
		}
		if i >= 0 {
			h.Spans[i].note(e)
			if e.What == EventStopped {
				open[e.Host] = 0
			}
		}
	}
	return h
}

// note fills the edge that e is. Repeated starts and stops of what is there already change
// nothing: the first start and the last stop count.
func (s *Span) note(e Event) {
	switch {
	case e.What == EventStarted && s.Started.IsZero():
		s.Started = e.At
	case e.What == EventStop && s.Stop.IsZero():
		s.Stop = e.At
	case e.What == EventStopped:
		s.Stopped = e.At
	}
}

// Overlap is a time in which two nodes may both have had a resource.
type Overlap struct {
	First, Second string
	From          time.Time
	For           time.Duration
}

func (o Overlap) String() string {
	return fmt.Sprintf("%s and %s both had it for %v from %s", o.First, o.Second, o.For, o.From.Format("15:04:05.000"))
}

// Overlaps are all times with two owners, counted severely: a node has a resource from the moment
// its start begins until its stop has ended. now ends the spans that are still open.
func (h History) Overlaps(now time.Time) []Overlap {
	var found []Overlap
	for i, a := range h.Spans {
		for _, b := range h.Spans[i+1:] {
			if a.Node == b.Node {
				continue
			}
			from, until := b.Start, earlier(ending(a.Stopped, now), ending(b.Stopped, now))
			if until.After(from) {
				found = append(found, Overlap{First: a.Node, Second: b.Node, From: from, For: until.Sub(from)})
			}
		}
	}
	return found
}

// Gap is a time without service.
type Gap struct {
	Before, After string // who served before and after
	From          time.Time
	For           time.Duration
}

// Gaps are all times without service between the first service and the last, counted severely:
// there is service from the end of a start until the begin of a stop.
func (h History) Gaps() []Gap {
	var found []Gap
	var covered time.Time
	var before string
	for _, s := range h.Spans {
		if s.Started.IsZero() {
			continue
		}
		if before != "" && s.Started.After(covered) {
			found = append(found, Gap{Before: before, After: s.Node, From: covered, For: s.Started.Sub(covered)})
		}
		end := ending(s.Stop, time.Unix(1<<40, 0))
		if before == "" || end.After(covered) {
			covered, before = end, s.Node
		}
	}
	return found
}

// Owners are the nodes that have the resource at the end.
func (h History) Owners() []string {
	var owners []string
	for _, s := range h.Spans {
		if !s.Started.IsZero() && s.Stop.IsZero() {
			owners = append(owners, s.Node)
		}
	}
	return owners
}

func ending(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
