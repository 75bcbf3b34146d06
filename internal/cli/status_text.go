package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"heartbeatd/internal/control"
)

// writeStatus prints st for people; programs take the JSON.
func writeStatus(w io.Writer, st control.Status, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "heartbeatd %s on %s: %s, started %s, pid %d, generation %d\n",
		st.Version, st.Node, st.State, when(st.Since, now), st.PID, st.Generation)
	fmt.Fprintf(&b, "auto_failback %s, %s\n", st.AutoFailback, holding(st.Holding))
	if st.Standby != "" {
		fmt.Fprintf(&b, "in progress: %s\n", st.Standby)
	}
	writeFencing(&b, st.Fencing)
	writeReplacement(&b, st.Replacement)
	writeWaiting(&b, st)
	b.WriteByte('\n')
	writeNodes(&b, st.Nodes, now)
	writeMedia(&b, st.Media, now)
	b.WriteByte('\n')
	writeGroups(&b, st.Groups, now)
	writeDifference(&b, st)
	writeDRBD(&b, st)
	writeLateness(&b, st, now)
	b.WriteByte('\n')
	writeTransition(&b, st.Transition, now)
	writeCounters(&b, st)
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

// writeWaiting tells why nothing happens yet after a start.
func writeWaiting(b *strings.Builder, st control.Status) {
	if st.State != "up" {
		return
	}
	for _, n := range st.Nodes {
		if !n.Self && n.Status == "init" {
			fmt.Fprintf(b, "waiting for %s: declared dead if not heard within initdead%s of the start\n", n.Name, initdead(st.Parameters))
		}
	}
}

// initdead is the directive's value in parentheses, "" if it is not known. ha.cf counts seconds
// where it gives no unit.
func initdead(parameters map[string]string) string {
	value := strings.TrimSpace(parameters["initdead"])
	if value == "" {
		return ""
	}
	if _, err := strconv.Atoi(value); err == nil {
		value += "s"
	}
	if d, err := time.ParseDuration(value); err == nil {
		value = span(d.Milliseconds())
	}
	return " (" + value + ")"
}

// nodeStatus is the word for people. A node that took leave is dead for 3.0.6 and its tools.
func nodeStatus(n control.NodeStatus) string {
	if n.Stopped {
		return "stopped"
	}
	return n.Status
}

func software(n control.NodeStatus) string {
	if isPing(n) {
		return "ping node"
	}
	return orDash(n.Software)
}

func holding(what string) string {
	switch what {
	case "none":
		return "holding no resources"
	case "transition":
		return "resources in transition"
	}
	return fmt.Sprintf("holding %s resources", what)
}

func table(b *strings.Builder, fill func(tw io.Writer)) {
	var cells strings.Builder
	tw := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', 0)
	fill(tw)
	tw.Flush()
	for line := range strings.Lines(cells.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func writeNodes(b *strings.Builder, nodes []control.NodeStatus, now time.Time) {
	table(b, func(tw io.Writer) {
		fmt.Fprintln(tw, "NODE, LINK\tSTATUS\tSINCE\tLAST BEAT\tDEADTIME\tDEATHS\tLATE\tSOFTWARE")
		for _, n := range nodes {
			name := n.Name
			if n.Self {
				name += " (here)"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n",
				name, nodeStatus(n), when(n.Since, now), age(n.LastBeat), span(n.Deadtime),
				n.Deaths, n.LateBeats, software(n))
			for _, l := range n.Links {
				fmt.Fprintf(tw, "  %s\t%s\t%s\t\t\t\t\t\n", l.Name, linkStatus(n, l), when(l.Since, now))
			}
		}
	})
}

// linkStatus is the word for people. A node's own serial line, or ucast line to the other, is dead for 3.0.6's tools, because
// nobody hears himself there: nothing to be alarmed by.
func linkStatus(n control.NodeStatus, l control.LinkStatus) string {
	if n.Self && l.Status == "dead" && l.Since.IsZero() {
		return "-"
	}
	return l.Status
}

// writeMedia names what keeps our own beats from leaving; a medium that works is nothing to tell.
func writeMedia(b *strings.Builder, media []control.MediumStatus, now time.Time) {
	for _, m := range media {
		if m.Error != "" {
			fmt.Fprintf(b, "%s %s cannot send: %s (for %s)\n", m.Kind, m.Name, m.Error, span(now.Sub(m.Since).Milliseconds()))
		}
	}
}

func writeGroups(b *strings.Builder, groups []control.GroupStatus, now time.Time) {
	if len(groups) == 0 {
		b.WriteString("no resource groups in haresources\n")
		return
	}
	table(b, func(tw io.Writer) {
		fmt.Fprintln(tw, "GROUP\tHOME\tOWNER\tHERE\tSINCE\tRESOURCES")
		for _, g := range groups {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", g.Key, g.Home, orNobody(g.Owner), g.State,
				when(g.Since, now), strings.Join(g.Resources, " "))
		}
	})
	for _, g := range groups {
		if s := g.Script; s != nil {
			fmt.Fprintf(b, "group %s: %s %s runs for %s\n", g.Key, s.Resource, s.Op, span(s.Running))
		}
	}
}

func writeTransition(b *strings.Builder, t control.Transition, now time.Time) {
	if t.At.IsZero() {
		b.WriteString("last transition: none yet\n")
		return
	}
	fmt.Fprintf(b, "last transition: %s: %s (%s)\n", when(t.At, now), t.What, t.Cause)
}

func writeCounters(b *strings.Builder, st control.Status) {
	var sum uint64
	var parts []string
	for reason, n := range st.Dropped {
		sum += n
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", reason, n))
		}
	}
	slices.Sort(parts)
	fmt.Fprintf(b, "datagrams: %d received, %d dropped", st.Received, sum)
	if len(parts) > 0 {
		fmt.Fprintf(b, " (%s)", strings.Join(parts, ", "))
	}
	b.WriteByte('\n')
	if st.LogDropped > 0 {
		fmt.Fprintf(b, "log lines lost: %d\n", st.LogDropped)
	}
}

// when is a point of time in local time and how long ago that is.
func when(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s (%s ago)", t.In(now.Location()).Format("2006-01-02 15:04:05"), span(now.Sub(t).Milliseconds()))
}

func age(ms int64) string {
	if ms < 0 {
		return "never"
	}
	return span(ms) + " ago"
}

// span is a duration in milliseconds as a person says it: 40ms, 12.3s, 2h14m, 3d4h.
func span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return fmt.Sprintf("%dms", ms)
	case d < time.Minute:
		return fmt.Sprintf("%.4gs", float64(ms/100)/10)
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func orNobody(owner string) string {
	if owner == "" {
		return "nobody"
	}
	return owner
}

// printable keeps what a peer sent from playing with the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
