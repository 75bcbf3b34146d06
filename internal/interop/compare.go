package interop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Comparator compares runs of a scenario, by the rules of this package and a table of log lines.
type Comparator struct{ lines []lineRule }

// NewComparator reads the table of log lines (testdata/interop/lines.txt); its error names the line.
func NewComparator(name, table string) (*Comparator, error) {
	lines, err := parseLines(name, table)
	if err != nil {
		return nil, err
	}
	return &Comparator{lines: lines}, nil
}

// comparison is one comparison going on.
type comparison struct {
	*Comparator
	script       *Script
	judge, other *Observation
	found        []Difference
}

// Compare returns everything in which other was not like judge, the run on C+C. Those with an entry
// are explained, by a rule or by a `differs` of the scenario; the rest are faults.
func (c *Comparator) Compare(s *Script, judge, other *Observation) []Difference {
	cmp := &comparison{Comparator: c, script: s, judge: judge, other: other}
	if len(judge.Segments) != len(other.Segments) {
		cmp.add(-1, "segments", unexplained, fmt.Sprintf("%d segments, %s had %d", len(other.Segments), judge.Pairing, len(judge.Segments)))
		return cmp.found
	}
	for i := range judge.Segments {
		cmp.owners(i)
		for _, node := range Nodes {
			cmp.state(i, node)
			cmp.calls(i, node)
		}
		cmp.times(i)
		cmp.outputs(i)
	}
	for _, node := range Nodes {
		cmp.logs(node)
	}
	cmp.environments()
	cmp.allow()
	slices.SortStableFunc(cmp.found, func(a, b Difference) int { return a.Segment - b.Segment })
	return cmp.found
}

// add notes a difference in a segment, or in the whole run for -1. r is what explains it.
func (c *comparison) add(segment int, what string, r rule, text string) {
	d := Difference{Script: c.script.Name, Pairing: c.other.Pairing, What: what, Text: text, Entry: r.entry, By: r.name}
	if segment >= 0 {
		d.Line, d.Segment = c.other.Segments[segment].Line, segment+1
	}
	c.found = append(c.found, d)
}

// kinds are the software a node had in a segment: more than one where it was exchanged.
func kinds(o *Observation, segment int, node string) (first, last Kind) {
	last = o.Segments[segment].Kinds[node]
	if last == "" {
		last = o.Pairing.Of(node)
	}
	first = o.Pairing.Of(node)
	if segment > 0 {
		if before := o.Segments[segment-1].Kinds[node]; before != "" {
			first = before
		}
	}
	return first, last
}

// is tells whether a node had that software in a segment, at its begin or at its end.
func is(o *Observation, segment int, node string, k Kind) bool {
	first, last := kinds(o, segment, node)
	return first == k || last == k
}

func (c *comparison) owners(i int) {
	want, got := c.judge.Segments[i].Owners, c.other.Segments[i].Owners
	for _, word := range c.script.Resources() {
		if want[word] != got[word] {
			c.add(i, "owner:"+word, unexplained, fmt.Sprintf("%s is at the end on %s, in %s on %s", word, got[word], c.judge.Pairing, want[word]))
		}
	}
}

func (c *comparison) state(i int, node string) {
	want, got := c.judge.Segments[i], c.other.Segments[i]
	if node == Nodes[0] && want.Settled && !got.Settled {
		c.add(i, "unsettled", unexplained, "the cluster did not settle") // nothing allows for that
	}
	if want.State[node] != got.State[node] {
		c.add(i, "state:"+node, unexplained, fmt.Sprintf("%s says %s, in %s %s", node, got.State[node], c.judge.Pairing, want.State[node]))
	}
}

func (c *comparison) outputs(i int) {
	want, got := c.judge.Segments[i].Outputs, c.other.Segments[i].Outputs
	for n := range max(len(want), len(got)) {
		if n >= len(want) || n >= len(got) {
			c.add(i, "output", unexplained, fmt.Sprintf("%d outputs, in %s %d", len(got), c.judge.Pairing, len(want)))
			return
		}
		w, g := want[n], got[n]
		if w.Code == g.Code && w.Text == g.Text {
			continue
		}
		r := c.outputRule(i, w, g)
		if r == noDifference {
			continue
		}
		c.add(i, "output", r, fmt.Sprintf("%s: %s\n  - code %d: %s\n  + code %d: %s", g.Node, g.Command,
			w.Code, indent(w.Text), g.Code, indent(g.Text)))
	}
}

// indent keeps the further lines of a text to the right of its first.
func indent(text string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n      ")
}

// differ is a `differs` of the scenario, with the settle it follows.
type differ struct {
	step   Step
	settle int // line
	entry  int
}

func differs(s *Script) []differ {
	var all []differ
	settle := 0
	for _, st := range s.Steps {
		switch st.Verb {
		case "settle":
			settle = st.Line
		case "differs":
			entry, _ := strconv.Atoi(st.Args[0]) // Parse has looked at it
			all = append(all, differ{step: st, settle: settle, entry: entry})
		}
	}
	return all
}

// covers tells whether a word after `differs N` speaks of a difference.
func covers(word, what string) bool {
	if word == what {
		return true
	}
	kind, rest, ok := strings.Cut(word, ":")
	return ok && rest == "*" && strings.HasPrefix(what, kind+":")
}

// allow explains what the scenario allows for. Rules go first: what they explain needs no `differs`.
func (c *comparison) allow() {
	for i := range c.found {
		d := &c.found[i]
		for _, a := range differs(c.script) {
			// What scripts find around them belongs to no segment: only their first calls are looked at.
			if d.Entry != 0 || a.settle != d.Line && !strings.HasPrefix(d.What, "env:") {
				continue
			}
			for _, word := range a.step.Args[1:] {
				if covers(word, d.allowedAs()) {
					d.Entry, d.By = a.entry, byDiffers(a.step.Line, word)
					break
				}
			}
		}
	}
}

// allowedAs is What as a `differs` has to name it: that a C node complains is never allowed along
// with the other lines of its log.
func (d *Difference) allowedAs() string {
	if node, ok := strings.CutPrefix(d.What, "log:"); ok && strings.HasPrefix(d.Text, complaint) {
		return "complaint:" + node
	}
	return d.What
}

func byDiffers(line int, word string) string { return fmt.Sprintf("differs, line %d: %s", line, word) }

// Unneeded returns a text for each word of each `differs` of a scenario that explained nothing in
// the comparisons of all pairings.
func Unneeded(s *Script, all []Difference) []string {
	used := map[string]bool{}
	for _, d := range all {
		used[d.By] = true
	}
	var idle []string
	for _, a := range differs(s) {
		for _, word := range a.step.Args[1:] {
			if by := byDiffers(a.step.Line, word); !used[by] {
				idle = append(idle, fmt.Sprintf("line %d: differs %d %s: no pairing needs it", a.step.Line, a.entry, word))
			}
		}
	}
	return idle
}
