package cli

import (
	"fmt"
	"io"
)

// helpCommand prints the list of commands, or what one of them prints for --help.
func helpCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		fmt.Fprint(stdout, usageText)
		return exitOK
	}
	if c, ok := commands[args[0]]; ok {
		return c([]string{"--help"}, stdin, stdout, stderr)
	}
	complain(stderr, fmt.Errorf("unknown command %q", args[0]), unknownHint(args[0]))
	return exitUsage
}

// unknownHint knows the words people try that are the init system's.
func unknownHint(word string) string {
	switch word {
	case "start":
		return "use 'systemctl start heartbeat', or 'service heartbeat start'"
	case "stop":
		return "use 'systemctl stop heartbeat', or 'heartbeat -k' in /usr/libexec/heartbeat"
	case "restart":
		return "use 'systemctl restart heartbeat', or 'service heartbeat restart'"
	case "reload":
		return "use 'systemctl reload heartbeat', or 'heartbeat -r' in /usr/libexec/heartbeat"
	}
	return "see 'heartbeatd help'"
}
