package chaos

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// supervise starts what is to be started.
func (n *node) supervise(now time.Time) error {
	if n.off {
		if !n.bootAt.IsZero() && now.After(n.bootAt) || n.c.keep {
			return n.boot()
		}
		return nil
	}
	if n.c.keep && n.startAt.IsZero() && n.rests() {
		n.startAt = now
	}
	if !n.startAt.IsZero() && now.After(n.startAt) && n.rests() {
		n.startAt = time.Time{}
		return n.start()
	}
	return nil
}

// rests says that the daemon does not run and nobody is starting it.
func (n *node) rests() bool {
	return n.daemon == "none" || n.daemon == "stopped" || n.daemon == "killed"
}

// start starts the daemon: as an init script does, or in the foreground, as systemd does.
func (n *node) start() error {
	now := time.Now()
	n.before = n.daemon
	value := "starting"
	if n.before == "killed" {
		value = "restarting"
	}
	n.setDaemon(now, now, value)
	n.upSince, n.pid = time.Time{}, 0
	if n.c.r.Plan.Setup.Clocked {
		return n.foreground()
	}
	n.run("start", n.launched, daemonPath)
	return nil
}

// foreground starts the daemon with a wall clock of its own.
func (n *node) foreground() error {
	cmd := n.host.Command(labTool, "@lab", "clock", clockFile, "/usr/sbin/heartbeatd")
	cmd.Stdout, cmd.Stderr = &n.console, &n.console
	cmd.WaitDelay = 300 * time.Millisecond
	if err := cmd.Start(); err != nil {
		return err
	}
	n.front = append(n.front, cmd)
	go cmd.Wait() //nolint:errcheck // look sees when the daemon ends
	return nil
}

// launched: the launcher has returned.
func (n *node) launched(code int, out string) {
	if n.daemon != "starting" && n.daemon != "restarting" {
		return // killed meanwhile
	}
	now := time.Now()
	if pid := n.readPID(); code == 0 || pid != 0 && n.alive(pid) { // else somebody else has started it
		n.pid = pid
		n.setDaemon(now, now, "up")
		return
	}
	n.c.r.Skipped = append(n.c.r.Skipped, fmt.Sprintf("%s: the daemon of %s did not start: %s", now.Format(clock), n.name, out))
	n.setDaemon(now, now, n.before)
	n.startAt = now.Add(time.Second)
}

// readyAfter is how long a daemon in the foreground gets from writing its pid file to being ready.
const readyAfter = 300 * time.Millisecond

// risen looks for a daemon in the foreground that has come up.
func (n *node) risen(now time.Time) {
	if !n.c.r.Plan.Setup.Clocked || n.off {
		return
	}
	pid := n.readPID()
	if pid == 0 || !n.alive(pid) {
		n.upSince = time.Time{}
		return
	}
	if n.upSince.IsZero() {
		n.upSince = now
	}
	if now.Sub(n.upSince) >= readyAfter {
		n.pid = pid
		n.setDaemon(now, now, "up")
	}
}

// boot switches the host on; its init then starts the daemon.
func (n *node) boot() error {
	if err := n.host.Boot(); err != nil {
		return err
	}
	for link, how := range n.links {
		if how == "cut" {
			if err := n.host.Unplug(link); err != nil {
				return err
			}
		}
	}
	if n.c.double > 0 {
		if err := n.c.lab.Double(n.c.double); err != nil {
			return err
		}
	}
	now := time.Now()
	n.off, n.bootAt, n.startAt = false, time.Time{}, now.Add(200*time.Millisecond)
	n.c.change(now, now, n.name, factPower, "on")
	return nil
}

// stop is `heartbeat -k`.
func (n *node) stop() {
	now := time.Now()
	n.setDaemon(now, now, "stopping")
	n.run("stop", func(code int, out string) {
		if n.daemon != "stopping" {
			return
		}
		end := time.Now()
		if n.alive(n.pid) {
			n.setDaemon(end, end, "up")
			return
		}
		n.setDaemon(end, end, "stopped")
	}, daemonPath, "-k")
}

// sample notes what the daemon uses.
func (n *node) sample() {
	if n.daemon != "up" {
		return
	}
	s := Sample{At: time.Now(), Node: n.name, PID: n.pid, Round: n.c.round}
	files, _ := os.ReadDir(n.host.Path(fmt.Sprintf("/proc/%d/fd", n.pid)))
	s.Files = len(files)
	status, _ := n.host.ReadFile(fmt.Sprintf("/proc/%d/status", n.pid))
	for _, line := range strings.Split(status, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "VmRSS:":
			s.Memory, _ = strconv.Atoi(f[1])
		case "Threads:":
			s.Threads, _ = strconv.Atoi(f[1])
		}
	}
	n.c.r.Samples = append(n.c.r.Samples, s)
}
