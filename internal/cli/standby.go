package cli

import (
	"fmt"
	"io"
	"time"

	"heartbeatd/internal/control"
)

const commandTimeout = 5 * time.Second

const standbyHelp = `Usage: heartbeatd standby [all|local|foreign|failback] [FLAGS]

Gives resources of this node to the other node:
  all        everything it holds (the default)
  local      what haresources assigns to this node
  foreign    what haresources assigns to the other node
  failback   the same as foreign

The command returns when the daemon has accepted; 'heartbeatd status' and the
log show the move. Exit code: 0 accepted, 1 refused or not running, 2 wrong
arguments.
`

func standbyCommand(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return moveCommand("standby", standbyHelp, args, stdout, stderr)
}

// moveCommand is standby or takeover.
func moveCommand(name, help string, args []string, stdout, stderr io.Writer) int {
	fs := newFlags(name)
	socket := fs.String("socket", control.DefaultPath, "control socket of the daemon")
	if code, done := parseFlags(fs, help, args, stdout, stderr); done {
		return code
	}
	which := "all"
	if fs.NArg() > 0 {
		which = fs.Arg(0)
	}
	if fs.NArg() > 1 || !control.ValidWhich(which) {
		complain(stderr, fmt.Errorf("%s: want one of all, local, foreign, failback", name),
			fmt.Sprintf("see 'heartbeatd %s --help'", name))
		return exitUsage
	}
	move, word := control.Standby, "Going standby"
	if name == "takeover" {
		move, word = control.Takeover, "Taking over"
	}
	if err := move(*socket, which, commandTimeout); err != nil {
		complainAnswer(stderr, err)
		return exitFailed
	}
	fmt.Fprintf(stdout, "%s [%s].\n", word, which)
	return exitOK
}

// hbStandby is the command hb_standby. called is the name it was called by.
func hbStandby(called string, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return thisMachine().hbMove("hb_standby", called, args, stdout, stderr)
}

// hbMove is hb_standby or hb_takeover. 3.0.6 writes a message to a FIFO and blocks for ever
// while the daemon is down; this one says so and ends.
func (m machine) hbMove(name, called string, args []string, stdout, stderr io.Writer) int {
	which := "all"
	if len(args) > 0 {
		which = args[0]
	}
	if len(args) > 1 || !control.ValidWhich(which) {
		hbMoveUsage(name, called, args, stdout, stderr)
		return exitFailed
	}
	move := control.Takeover
	if name == "hb_standby" {
		move = control.Standby
		if which == "failback" {
			which = "foreign"
		}
	}
	if err := move(m.socket, which, commandTimeout); err != nil {
		complainAnswer(stderr, err)
		return exitFailed
	}
	if name == "hb_standby" {
		fmt.Fprintf(stderr, "%s Going standby [%s].\n", m.now().Format("Jan 02 15:04:05"), which)
	}
	return exitOK
}

func hbMoveUsage(name, called string, args []string, stdout, stderr io.Writer) {
	path := "/usr/share/heartbeat/" + name // 3.0.6: the script's $0, and PATH does not hold it
	if len(called) > 0 && called[0] == '/' {
		path = called
	}
	switch {
	case len(args) > 1:
		fmt.Fprintf(stdout, "%s: too many arguments\n", path)
	case args[0] != "--help":
		fmt.Fprintf(stdout, "%s: wrong resources(%s).\n", path, args[0])
	}
	fmt.Fprintln(stdout, "usage:")
	fmt.Fprintf(stderr, "%s [all|foreign|local|failback]\n", path)
}
