package stonith

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"heartbeatd/internal/runner"
)

// DefaultLimit is how long an attempt may take before it counts as failed. Power switches and management boards
// need seconds, the slowest a minute; a person is waited for without limit.
const DefaultLimit = 3 * time.Minute

// meatware asks a person.
const meatware = "meatware"

// badHost is by what exit code 3.0.6 tells that a device does not know the node.
const badHost = 100

// What `stonith` exits with when the device does not know the node (cluster-glue: S_BADHOST).
const glueBadHost = 4

// Config is one device.
type Config struct {
	Type    string
	Program string        // its full path
	Agent   bool          // it is a fence agent
	File    string        // of the parameters; or
	Words   []string      // the parameters
	Plain   []string      // words among them that are no secrets: names of nodes
	Limit   time.Duration // of one run; 0: DefaultLimit
	Env     []string
	// Log gets the program's lines, without the parameters.
	Log func(level, text string)
}

// Device is what resets nodes.
type Device struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	grace  time.Duration // after its limit, before an attempt that does not end is given up

	mu   sync.Mutex
	busy map[string]*started // by node ("": the device is asked), but for those that were given up
	lost int                 // those that were given up and have not ended yet
}

// Result is how a run ended.
type Result struct {
	OK     bool
	Code   int // 0, 100: the device does not know the node, or 1: 3.0.6's exit codes
	PID    int
	Output string // why it failed, in a line
}

// New does not touch the device.
func New(cfg Config) *Device {
	if cfg.Limit == 0 {
		cfg.Limit = DefaultLimit
	}
	d := &Device{cfg: cfg, grace: grace, busy: map[string]*started{}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Name is what the log calls it.
func (d *Device) Name() string { return d.cfg.Type }

// Close ends what waits for a person. A reset that a machine is at is not cut off in the middle.
func (d *Device) Close() {
	if d.cfg.Type == meatware {
		d.cancel()
	}
}

// Reset resets a node. It waits for the end.
func (d *Device) Reset(node string) Result { return d.run("reset", node) }

// Check asks the device whether it works.
func (d *Device) Check() Result { return d.run("status", "") }

// attempt starts the program and judges its end. Nothing is started once ctx has ended: begun gets the number of the
// process.
func (d *Device) attempt(ctx context.Context, action, node string, begun chan<- int) Result {
	words, err := d.parameters()
	if err != nil {
		return d.failed(Result{Code: 1}, err)
	}
	cmd, closing, err := d.command(ctx, action, node, words)
	if err != nil {
		return d.failed(Result{Code: 1}, err)
	}
	defer closing()
	out := newLines(d.cfg.Log, newVeil(d.cfg.Agent, words, d.cfg.Plain))
	cmd.Stdout, cmd.Stderr = out, out
	if err := runner.UsualScore(cmd.Start); err != nil {
		if ctx.Err() != nil {
			err = d.overtime()
		}
		return d.failed(Result{Code: 1}, err)
	}
	begun <- cmd.Process.Pid
	err = cmd.Wait()
	out.end()
	res := Result{PID: cmd.Process.Pid, Output: out.last}
	if ctx.Err() != nil {
		return d.failed(Result{Code: 1, PID: res.PID}, d.overtime())
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return d.judge(res, err)
	}
	res.OK, res.Output = true, ""
	return res
}

func (d *Device) overtime() error {
	if d.ctx.Err() != nil {
		return errors.New("ended with the daemon")
	}
	return fmt.Errorf("no answer from the device within %s: given up", d.cfg.Limit)
}

// judge makes 3.0.6's exit codes of those of the program.
func (d *Device) judge(res Result, err error) Result {
	res.Code = 1
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return d.failed(res, err)
	}
	if !d.cfg.Agent && exit.ExitCode() == glueBadHost {
		res.Code = badHost
	}
	if res.Output == "" {
		res.Output = fmt.Sprintf("%s: %v", d.cfg.Program, exit)
	}
	return res
}

// failed says why nothing could be done.
func (d *Device) failed(res Result, err error) Result {
	res.Output = err.Error()
	d.cfg.Log("ERROR", fmt.Sprintf("STONITH device %s: %s", d.cfg.Type, res.Output))
	return res
}

// command makes the process. Its parameters are in a file in memory, or on stdin.
func (d *Device) command(ctx context.Context, action, node string, words []string) (cmd *exec.Cmd, closing func(), err error) {
	// When we end, a reset must not end in the middle because nobody reads what it says.
	cmd = exec.CommandContext(ctx, "/bin/sh", "-c", `trap "" PIPE; exec "$@"`, "sh", d.cfg.Program) //nolint:gosec // ha.cf says what is run
	cmd.Env = d.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its helpers too
	cmd.WaitDelay = 5 * time.Second                                                      // what it leaves behind may hold its output for ever
	closing = func() {}
	if d.cfg.Agent {
		cmd.Stdin = strings.NewReader(agentInput(action, node, words))
		return cmd, closing, nil
	}
	file := d.cfg.File
	if file == "" {
		f, err := inMemory(strings.Join(words, " ") + "\n")
		if err != nil {
			return nil, nil, err
		}
		cmd.ExtraFiles, closing = []*os.File{f}, func() { f.Close() }
		file = "/proc/self/fd/3"
	}
	cmd.Args = append(cmd.Args, "-t", d.cfg.Type, "-F", file)
	if action == "status" {
		cmd.Args = append(cmd.Args, "-S")
	} else {
		cmd.Args = append(cmd.Args, "-T", action, node)
	}
	return cmd, closing, nil
}

// environment makes cluster-glue's programs log to their stderr, which we read.
func (d *Device) environment() []string {
	return append([]string{
		"PATH=" + runner.SearchPath, "LC_ALL=C",
		"HA_logfile=/proc/self/fd/2", "HA_logfacility=none", "HA_LOGD=no",
	}, d.cfg.Env...)
}
