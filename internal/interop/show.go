package interop

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Show writes what was seen on one pairing for people who write scenarios.
func Show(w io.Writer, o *Observation) {
	fmt.Fprintf(w, "\n==== %s on %s\n", o.Script, o.Pairing)
	for n, s := range o.Segments {
		settled := "settled"
		if !s.Settled {
			settled = "NOT SETTLED"
		}
		fmt.Fprintf(w, "\n-- segment %d, to line %d: %s after %.1fs\n", n+1, s.Line, settled, s.End.Sub(s.Begin).Seconds())
		for _, step := range s.Steps {
			fmt.Fprintf(w, "   %s\n", step)
		}
		fmt.Fprintf(w, "   owners:%s\n   state: %s\n", pairs(s.Owners), pairs(s.State))
		showTimes(w, "without service", s.Gaps)
		showTimes(w, "two owners", s.Overlaps)
		for _, out := range s.Outputs {
			fmt.Fprintf(w, "   output of %s on %s, code %d:\n%s", out.Command, out.Node, out.Code, indented(out.Text))
		}
		for _, node := range Nodes {
			showNode(w, s, node)
		}
	}
}

func showNode(w io.Writer, s Segment, node string) {
	if len(s.Calls[node])+len(s.Log[node]) == 0 {
		return
	}
	fmt.Fprintf(w, "   %s (%s) calls:\n", node, s.Kinds[node])
	for _, c := range s.Calls[node] {
		held := ""
		if c.Held {
			held = ", held it"
		}
		end := fmt.Sprintf("%dms, code %d", c.For.Milliseconds(), c.RC)
		if c.For < 0 {
			end = "did not end"
		}
		fmt.Fprintf(w, "     %+6.1fs  %s %s (%s%s)\n", c.At.Sub(s.Begin).Seconds(), strings.Join(append([]string{c.Name}, c.Args...), "::"), c.Action, end, held)
	}
	fmt.Fprintf(w, "   %s (%s) log:\n", node, s.Kinds[node])
	for _, l := range s.Log[node] {
		level := l.Level
		if level != "" {
			level += ": "
		}
		fmt.Fprintf(w, "     %+4.0fs  %s: %s%s\n", l.At.Sub(s.Begin.Truncate(time.Second)).Seconds(), l.Entity, level, l.Text)
	}
}

func showTimes(w io.Writer, what string, times map[string][]time.Duration) {
	for _, word := range slices.Sorted(maps.Keys(times)) {
		fmt.Fprintf(w, "   %s: %s", what, word)
		for _, d := range times[word] {
			fmt.Fprintf(w, " %.2fs", d.Seconds())
		}
		fmt.Fprintln(w)
	}
}

func pairs(m map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, " %s on %s,", name, m[name])
	}
	return strings.TrimSuffix(b.String(), ",")
}

func indented(text string) string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return ""
	}
	return "     " + strings.ReplaceAll(text, "\n", "\n     ") + "\n"
}

// showScript writes a scenario with the numbers that differences speak of. One from a file has
// its own; comments and blank lines are not kept.
func showScript(w io.Writer, s *Script) {
	lines := strings.Split(strings.TrimRight(s.Text(), "\n"), "\n")
	head := len(lines) - len(s.Steps)
	for _, l := range lines[:head] {
		fmt.Fprintf(w, "      %s\n", l)
	}
	for _, st := range s.Steps {
		fmt.Fprintf(w, "%4d  %s\n", st.Line, st)
	}
}
