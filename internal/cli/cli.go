// Package cli is everything a user types: heartbeatd's own commands, and the programs of 3.0.6
// whose names it can be called by. Each command is a function from arguments to an exit code.
package cli

import (
	"fmt"
	"io"
	"path/filepath"

	"heartbeatd/internal/daemon"
)

type command func(args []string, stdin io.Reader, stdout, stderr io.Writer) int

var commands = map[string]command{
	"status":   statusCommand,
	"standby":  standbyCommand,
	"takeover": takeoverCommand,
	"check":    checkCommand,
	"decode":   decodeCommand,
	"address":  addressCommand,
	"version":  versionCommand,
	"message":  messageCommand,
}

// oldScripts are programs that scripts of 3.0.6 call; see also hbNodes.
var oldScripts = map[string]func(called string, args []string, stdin io.Reader, stdout, stderr io.Writer) int{
	"ResourceManager": resourceManagerFace,
	"mach_down":       machDown,
	"req_resource":    reqResource,
	"ha_propagate":    haPropagate,

	"drbd-peer-outdater": drbdPeerOutdater,
}

// Run is the program, called by the given name with the given arguments; it returns the exit code.
func Run(name string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if code, resumed := goOn(stderr); resumed {
		return code
	}
	switch base := filepath.Base(name); base {
	case "heartbeat":
		return heartbeatFace(hooks(), name, args, stdin, stdout, stderr)
	case "hb_standby":
		return hbStandby(name, args, stdin, stdout, stderr)
	case "hb_takeover":
		return hbTakeover(name, args, stdin, stdout, stderr)
	case "cl_status":
		return clStatus(args, stdin, stdout, stderr)
	default:
		if c, ok := hbNodes[base]; ok {
			return hbNodeFace(c, args, stdout, stderr)
		}
		if c, ok := oldScripts[base]; ok {
			return c(name, args, stdin, stdout, stderr)
		}
	}
	if len(args) == 0 {
		return runForeground(stderr)
	}
	if args[0] == daemon.RipeFlag {
		return canGoOn(stdout, stderr)
	}
	if args[0] == daemonChildFlag {
		return daemonChild(hooks(), args[1:])
	}
	switch args[0] {
	case "help":
		return helpCommand(args[1:], stdin, stdout, stderr)
	case "-h", "--help":
		fmt.Fprint(stdout, usageText)
		return exitOK
	case "-V", "--version":
		return versionCommand(nil, stdin, stdout, stderr)
	}
	if c, ok := commands[args[0]]; ok {
		return c(args[1:], stdin, stdout, stderr)
	}
	complain(stderr, fmt.Errorf("unknown command %q", args[0]), unknownHint(args[0]))
	return exitUsage
}
