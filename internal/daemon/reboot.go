package daemon

import (
	"fmt"
	"os/exec"
	"strings"
	"time"

	"heartbeatd/internal/runner"
)

// reboot is the end of a node that cannot stop a resource. 3.0.6 kills itself first, so that
// the other node takes over even where the reboot does not happen; here only a machine that is
// really gone counts as gone.
func (d *daemon) reboot(reason string) {
	rebooter{each: 10 * time.Second, gone: time.Minute}.reboot(d, reason, []string{"/sbin/reboot", "-nf"}, []string{"/sbin/init", "6"})
}

// rebooter is how long is waited for a reboot. The machine is in trouble already: its disk may hang, and with that
// every command.
type rebooter struct {
	each time.Duration // for a command to end
	gone time.Duration // for the end of the machine, when a command says that it comes
}

// reboot tries one command after the other. It never waits in the loop; a machine that lives on is left to its
// watchdog.
func (r rebooter) reboot(d *daemon, reason string, commands ...[]string) {
	d.log.Flush()
	for _, argv := range commands {
		ended := make(chan error, 1)
		go func() { ended <- run(argv) }()
		select {
		case err := <-ended:
			if err == nil {
				r.outlived(d, reason, strings.Join(argv, " "))
				return
			}
		case <-time.After(r.each): // it is left to itself: it may still come through
			d.scriptLine(fmt.Sprintf("ERROR: %s has not ended within %v", strings.Join(argv, " "), r.each))
		}
	}
	d.scriptLine("CRIT: Unable to force reboot.")
	d.logLine("CRIT", reason+", and this machine could not be rebooted: it keeps the group and goes on beating")
	d.ask(d.starveWatchdog)
}

// outlived is for a machine that is to be gone any moment. A clean end of the daemon is the end of it, too.
func (r rebooter) outlived(d *daemon, reason, command string) {
	select {
	case <-d.over:
		return
	case <-time.After(r.gone):
	}
	d.logLine("CRIT", fmt.Sprintf("%s, and this machine still runs %v after %s: it keeps the group and goes on beating", reason, r.gone, command))
	d.ask(d.starveWatchdog)
}

// run starts a program and waits for its end. What reads the disk is done before the fork, which would hold up the loop.
func run(argv []string) error {
	runner.ReadAhead(argv[0])
	return exec.Command(argv[0], argv[1:]...).Run()
}
