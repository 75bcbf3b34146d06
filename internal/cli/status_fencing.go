package cli

import (
	"fmt"
	"strings"

	"heartbeatd/internal/control"
)

// writeFencing tells what a takeover waits for.
func writeFencing(b *strings.Builder, f *control.FencingStatus) {
	if f == nil {
		return
	}
	fmt.Fprintf(b, "fencing %s: attempt %d", f.Node, f.Attempt)
	if f.Running >= 0 {
		fmt.Fprintf(b, ", for %s so far", span(f.Running))
	} else {
		b.WriteString(" failed, the next one follows")
	}
	if f.LastError != "" {
		fmt.Fprintf(b, ", last error %q", f.LastError)
	}
	fmt.Fprintf(b, "; nothing of %s is taken before it has succeeded\n", f.Node)
}
