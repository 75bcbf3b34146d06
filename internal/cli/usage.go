package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"heartbeatd/internal/control"
)

// usageText is what `heartbeatd help` prints and README.md quotes.
const usageText = `Usage: heartbeatd [COMMAND] [FLAGS] [ARGUMENTS]

Keeps services alive on one of two machines, as Linux-HA Heartbeat 3.0.6 does.

Commands:
  (none)      run the daemon in the foreground; systemd starts it so
  status      show nodes, links, resource groups and the last transition
  standby     give resources to the other node
  takeover    take resources from the other node
  check       validate ha.cf, authkeys and haresources without starting anything
  decode      print heartbeat datagrams from files or a pcap
  address     start, stop or query one service address; for resource scripts
  message     send a script's message to the cluster
  version     print the version
  help        print this text

'heartbeatd COMMAND --help' explains a command. Called by the name heartbeat,
cl_status, hb_standby, ResourceManager or another of 3.0.6's programs it behaves
as that program does.
`

// lookIntoLog names no path: without logfile the lines go to syslog.
const lookIntoLog = "look into the log: the logfile of ha.cf, or the journal (journalctl -u heartbeat)"

// Exit codes of the commands of our own; status has its own set.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// complain prints an error and, if there is one, what to do about it.
func complain(stderr io.Writer, err error, hint string) {
	fmt.Fprintf(stderr, "heartbeatd: error: %v\n", err)
	if hint != "" {
		fmt.Fprintf(stderr, "heartbeatd: hint: %s\n", hint)
	}
}

// complainAnswer prints why the daemon did not do what it was asked.
func complainAnswer(stderr io.Writer, err error) {
	hint := ""
	var refusal *control.Refusal
	switch {
	case errors.As(err, &refusal):
		hint = refusal.Hint
	case errors.Is(err, control.ErrNotRunning):
		hint = "start it with 'systemctl start heartbeat' or 'service heartbeat start'"
	case errors.Is(err, control.ErrNotPermitted):
		hint = "run it as root"
	case errors.Is(err, control.ErrNoAnswer):
		hint = lookIntoLog
	}
	complain(stderr, err, hint)
}

// newFlags makes a flag set that prints nothing by itself.
func newFlags(command string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(command, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.SortFlags = false
	return fs
}

// parseFlags parses args. done means that the command is over with that exit code: help was
// printed, or the flags are wrong.
func parseFlags(fs *pflag.FlagSet, help string, args []string, stdout, stderr io.Writer) (code int, done bool) {
	err := fs.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		io.WriteString(stdout, help)
		if flags := fs.FlagUsages(); flags != "" {
			fmt.Fprintf(stdout, "\nFlags:\n%s", flags)
		}
		return exitOK, true
	}
	if err != nil {
		complain(stderr, err, fmt.Sprintf("see 'heartbeatd %s --help'", fs.Name()))
		return exitUsage, true
	}
	return exitOK, false
}
