package interop

import (
	"fmt"
	"maps"
	"slices"
)

// logs compares what a node wrote to ha-log: the sets of each segment, then the order of what
// causes what.
func (c *comparison) logs(node string) {
	want, got := lineSets(c.judge, node), lineSets(c.other, node)
	missing, extra := lacking(want, got), lacking(got, want)
	forgiveNeighbours(missing, extra)
	for i := range missing {
		for _, l := range missing[i] {
			c.line(i, node, '-', l)
		}
		for _, l := range extra[i] {
			c.line(i, node, '+', l)
		}
		c.order(i, node)
		c.often(i, node)
	}
}

// lineSets are the lines of each segment, each once.
func lineSets(o *Observation, node string) [][]LogLine {
	sets := make([][]LogLine, len(o.Segments))
	for i, s := range o.Segments {
		seen := map[string]bool{}
		for _, l := range s.Log[node] {
			if key := l.normal(); !seen[key] {
				seen[key] = true
				sets[i] = append(sets[i], l)
			}
		}
	}
	return sets
}

func has(lines []LogLine, l LogLine) bool {
	return slices.ContainsFunc(lines, func(m LogLine) bool { return m.normal() == l.normal() })
}

// lacking are the lines of each segment of a which the same segment of b lacks.
func lacking(a, b [][]LogLine) [][]LogLine {
	left := make([][]LogLine, len(a))
	for i := range a {
		left[i] = slices.DeleteFunc(slices.Clone(a[i]), func(l LogLine) bool { return has(b[i], l) })
	}
	return left
}

// forgiveNeighbours pairs what one run wrote in a segment and the other in the one before or after:
// a segment ends when nothing moves, and a line that follows later (a link that is found dead, a
// stopped node whose deadtime ends) falls on either side.
func forgiveNeighbours(missing, extra [][]LogLine) {
	for i := range missing {
		for _, j := range []int{i - 1, i + 1} {
			if j < 0 || j >= len(extra) {
				continue
			}
			for _, l := range slices.Clone(missing[i]) {
				if has(extra[j], l) {
					missing[i], extra[j] = less(missing[i], l), less(extra[j], l)
				}
			}
		}
	}
}

func less(lines []LogLine, l LogLine) []LogLine {
	return slices.DeleteFunc(slices.Clone(lines), func(m LogLine) bool { return m.normal() == l.normal() })
}

// complaint begins the text of a line that would worry the operator of a C node.
const complaint = "a C node complains: "

// line notes a line that only the judge ('-') or only the other run ('+') has.
func (c *comparison) line(i int, node string, sign byte, l LogLine) {
	allowed := c.lineRule(i, node, sign, l.normal())
	if allowed == nil {
		r := c.passRule(i, node, sign, l)
		allowed = &r
	}
	if *allowed == noDifference {
		return
	}
	text := fmt.Sprintf("%c %s", sign, l.normal())
	if *allowed == unexplained && sign == '+' && is(c.judge, i, node, C) && is(c.other, i, node, C) && l.complains() {
		text = complaint + text
	}
	c.add(i, "log:"+node, *allowed, text)
}

// manyTimes and timesMore are how often a line may come in a segment, and how many times as often
// as in C+C: a daemon that goes on repeating itself has not found its peace.
const manyTimes, timesMore = 10, 3

// often notes lines that come again and again, and did not in C+C.
func (c *comparison) often(i int, node string) {
	want, got := count(c.judge.Segments[i].Log[node]), count(c.other.Segments[i].Log[node])
	for _, line := range slices.Sorted(maps.Keys(got)) {
		if got[line] <= manyTimes || got[line] <= timesMore*want[line] {
			continue
		}
		r := unexplained
		if allowed := c.lineRule(i, node, '+', line); allowed != nil && (want[line] == 0 || *allowed == noDifference) {
			r = *allowed
		}
		if r != noDifference {
			c.add(i, "often:"+node, r, fmt.Sprintf("%d times, in %s %d: %s", got[line], c.judge.Pairing, want[line], line))
		}
	}
}

func count(lines []LogLine) map[string]int {
	times := map[string]int{}
	for _, l := range lines {
		times[l.normal()]++
	}
	return times
}

// order checks that what causes what comes in the order it has in C+C, where both runs have both.
func (c *comparison) order(i int, node string) {
	want, got := firsts(c.judge.Segments[i].Log[node]), firsts(c.other.Segments[i].Log[node])
	for _, pair := range causes {
		for before, w1 := range want {
			first := pair.before.FindStringSubmatch(before)
			g1, ok := got[before]
			if first == nil || !ok {
				continue
			}
			for after, w2 := range want {
				second := pair.after.FindStringSubmatch(after)
				g2, ok := got[after]
				if second == nil || !ok || !agree(first[1:], second[1:]) || w1 > w2 || g1 < g2 {
					continue
				}
				r := unexplained
				if is(c.other, i, node, H) {
					r = pair.unless
				}
				c.add(i, "log:"+node, r, fmt.Sprintf("wrong order on %s: %q before %q", node, after, before))
			}
		}
	}
}

// firsts has where each line comes first.
func firsts(lines []LogLine) map[string]int {
	at := map[string]int{}
	for i, l := range lines {
		if key := l.normal(); at[key] == 0 {
			at[key] = i + 1
		}
	}
	return at
}

// agree compares what two patterns have caught, as far as both have.
func agree(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}
