package cli

import (
	"fmt"
	"io"

	"heartbeatd/internal/daemon"
)

// version is set by the build: -ldflags "-X heartbeatd/internal/cli.version=1.2.3".
var version = "devel"

// compatible is the release of Linux-HA Heartbeat whose faces we show.
const compatible = "3.0.6"

// originalVersion is what `heartbeat -V` and cl_status print. The first word stays the number
// that scripts compare with; what 3.0.6 has in the parentheses differs from build to build.
func originalVersion() string { return daemon.OriginalVersion(version) }

const versionHelp = `Usage: heartbeatd version

Prints the version of heartbeatd and the release of Heartbeat it stands in for.
`

func versionCommand(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	if code, done := parseFlags(newFlags("version"), versionHelp, args, stdout, stderr); done {
		return code
	}
	fmt.Fprintf(stdout, "heartbeatd %s (compatible with Heartbeat %s)\n", version, compatible)
	return exitOK
}
