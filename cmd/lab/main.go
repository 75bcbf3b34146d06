// Command lab is the developer's tool: it runs the demonstration, and plays scenarios on pairs of
// the C daemon and heartbeatd, on private hosts.
package main

import (
	"os"

	"heartbeatd/internal/interop"
	"heartbeatd/internal/lab"
)

func main() { os.Exit(lab.Main(command)) }

func command() int {
	if len(os.Args) > 1 && os.Args[1] == "interop" {
		return interop.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	return lab.Command(os.Args[1:], os.Stdout, os.Stderr)
}
