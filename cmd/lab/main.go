// Command lab is the developer's tool: it runs the demonstration, and plays scenarios on pairs of
// the C daemon and heartbeatd, on private hosts.
package main

import (
	"os"

	"heartbeatd/internal/chaos"
	"heartbeatd/internal/duel"
	"heartbeatd/internal/explore"
	"heartbeatd/internal/interop"
	"heartbeatd/internal/lab"
	"heartbeatd/internal/model"
	"heartbeatd/internal/mutate"
	"heartbeatd/internal/simulate"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "simulate" { // it needs no hosts, and so no rights
		os.Exit(simulate.Command(os.Args[2:], os.Stdout, os.Stderr))
	}
	os.Exit(lab.Main(command))
}

func command() int {
	if len(os.Args) > 1 && os.Args[1] == "interop" {
		return interop.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	if len(os.Args) > 1 && os.Args[1] == "chaos" {
		return chaos.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	if len(os.Args) > 1 && os.Args[1] == "duel" {
		return duel.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	if len(os.Args) > 1 && os.Args[1] == "mutate" {
		return mutate.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	if len(os.Args) > 1 && os.Args[1] == "explore" {
		return explore.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	if len(os.Args) > 1 && os.Args[1] == "model" {
		return model.Command(os.Args[2:], os.Stdout, os.Stderr)
	}
	return lab.Command(os.Args[1:], os.Stdout, os.Stderr)
}
