package duel

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// processLog is what processes did, in order of time.
type processLog []processEvent

func (l processLog) sort() {
	slices.SortStableFunc(l, func(a, b processEvent) int { return int(min(max(a.at-b.at, -1), 1)) })
}

// span is a time from a moment to another, in nanoseconds.
type span struct{ from, to int64 }

// scripts are the times in which scripts of these names ran: from the moment in which a process became the
// script to its end, whatever it became in between. One that never ended runs to the end of the log.
// Only those of descendants of the given processes count; nil is all.
func (l processLog) scripts(names []string, of map[int]bool) []span {
	var all []span
	parent, open := map[int]int{}, map[int]int64{}
	last := int64(0)
	for _, e := range l {
		last = e.at
		switch e.kind {
		case unix.PERF_RECORD_FORK:
			parent[e.pid] = e.parent
			delete(open, e.pid)
		case unix.PERF_RECORD_COMM:
			if _, runs := open[e.pid]; !runs && slices.Contains(names, e.name) && descends(e.pid, parent, of) {
				open[e.pid] = e.at
			}
		case unix.PERF_RECORD_EXIT:
			if from, runs := open[e.pid]; runs {
				all = append(all, span{from, e.at})
				delete(open, e.pid)
			}
		}
	}
	for _, from := range open {
		all = append(all, span{from, last})
	}
	slices.SortFunc(all, func(a, b span) int { return int(min(max(a.from-b.from, -1), 1)) })
	return all
}

// program is the life of what a process brought into a host: nsenter, with which it begins, forks, and the child
// becomes the program.
func (l processLog) program(through int) (span, error) {
	child := -1
	var life span
	for _, e := range l {
		switch {
		case e.kind == unix.PERF_RECORD_FORK && e.parent == through && child < 0:
			child = e.pid
		case e.kind == unix.PERF_RECORD_COMM && e.pid == child && life.from == 0:
			life.from = e.at
		case e.kind == unix.PERF_RECORD_EXIT && e.pid == child && life.from != 0:
			life.to = e.at
			return life, nil
		}
	}
	return life, fmt.Errorf("the kernel did not tell of the program that process %d brought into the host", through)
}

// begun is when the script began that said something at a time: it is the last of that name before.
func (l processLog) begun(name string, said int64, of map[int]bool) (at int64, err error) {
	for _, s := range l.scripts([]string{name}, of) {
		if s.from <= said {
			at = s.from
		}
	}
	if at == 0 {
		err = fmt.Errorf("the kernel did not tell of the script %s", name)
	}
	return at, err
}

func descends(pid int, parent map[int]int, of map[int]bool) bool {
	if of == nil {
		return true
	}
	for range 64 {
		if of[pid] {
			return true
		}
		up, known := parent[pid]
		if !known {
			return false
		}
		pid = up
	}
	return false
}

// within is how much of the time from..to is covered by the spans, overlaps counted once.
func within(spans []span, from, to int64) time.Duration {
	sum, done := int64(0), from
	for _, s := range spans {
		begin, end := max(s.from, done), min(s.to, to)
		if end > begin {
			sum += end - begin
			done = end
		}
	}
	return time.Duration(sum)
}

// residents are the processes of the namespace of pid, as this program numbers them.
func residents(pid int) map[int]bool {
	all := map[int]bool{}
	own, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/pid")
	if err != nil {
		return all
	}
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		n, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		if there, err := os.Readlink("/proc/" + d.Name() + "/ns/pid"); err == nil && there == own {
			all[n] = true
		}
	}
	return all
}
