package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/daemon"
	"heartbeatd/internal/outdater"
)

// peerOutdaterUsage is 3.0.6's.
const peerOutdaterUsage = `usage: drbd-peer-outdater -r <string> -p <string> [-t <int>]
	-p <string>	drbd peer
	-r <string>	drbd resource
	-t <int>	timeout in seconds; default: 60

The drbd peer and drbd resource have to be specified either on the
commandline using the -p and -r options, or using the $DRBD_PEER and
$DRBD_RESOURCE environment variables. $DRBD_RESOURCE and $DRBD_PEER
will be ignored, if the command line options are used.
`

// peerOutdater is the program drbd-peer-outdater, which DRBD calls (fence-peer). Its exit codes are DRBD's.
type peerOutdater struct {
	socket string
	getenv func(string) string
}

func drbdPeerOutdater(called string, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return peerOutdater{daemon.DefaultPaths.Outdater(), os.Getenv}.run(called, args, stdout, stderr)
}

func (o peerOutdater) run(called string, args []string, stdout, stderr io.Writer) int {
	peer, resource, timeout := o.getenv("DRBD_PEER"), o.getenv("DRBD_RESOURCE"), time.Minute
	options, _ := getopt(called, args, "hVt:p:r:")
	for _, opt := range options {
		switch opt.letter {
		case 'h':
			io.WriteString(stdout, peerOutdaterUsage) //nolint:errcheck // nobody reads it then
			return exitOK
		case 'p':
			peer = opt.value
		case 'r':
			resource = opt.value
		case 't':
			timeout = seconds(opt.value)
		case '?':
			fmt.Fprintln(stderr, opt.value)
			fallthrough
		default:
			io.WriteString(stderr, peerOutdaterUsage) //nolint:errcheck // the same
			return exitFailed
		}
	}
	if peer == "" || resource == "" {
		io.WriteString(stderr, peerOutdaterUsage) //nolint:errcheck // the same
		return exitFailed
	}
	verdict, err := outdater.Ask(o.socket, strings.ToLower(peer), resource, timeout)
	if err != nil {
		complain(stderr, fmt.Errorf("drbd-peer-outdater: %w", err), unansweredHint(err))
	}
	return int(verdict)
}

func unansweredHint(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "only root, hacluster and members of the group haclient may ask"
	}
	return "heartbeat must run here, with 'respawn hacluster .../dopd' in its ha.cf"
}

// seconds reads a timeout as the C library's strtol does: what is behind the digits does not count.
func seconds(text string) time.Duration {
	const longest = 24 * 60 * 60
	text = strings.TrimLeft(text, " \t\n")
	digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
	n, err := strconv.Atoi(cmp.Or(digits, "0"))
	if err != nil || n > longest || strings.HasPrefix(text, "-") {
		n = longest
	}
	return time.Duration(n) * time.Second
}
