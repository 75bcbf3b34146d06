package cli

import (
	"fmt"
	"io"
	"strconv"
	"syscall"
	"time"

	"heartbeatd/internal/pidfile"
)

// Exit codes of `heartbeat`, besides 0, 1 and 2.
const (
	hbStopped      = 3
	hbNotPermitted = 4
	hbBadConfig    = 6
)

// DaemonOptions is how the daemon was asked to run.
type DaemonOptions struct {
	Foreground  bool   // false for the child that daemonising starts
	Debug       int    // number of -d, added to ha.cf's debug
	NoResources bool   // -M
	Ready       func() // to be called once: pid file written, sockets open, not yet active
}

// Hooks are the parts of the program that the heartbeat face starts.
type Hooks struct {
	// RunDaemon runs the daemon to its end and returns the exit code.
	RunDaemon func(DaemonOptions) int
	// Validate reads all three files, writes what 3.0.6 would about them, and returns 0, or
	// 6 for errors, or 4 where permission is missing.
	Validate func(stderr io.Writer) int
	// Effective writes the configuration in force, as `heartbeat -v` does.
	Effective func(stdout io.Writer) error
	// Logged writes a line to ha-log as well; nil: nowhere.
	Logged func(text string)
}

const hbUsage = `
Usage: heartbeat [-dDkMrRsvWlVf] [-C Current-resource-state]
	-C only valid with -R
	-r is mutually exclusive with -R
`

// hbCall is one call of `heartbeat`.
type hbCall struct {
	machine
	hooks          Hooks
	given          map[byte]bool
	debug          int
	stdout, stderr io.Writer
	daemonize      func(DaemonOptions, io.Writer) int
	replaceWithin  time.Duration // 0: a minute
}

// heartbeatFace is the program `heartbeat` of 3.0.6. called is the name it was called by.
func heartbeatFace(h Hooks, called string, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	c := hbCall{machine: thisMachine(), hooks: h, stdout: stdout, stderr: stderr, daemonize: daemonize}
	return c.run(called, args)
}

func (c *hbCall) run(called string, args []string) int {
	options, _ := getopt(called, args, "dDkMrRsvWlC:Vf")
	c.given = map[byte]bool{}
	wrong := false
	for _, o := range options {
		c.given[o.letter] = true
		switch o.letter {
		case 'V': // 3.0.6: at once, whatever else is wrong
			fmt.Fprintln(c.stdout, originalVersion())
			return exitOK
		case '?':
			fmt.Fprintln(c.stderr, o.value)
			wrong = true
		case 'd':
			c.debug++
		case 'C':
			if !validHolding(o.value) {
				c.log(c.stderr, "heartbeat", "ERROR: encode_resources: bad resource type [%s]", o.value)
			}
		}
	}
	if wrong || c.given['C'] && !c.given['R'] {
		io.WriteString(c.stderr, hbUsage)
		return exitUsage
	}
	switch {
	case c.given['D']:
		writeDefaults(c.stdout, c.given['W'])
		return exitOK
	case c.given['k']:
		return c.kill()
	case c.given['s']:
		return c.status()
	case c.given['R']:
		return c.restart()
	case c.given['r']:
		return c.reload()
	}
	return c.start()
}

func validHolding(word string) bool {
	return word == "all" || word == "local" || word == "foreign" || word == "none"
}

func (c *hbCall) status() int {
	pid, alive, err := pidfile.Alive(c.pidFile)
	if alive {
		fmt.Fprintf(c.stdout, "heartbeat OK [pid %s et al] is running on %s [%s]...\n", pidText(pid), c.host, c.node())
		return exitOK
	}
	fmt.Fprintln(c.stdout, "heartbeat is stopped. No process")
	if err != nil { // no pid file, or no number in it
		return hbStopped
	}
	return exitFailed
}

func (c *hbCall) kill() int {
	pid, alive, _ := pidfile.Alive(c.pidFile)
	if alive && pid == 0 {
		return c.noPID()
	}
	if alive {
		err := stopProcess(pid, func() bool {
			now, alive, _ := pidfile.Alive(c.pidFile)
			return alive && now == pid
		}, c.asksToStop(pid))
		if err == nil {
			return exitOK
		}
		fmt.Fprintf(c.stderr, "ERROR: Could not kill pid %d : %s\n", pid, errorText(err))
		return hbNotPermitted
	}
	fmt.Fprintln(c.stderr, "INFO: Heartbeat already stopped.")
	return exitOK
}

// noPID is for a daemon that runs, while its pid file is gone and only root can look further.
func (c *hbCall) noPID() int {
	fmt.Fprintf(c.stderr, "ERROR: heartbeat is running, but its pid is unknown: %s does not say. Run this as root.\n", c.pidFile)
	return hbNotPermitted
}

// pidText is a pid for a message; 0 is one that could not be found.
func pidText(pid int) string {
	if pid == 0 {
		return "unknown"
	}
	return strconv.Itoa(pid)
}

func (c *hbCall) reload() int {
	code := c.hooks.Validate(c.stderr)
	pid, alive, _ := pidfile.Alive(c.pidFile)
	switch {
	case !alive && code != 0:
		return code
	case !alive:
		return c.start()
	case code != 0:
		return c.notRestarted(pid, code)
	case pid == 0:
		return c.noPID()
	}
	c.log(c.stderr, "heartbeat", "info: Signalling heartbeat pid %d to reread config files", pid)
	if c.hooks.Logged != nil {
		c.hooks.Logged(fmt.Sprintf("Signalling heartbeat pid %d to reread config files", pid))
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		fmt.Fprintf(c.stderr, "ERROR: Could not signal pid %d : %s\n", pid, errorText(err))
		return hbNotPermitted
	}
	return exitOK
}

// notRestarted is the end of -r and -R over files that are refused. What is wrong was said here, and ha-log gets a line:
// who reads that later wonders why nothing has come of it.
func (c *hbCall) notRestarted(pid, code int) int {
	text := fmt.Sprintf("Config errors: Heartbeat pid %s NOT restarted", pidText(pid))
	c.log(c.stderr, "heartbeat", "info: %s", text)
	if c.hooks.Logged != nil {
		c.hooks.Logged(text + " (heartbeatd check says which)")
	}
	if code != hbNotPermitted {
		code = exitFailed
	}
	return code
}

func (c *hbCall) start() int {
	if code := c.hooks.Validate(c.stderr); code != 0 {
		return code
	}
	c.log(c.stderr, "heartbeat", "info: **************************")
	c.log(c.stderr, "heartbeat", "info: Configuration validated. Starting heartbeat %s", compatible)
	if c.given['v'] {
		if err := c.hooks.Effective(c.stdout); err != nil {
			complain(c.stderr, fmt.Errorf("printing the configuration: %w", err), "")
			return exitFailed
		}
	}
	if pid, alive := pidfile.Settled(c.pidFile); alive {
		c.log(c.stderr, "heartbeat", "info: heartbeat: already running [pid %s].", pidText(pid))
		return exitOK
	}
	opts := DaemonOptions{Foreground: c.given['f'], Debug: c.debug, NoResources: c.given['M'], Ready: func() {}}
	if opts.Foreground {
		return c.hooks.RunDaemon(opts)
	}
	return c.daemonize(opts, c.stderr)
}

// errorText is an errno as the C library spells it: with a capital.
func errorText(err error) string {
	text := err.Error()
	if errno, ok := err.(syscall.Errno); ok && errno == syscall.EPERM {
		return "Operation not permitted"
	}
	return text
}
