// Command lab is the developer's tool: it runs the demonstration on private hosts.
package main

import (
	"os"

	"heartbeatd/internal/lab"
)

func main() {
	os.Exit(lab.Main(func() int { return lab.Command(os.Args[1:], os.Stdout, os.Stderr) }))
}
