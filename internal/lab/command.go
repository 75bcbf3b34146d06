package lab

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

const labUsage = `usage: lab demo [--heartbeatd FILE] [--genuine]
       lab interop --help

demo shows a service moving between two nodes, on private hosts of this machine. interop plays
scenarios on pairs of the C daemon and heartbeatd.

`

// Command is the command line of the tool lab, without its name. It returns the exit status:
// 0 if everything happened, 1 if not, 2 for wrong usage.
func Command(args []string, stdout, stderr io.Writer) int {
	flags := pflag.NewFlagSet("lab", pflag.ContinueOnError)
	flags.SetOutput(stderr)
	binary := flags.String("heartbeatd", "bin/heartbeatd", "the daemon to show")
	genuine := flags.Bool("genuine", false, "show the C daemon instead, Heartbeat 3.0.6, fetched from Debian into cache/")
	flags.Usage = func() { fmt.Fprint(stderr, labUsage+flags.FlagUsages()) }
	if err := flags.Parse(args); err != nil {
		if err == pflag.ErrHelp {
			return 0
		}
		fmt.Fprintf(stderr, "lab: error: %v\n", err)
		return 2
	}
	if flags.NArg() != 1 || flags.Arg(0) != "demo" {
		flags.Usage()
		return 2
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
