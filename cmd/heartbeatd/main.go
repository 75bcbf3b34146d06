// Command heartbeatd keeps services alive on one of two machines. See heartbeatd(8).
package main

import (
	"os"

	"heartbeatd/internal/cli"
	"heartbeatd/internal/pacer"
)

func main() {
	pacer.Entry() // the process that sends heartbeats is this program too
	os.Exit(cli.Run(os.Args[0], os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
