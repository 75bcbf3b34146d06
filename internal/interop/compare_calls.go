package interop

import (
	"fmt"
	"slices"
	"strings"
)

// Calls are compared group by group: 3.0.6 goes through the groups one after another, heartbeatd
// side by side. `status` changes nothing and is compared apart, as a set.

// word is the resource of a call, as in haresources.
func (c Call) word() string { return strings.Join(append([]string{c.Name}, c.Args...), "::") }

// acts tells whether a call is a start or a stop.
func (c Call) acts() bool { return c.Action != "status" }

// idle says that a call changed nothing: a stop of what was stopped, a start of what was running.
func (c Call) idle() bool {
	return c.Action == "stop" && !c.Held || c.Action == "start" && c.Held
}

func (c Call) String() string {
	text := c.word() + " " + c.Action
	switch {
	case c.Action == "stop" && !c.Held:
		text += " (not running)"
	case c.Action == "start" && c.Held:
		text += " (running)"
	}
	switch {
	case c.For < 0:
		text += ", did not end"
	case c.RC != 0 && c.acts():
		text += fmt.Sprintf(", code %d", c.RC)
	}
	return text
}

// same tells whether two calls are alike: all that a script and its resource know of them.
func (c Call) same(d Call) bool {
	return c.Name == d.Name && slices.Equal(c.Args, d.Args) && c.Action == d.Action && c.Held == d.Held &&
		(c.For < 0) == (d.For < 0) && (c.RC != 0) == (d.RC != 0)
}

func (c *comparison) calls(i int, node string) {
	want, got := c.judge.Segments[i].Calls[node], c.other.Segments[i].Calls[node]
	c.asked(i, node, want, got)
	alike := true
	for _, group := range append(groups(c.script), nil) {
		a, b := once(of(group, c.script, want)), once(of(group, c.script, got))
		alike = c.groupCalls(i, node, a, b) && alike
	}
	if alike {
		c.side(i, node, once(acting(want)), once(acting(got)))
	}
}

func groups(s *Script) [][]string {
	var all [][]string
	for _, g := range s.Groups {
		all = append(all, g[1:])
	}
	return all
}

// of are the starts and stops of a group; nil is for what no group has.
func of(group []string, s *Script, calls []Call) []Call {
	var mine []Call
	for _, c := range acting(calls) {
		if group != nil && slices.Contains(group, c.word()) || group == nil && !slices.Contains(s.Resources(), c.word()) {
			mine = append(mine, c)
		}
	}
	return mine
}

func acting(calls []Call) []Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c Call) bool { return !c.acts() })
}

// once leaves out repetitions of a call that fails: how often one is tried in the time of a
// segment depends on when that ends.
func once(calls []Call) []Call {
	var kept []Call
	for _, c := range calls {
		if n := len(kept); n > 0 && c.RC != 0 && kept[n-1].same(c) {
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// edit is a line of a comparison of two lists: '-' only the first has it, '+' only the second, ' ' both.
type edit struct {
	sign byte
	call Call
}

// groupCalls compares the calls to one group's scripts, and tells whether nothing differs that matters.
func (c *comparison) groupCalls(i int, node string, want, got []Call) bool {
	edits := align(want, got)
	var faulty bool
	for _, e := range edits {
		if e.sign == ' ' {
			continue
		}
		switch r := c.callRule(i, node, e); r {
		case noDifference:
		case unexplained:
			faulty = true
		default:
			c.add(i, "calls:"+node, r, fmt.Sprintf("%c %s", e.sign, e.call))
		}
	}
	if faulty { // one difference for the whole group, with what surrounds it
		c.add(i, "calls:"+node, unexplained, "calls on "+node+":"+listed(edits))
	}
	return !faulty
}

func listed(edits []edit) string {
	var b strings.Builder
	for _, e := range edits {
		fmt.Fprintf(&b, "\n  %c %s", e.sign, e.call)
	}
	return b.String()
}

// align finds the longest common part of two lists.
func align(a, b []Call) []edit {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].same(b[j]) {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	var edits []edit
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i].same(b[j]):
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && n[i+1][j] >= n[i][j+1]:
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	return edits
}

// side compares the order of all groups' calls where each group's own is alike.
func (c *comparison) side(i int, node string, want, got []Call) {
	effective := func(calls []Call) []Call { return slices.DeleteFunc(slices.Clone(calls), Call.idle) }
	want, got = effective(want), effective(got)
	if slices.EqualFunc(want, got, Call.same) {
		return
	}
	c.add(i, "calls:"+node, c.orderRule(i, node), "order of calls on "+node+":"+listed(align(want, got)))
}

// asked compares which resources were asked for their status, and that each was before its start.
func (c *comparison) asked(i int, node string, want, got []Call) {
	a, b := askedOf(want), askedOf(got)
	for _, word := range c.script.Resources() {
		if a[word] == b[word] {
			continue
		}
		e := edit{'-', Call{Name: word, Action: "status"}}
		if b[word] {
			e.sign = '+'
		}
		if r := c.statusRule(i, node, e); r != noDifference {
			c.add(i, "calls:"+node, r, fmt.Sprintf("%c %s on %s", e.sign, e.call, node))
		}
	}
	was := map[string]bool{}
	for _, word := range blind(want) {
		was[word] = true
	}
	for _, word := range blind(got) {
		if !was[word] {
			c.add(i, "calls:"+node, unexplained, fmt.Sprintf("%s started on %s without asking for its status first", word, node))
		}
	}
}

func askedOf(calls []Call) map[string]bool {
	words := map[string]bool{}
	for _, c := range calls {
		if !c.acts() {
			words[c.word()] = true
		}
	}
	return words
}

// blind are resources whose start was not preceded by a question for their status.
func blind(calls []Call) []string {
	var words []string
	known := map[string]bool{}
	for _, c := range calls {
		switch c.Action {
		case "status":
			known[c.word()] = true
		case "start":
			if !known[c.word()] {
				words = append(words, c.word())
			}
			known[c.word()] = false
		}
	}
	return words
}
