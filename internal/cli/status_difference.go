package cli

import (
	"fmt"
	"strings"

	"heartbeatd/internal/control"
)

// writeDifference tells what of a changed haresources is not in force yet.
func writeDifference(b *strings.Builder, st control.Status) {
	if st.Differs {
		for _, n := range st.Nodes {
			if !n.Self && n.Type != "ping" {
				fmt.Fprintf(b, "haresources differs from %s's\n", n.Name)
			}
		}
	}
	for _, g := range st.Groups {
		switch {
		case g.Leaving:
			fmt.Fprintf(b, "group %s: haresources no longer has %s here\n", g.Key, strings.Join(g.Resources, " "))
		case g.Waits != "":
			fmt.Fprintf(b, "group %s waits: %s\n", g.Key, g.Waits)
		}
	}
}
