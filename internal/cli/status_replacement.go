package cli

import (
	"fmt"
	"strings"
	"time"

	"heartbeatd/internal/control"
)

// writeReplacement tells of a reload that is wanted, or that came to nothing.
func writeReplacement(b *strings.Builder, r control.Replacement) {
	switch {
	case r.Pending && r.Waiting != "":
		fmt.Fprintf(b, "reload: wanted for %s, waits: %s\n", span(r.Seconds*int64(time.Second/time.Millisecond)), r.Waiting)
	case r.Pending:
		b.WriteString("reload: in progress\n")
	case r.Failed != "":
		fmt.Fprintf(b, "reload: not done: %s\n", r.Failed)
	}
}
