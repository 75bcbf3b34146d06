package lab

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/labcmd"
)

const labUsage = `Usage: lab COMMAND [FLAGS]

The developer's tool. Exit status: 0 all was well, 1 something was found, 2 it could not be run.

Commands:
  demo        show a service moving between two nodes, on private hosts of this machine
  interop     play scenarios on pairs of the C daemon and heartbeatd
  simulate    seeded lives of a cluster in virtual time
  explore     every order of events within small scopes, over the real core
  model       the Promela model, searched completely by Spin
  mutate      small faults in the core, one at a time, against the pure tests
  chaos       seeded faults on real daemons and scripts, in real time
  duel        Heartbeat 3.0.6, keepalived and heartbeatd measured side by side
  help        print this text

'lab COMMAND --help' explains a command.
`

const demoUsage = `Usage: lab demo [--heartbeatd FILE] [--genuine]

Shows a service moving between two nodes, on private hosts of this machine.
`

// Command is the command line of the tool lab, without its name. The other commands are called by cmd/lab. It
// returns the exit status: 0 if everything happened, 1 if not, 2 for wrong usage.
func Command(args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 0:
		fmt.Fprintln(stderr, "lab: error: no command given; see lab --help")
		return labcmd.Failed
	case args[0] == "help" || args[0] == "--help" || args[0] == "-h":
		fmt.Fprint(stdout, labUsage)
		return labcmd.OK
	case args[0] != "demo":
		fmt.Fprintf(stderr, "lab: error: unknown command %q; see lab --help\n", args[0])
		return labcmd.Failed
	}
	flags := labcmd.New("demo", demoUsage)
	binary := flags.String("heartbeatd", "bin/heartbeatd", "the daemon to show")
	genuine := flags.Bool("genuine", false, "show the C daemon instead, Heartbeat 3.0.6, fetched from Debian into cache/")
	if status, done := flags.Read(args[1:], stdout, stderr); done {
		return status
	}
	software, err := chooseSoftware(*binary, *genuine)
	if err == nil {
		err = Demo(software, stdout, isTerminal(stdout))
	}
	if err != nil {
		fmt.Fprintf(stderr, "\nlab: error: %v\n", err)
		return 1
	}
	fmt.Fprintln(stdout, "\nEverything happened as announced.")
	return 0
}

func chooseSoftware(binary string, genuine bool) (Software, error) {
	if genuine {
		cache, err := CacheDir()
		if err != nil {
			return Software{}, err
		}
		return GenuineSoftware(cache)
	}
	project, err := ProjectDir()
	if err != nil {
		return Software{}, err
	}
	if !filepath.IsAbs(binary) {
		binary = filepath.Join(project, binary)
	}
	return Heartbeatd(binary, project)
}

// isTerminal tells whether colours make sense.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
