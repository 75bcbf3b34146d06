package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"heartbeatd/internal/lab"
)

const (
	daemonPath  = "/usr/libexec/heartbeat/heartbeat"
	standbyPath = "/usr/share/heartbeat/hb_standby"
	takePath    = "/usr/share/heartbeat/hb_takeover"
	pidFile     = "/run/heartbeat.pid"
	clockFile   = "/run/lab.clock"
	labTool     = "/opt/lab/lab"
)

// node is one host as the conductor sees it.
type node struct {
	c                *conductor
	name             string
	host             *lab.Host
	log              *lab.Tail
	off              bool
	daemon           string // the value of factDaemon
	before           string // what it was when a start began
	pid              int
	stall            string   // "", "stall" or "freeze"
	stopped          []int    // the processes that are stopped, but for a freeze
	links            []string // ok, cut, removed, stripped
	faults           map[string]bool
	filled           bool
	deafened, losing bool
	startAt          time.Time // the supervisor starts the daemon then; zero: it does not
	bootAt           time.Time // the host boots then
	upSince          time.Time
	logRead          time.Time       // when ha-log was last read
	clocks           []time.Duration // by how much the daemon's clock has been wrong in this play
	looked           time.Time
	busy             []*background
	front            []*exec.Cmd // daemons in the foreground
	console          console     // what those print
	tape             *recording  // nil: nobody records
	opensAt          time.Time   // until then the daemon may not have opened its links again
}

// background is a program that may take its time.
type background struct {
	cmd     *exec.Cmd
	out     *bytes.Buffer
	end     chan error
	command int // index in Record.Commands
	done    func(code int, out string)
}

// run starts a program on the host and goes on; done is called, from look, when it has ended.
func (n *node) run(text string, done func(code int, out string), name string, args ...string) {
	b := &background{cmd: n.host.Command(name, args...), out: &bytes.Buffer{}, end: make(chan error, 1), done: done}
	b.cmd.Stdout, b.cmd.Stderr = b.out, b.out
	b.cmd.WaitDelay = 300 * time.Millisecond
	b.command = len(n.c.r.Commands)
	n.c.r.Commands = append(n.c.r.Commands, Order{Begin: time.Now(), Node: n.name, Text: text})
	if err := b.cmd.Start(); err != nil {
		b.end <- err
		return
	}
	n.busy = append(n.busy, b)
	go func() { b.end <- b.cmd.Wait() }()
}

// look takes note of what has happened to the node.
func (n *node) look() error {
	now := time.Now()
	n.readLog()
	n.finished()
	if n.stall != "freeze" {
		n.signal(syscall.SIGCONT)
	}
	if !n.off && !n.host.Up() {
		if err := n.ended(now); err != nil {
			return err
		}
	}
	if !n.off && n.daemon == "up" && !n.alive(n.pid) {
		n.died(now)
	}
	if n.daemon == "starting" || n.daemon == "restarting" {
		n.risen(now)
	}
	n.looked = now
	if err := n.hark(); err != nil && n.host.Up() {
		return err
	}
	return n.supervise(now)
}

// finished calls for what has ended in the background.
func (n *node) finished() {
	var left []*background
	done := n.busy
	n.busy = nil
	for _, b := range done {
		select {
		case err := <-b.end:
			code := 0
			if exit := new(exec.ExitError); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
				code = -1
			}
			c := &n.c.r.Commands[b.command]
			c.End, c.Code, c.Out = time.Now(), code, strings.TrimSpace(b.out.String())
			b.done(code, c.Out)
		default:
			left = append(left, b)
		}
	}
	n.busy = append(left, n.busy...)
}

// ended: the host is gone, and nobody pulled its cord.
func (n *node) ended(now time.Time) error {
	n.c.r.Ended = append(n.c.r.Ended, Ended{now, n.name, "host"})
	if err := n.powerCut(); err != nil { // clears away what is left
		return err
	}
	n.down(n.looked, now)
	n.bootAt = now.Add(time.Second)
	return nil
}

// down notes that the host has no power since a time.
func (n *node) down(begin, end time.Time) {
	n.off, n.pid, n.stall, n.stopped, n.busy, n.startAt, n.bootAt = true, 0, "", nil, nil, time.Time{}, time.Time{}
	n.c.change(begin, end, n.name, factPower, "off")
	n.setDaemon(begin, end, "none")
	n.c.change(end, end, n.name, factStall, "off") // what was held up had no moment to beat in before
	n.faults = map[string]bool{}
	n.c.change(begin, end, n.name, factScripts, "")
	for link, how := range n.links {
		if how == "removed" || how == "stripped" { // a boot sets that right
			n.setLink(begin, end, link, "ok")
		}
	}
}

func (n *node) setDaemon(begin, end time.Time, value string) {
	if n.daemon = value; value != "up" && n.tape != nil {
		n.tape.end()
		n.tape = nil
	}
	n.c.change(begin, end, n.name, factDaemon, value)
}

// died: the daemon is gone and was not told to. A host that reboots itself is seen a moment later.
func (n *node) died(now time.Time) {
	select {
	case <-n.host.Gone():
		return
	case <-time.After(150 * time.Millisecond):
	}
	if !n.host.Up() {
		return
	}
	n.c.r.Ended = append(n.c.r.Ended, Ended{now, n.name, "daemon"})
	n.setDaemon(n.looked, time.Now(), "killed")
	n.startAt = now.Add(500 * time.Millisecond)
}

// alive says whether a process of the host is there.
func (n *node) alive(pid int) bool {
	text, err := os.ReadFile(n.host.Path(fmt.Sprintf("/proc/%d/stat", pid)))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func (n *node) readPID() int {
	text, _ := n.host.ReadFile(pidFile)
	pid, _ := strconv.Atoi(strings.TrimSpace(text))
	return pid
}

// resume lets everything of the host go on. A child that was stopped may have been replaced meanwhile.
func (n *node) resume() error {
	begin, err := time.Now(), error(nil)
	if n.stall == "freeze" {
		_, err = n.host.Run("sh", "-c", "kill -CONT -1")
	} else if left := slices.DeleteFunc(n.stopped, func(pid int) bool { return !n.alive(pid) }); len(left) > 0 {
		err = n.signalAll(syscall.SIGCONT, left)
	}
	if err != nil {
		return err
	}
	n.stopped = nil
	if n.stall != "" {
		n.stall = ""
		n.c.change(begin, time.Now(), n.name, factStall, "off")
	}
	return nil
}

// signal sends a signal to the programs that run others on the host for us. They stop when those are stopped,
// and do not go on with them.
func (n *node) signal(s syscall.Signal) {
	for _, cmd := range n.front {
		cmd.Process.Signal(s) //nolint:errcheck // it may have ended
	}
	for _, b := range n.busy {
		b.cmd.Process.Signal(s) //nolint:errcheck // it may have ended
	}
}

// powerCut cuts the power. What is stopped while it waits for a program of the host would keep the host from
// ending, so that goes first.
func (n *node) powerCut() error {
	n.signal(syscall.SIGKILL)
	n.front = nil
	return n.host.PowerCut()
}

// console collects what is printed.
type console struct {
	mu   sync.Mutex
	text []byte
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, b...)
	return len(b), nil
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}
