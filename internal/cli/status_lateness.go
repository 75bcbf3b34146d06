package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"heartbeatd/internal/control"
)

// enough is how long beats must have been watched before a deadtime is lowered on their word: a day has
// its backups in it.
const enough = 24 * time.Hour

// writeLateness tells by how much beats slip, and what deadtime that asks for.
func writeLateness(b *strings.Builder, st control.Status, now time.Time) {
	var rows strings.Builder
	for _, n := range st.Nodes {
		writeGaps(&rows, n)
	}
	writeLate(&rows, "own beats late by", st.Own.Beats)
	writeLate(&rows, "own decisions late by", st.Own.Decisions)
	if rows.Len() == 0 {
		return
	}
	b.WriteByte('\n')
	table(b, func(tw io.Writer) {
		fmt.Fprintf(tw, "LONGEST\tLAST HOUR\tLAST DAY\tSINCE START (%s)\n%s", span(now.Sub(st.Since).Milliseconds()), rows.String())
	})
	for _, n := range st.Nodes {
		writeSafe(b, n)
	}
}

func writeGaps(b *strings.Builder, n control.NodeStatus) {
	if n.Heard > 0 {
		writeWorst(b, "gap in the beats of "+n.Name, n.Gaps)
		for _, l := range n.Links {
			writeWorst(b, "  on "+l.Name, l.Gaps)
		}
	}
	if n.Returns > 0 {
		writeWorst(b, "silence, declared dead, and back", n.Silences)
	}
}

func writeWorst(b *strings.Builder, what string, w control.Worst) {
	fmt.Fprintf(b, "%s\t%s\t%s\t%s\n", what, spanOrDash(w.Hour), spanOrDash(w.Day), spanOrDash(w.Start))
}

func writeLate(b *strings.Builder, what string, l control.Lateness) {
	if l.Start.Count == 0 {
		return
	}
	fmt.Fprintf(b, "%s\t%s\t%s\t%s\n", what, lateOrDash(l.Hour), lateOrDash(l.Day), lateOrDash(l.Start))
	if l.Start.Count >= 1000 { // of fewer, 99.9 % are all
		fmt.Fprintf(b, "  99.9 %% of them\t%s\t%s\t%s\n", mostOrDash(l.Hour), mostOrDash(l.Day), mostOrDash(l.Start))
	}
}

// writeSafe gives the figure that a deadtime is chosen by, and on how much it rests.
func writeSafe(b *strings.Builder, n control.NodeStatus) {
	safe := n.SafeDeadtime
	if safe.Start == 0 {
		return
	}
	fmt.Fprintf(b, "lowest deadtime that would have been safe for %s: %s since the start", n.Name, span(safe.Start))
	if safe.Hour > 0 && safe.Hour < safe.Start {
		fmt.Fprintf(b, ", %s in the last hour", span(safe.Hour))
	}
	fmt.Fprintf(b, "; it is %s", span(n.Deadtime))
	if n.SafeWithout.Start > n.Deadtime {
		b.WriteString(", which leaves no room")
	}
	b.WriteByte('\n')
	if n.Returns > 0 && n.SafeWithout.Start > 0 && n.SafeWithout.Start < safe.Start {
		fmt.Fprintf(b, "  but for %s when it was declared dead and came back (a stall, or no link between): %s\n",
			times(n.Returns), span(n.SafeWithout.Start))
	}
	heard := span(n.Heard)
	if time.Duration(n.Heard)*time.Millisecond < enough {
		fmt.Fprintf(b, "  its beats were watched for %s, which is too short to lower deadtime by: wait for a day with all its work\n", heard)
		return
	}
	fmt.Fprintf(b, "  its beats were watched for %s\n", heard)
}

func times(n uint64) string {
	if n == 1 {
		return "the one time"
	}
	return fmt.Sprintf("the %d times", n)
}

func spanOrDash(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return span(ms)
}

func lateOrDash(l control.Late) string { return shortOrDash(l, l.Worst) }
func mostOrDash(l control.Late) string { return shortOrDash(l, l.P999) }

func shortOrDash(l control.Late, us int64) string {
	if l.Count == 0 {
		return "-"
	}
	return short(us)
}

// short is a time in microseconds that may be far below a millisecond.
func short(us int64) string {
	switch {
	case us < 10_000:
		return fmt.Sprintf("%.2fms", float64(us)/1000)
	case us < 100_000:
		return fmt.Sprintf("%.1fms", float64(us)/1000)
	}
	return span((us + 999) / 1000)
}
