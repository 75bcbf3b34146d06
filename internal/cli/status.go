package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"heartbeatd/internal/control"
	"heartbeatd/internal/pidfile"
)

const statusHelp = `Usage: heartbeatd status [FLAGS]

Shows this node's view: nodes and links, who holds which group since when, the
last transition and its cause, deaths, late beats and dropped datagrams; the
longest gaps in the other node's beats, and from them the lowest deadtime that
would have been safe; how late this node's own beats and decisions were; the
roles of DRBD devices where this machine has any.

Exit code, as an init script's status:
  0  running
  1  dead, but its pid file exists
  3  not running
  4  unknown: not permitted, no answer, or wrong flags
`

// Exit codes of status.
const (
	statusRunning = 0
	statusDead    = 1
	statusStopped = 3
	statusUnknown = 4
)

func statusCommand(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return thisMachine().status(args, stdout, stderr)
}

func (m machine) status(args []string, stdout, stderr io.Writer) int {
	fs := newFlags("status")
	asJSON := fs.Bool("json", false, "print JSON, in the shape described in heartbeatd(8)")
	socket := fs.String("socket", m.socket, "control socket of the daemon")
	if code, done := parseFlags(fs, statusHelp, args, stdout, stderr); done {
		if code != exitOK {
			return statusUnknown
		}
		return code
	}
	if fs.NArg() > 0 {
		complain(stderr, fmt.Errorf("status takes no arguments, got %q", fs.Arg(0)), "see 'heartbeatd status --help'")
		return statusUnknown
	}
	st, err := control.Query(*socket, commandTimeout)
	if err != nil {
		return m.explainSilence(err, stderr)
	}
	m.addDRBD(&st)
	if *asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(st)
	} else {
		err = writeStatus(stdout, st, m.now())
	}
	if err != nil {
		complain(stderr, fmt.Errorf("writing the status: %w", err), "")
		return statusUnknown
	}
	return statusRunning
}

// explainSilence says why there is no status, and gives the exit code.
func (m machine) explainSilence(err error, stderr io.Writer) int {
	pid, alive, pidErr := pidfile.Alive(m.pidFile)
	switch {
	case alive && errors.Is(err, control.ErrNotRunning):
		complain(stderr, fmt.Errorf("a daemon is running, pid %s, but not answering: nobody listens on its control socket", pidText(pid)),
			"it is just starting, or its socket was removed, or it is not heartbeatd but Heartbeat "+compatible)
		return statusUnknown
	case alive && errors.Is(err, control.ErrNoAnswer):
		complain(stderr, fmt.Errorf("a daemon is running, pid %s, but not answering: %w", pidText(pid), err), lookIntoLog)
		return statusUnknown
	case !errors.Is(err, control.ErrNotRunning):
		complainAnswer(stderr, err)
		return statusUnknown
	case errors.Is(pidErr, fs.ErrNotExist):
		complainAnswer(stderr, err)
		return statusStopped
	}
	complain(stderr, fmt.Errorf("heartbeatd is dead, but its pid file %s exists", m.pidFile),
		"it did not stop in order, and what it held may still run here; or it was Heartbeat "+compatible+", which leaves that file when it stops; "+lookIntoLog)
	return statusDead
}
