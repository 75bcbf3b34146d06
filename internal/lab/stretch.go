package lab

import (
	"sort"
	"time"
)

// Stretch is a time in which all answers came from one server.
type Stretch struct {
	Server      string
	First, Last time.Time // answers
	Answers     int
}

// Stretches tells who served when. Fetches are ordered by their begin: a slow answer of the old
// server is no return to it, but one to a fetch begun after the new server's is.
func Stretches(fetches []Fetch) []Stretch {
	ordered := append([]Fetch(nil), fetches...)
	sort.SliceStable(ordered, func(i, j int) bool { return ordered[i].Began.Before(ordered[j].Began) })
	var all []Stretch
	for _, f := range ordered {
		if f.Server == "" {
			continue
		}
		if n := len(all); n == 0 || all[n-1].Server != f.Server {
			all = append(all, Stretch{Server: f.Server, First: f.Ended, Last: f.Ended})
		}
		s := &all[len(all)-1]
		s.Answers++
		if f.Ended.Before(s.First) {
			s.First = f.Ended
		}
		if f.Ended.After(s.Last) {
			s.Last = f.Ended
		}
	}
	return all
}

// Silence is the longest time between two answers that touches the time from..until, and how many
// fetches begun in it failed.
func Silence(fetches []Fetch, from, until time.Time) (longest time.Duration, failed int) {
	var answers []time.Time
	for _, f := range fetches {
		if f.Server != "" {
			answers = append(answers, f.Ended)
		} else if f.Began.After(from) && f.Began.Before(until) {
			failed++
		}
	}
	sort.Slice(answers, func(i, j int) bool { return answers[i].Before(answers[j]) })
	for i := 1; i < len(answers); i++ {
		if answers[i].After(from) && answers[i-1].Before(until) {
			longest = max(longest, answers[i].Sub(answers[i-1]))
		}
	}
	return longest, failed
}
