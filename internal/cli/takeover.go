package cli

import "io"

const takeoverHelp = `Usage: heartbeatd takeover [all|local|foreign|failback] [FLAGS]

Takes resources from the other node:
  all        everything the other node holds (the default)
  local      what haresources assigns to this node
  foreign    what haresources assigns to the other node
  failback   what haresources assigns to this node

The command returns when the daemon has accepted; 'heartbeatd status' and the
log show the move. Exit code: 0 accepted, 1 refused or not running, 2 wrong
arguments.
`

func takeoverCommand(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return moveCommand("takeover", takeoverHelp, args, stdout, stderr)
}

// hbTakeover is the command hb_takeover. called is the name it was called by.
func hbTakeover(called string, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return thisMachine().hbMove("hb_takeover", called, args, stdout, stderr)
}
