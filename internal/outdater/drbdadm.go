package outdater

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"heartbeatd/internal/runner"
)

// Drbdadm is the program that marks a device.
type Drbdadm struct {
	Program string        // a name is looked for in runner.SearchPath
	Limit   time.Duration // of one run; 0: DefaultLimit
	Marking *Marking      // nil: nobody counts

	wait func(*exec.Cmd) error // nil: its own
}

const (
	// DefaultLimit leaves an asker who waits for half a minute the time to hear how it ended. Without an answer he
	// takes this node for dead.
	DefaultLimit = 25 * time.Second
	// lingers is how long one that was killed may take to end. It may never do: DRBD can hold it in the kernel.
	lingers = 2 * time.Second
	// mostMarking is how many may be there, those included that do not end.
	mostMarking = 64
)

// Marking are the resources for which drbdadm runs, so that those that cannot be killed do not become many.
type Marking struct {
	guard sync.Mutex
	of    map[string]bool
}

var errEarlier = errors.New("an earlier one has not ended, though it was killed")

func (m *Marking) begin(resource string) error {
	if m == nil {
		return nil
	}
	m.guard.Lock()
	defer m.guard.Unlock()
	if m.of[resource] || len(m.of) >= mostMarking {
		return errEarlier
	}
	if m.of == nil {
		m.of = map[string]bool{}
	}
	m.of[resource] = true
	return nil
}

func (m *Marking) end(resource string) {
	if m != nil {
		m.guard.Lock()
		delete(m.of, resource)
		m.guard.Unlock()
	}
}

// Installed says where the program is.
func (d Drbdadm) Installed() (string, error) { return runner.Find(d.Program) }

// Outdate runs `drbdadm outdate RESOURCE` and gives its exit status, and the last line it wrote. One that has not
// ended within the limit, or when ctx ends, is killed with all that it started; if that does not help it is not waited
// for.
func (d Drbdadm) Outdate(ctx context.Context, resource string) (status int, said string, err error) {
	if err := d.Marking.begin(resource); err != nil {
		return 0, "", err
	}
	var out tail
	status, err = d.run(ctx, func() { d.Marking.end(resource) }, &out, &out, "outdate", resource)
	return status, out.lastLine(), err
}

// Resources are the names that the configuration of DRBD has; upper: of stacked resources.
func (d Drbdadm) Resources(ctx context.Context, upper bool) ([]string, error) {
	args := []string{"sh-resources"}
	if upper {
		args = []string{"-S", "sh-resources"}
	}
	var out, errs tail
	status, err := d.run(ctx, func() {}, &out, &errs, args...)
	if err == nil && status != 0 {
		err = fmt.Errorf("drbdadm %s: exit status %d", strings.Join(args, " "), status)
		if why := errs.lastLine(); why != "" {
			err = fmt.Errorf("%w: %s", err, why)
		}
	}
	return strings.Fields(out.text()), err
}

// run calls gone when the program is not there any more, which can be later than it returns.
func (d Drbdadm) run(ctx context.Context, gone func(), stdout, stderr io.Writer, args ...string) (status int, err error) {
	program, err := d.Installed()
	if err != nil {
		gone()
		return 0, err
	}
	limit := cmp.Or(d.Limit, DefaultLimit)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the machine has looked at the name
	cmd.Env = []string{"PATH=" + runner.SearchPath, "LC_ALL=C"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = lingers / 2 // what it leaves behind may hold its output for ever
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := runner.UsualScore(cmd.Start); err != nil {
		gone()
		return 0, fmt.Errorf("starting it: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		err := d.waitFor(cmd)
		gone()
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-ctx.Done():
		select {
		case err = <-ended:
		case <-time.After(lingers):
			return 0, fmt.Errorf("not ended within %s, and cannot be killed", limit)
		}
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("not ended within %s: killed", limit)
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	}
	return 0, err
}

func (d Drbdadm) waitFor(cmd *exec.Cmd) error {
	if d.wait != nil {
		return d.wait(cmd)
	}
	return cmd.Wait()
}

// tail keeps the end of what a program writes, who may go on when nobody waits for it any more.
type tail struct {
	guard sync.Mutex
	kept  []byte
}

const tailBytes = 64 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.guard.Lock()
	defer t.guard.Unlock()
	t.kept = append(t.kept, b[max(0, len(b)-tailBytes):]...)
	t.kept = bytes.Clone(t.kept[max(0, len(t.kept)-tailBytes):])
	return len(b), nil
}

func (t *tail) text() string {
	t.guard.Lock()
	defer t.guard.Unlock()
	return string(t.kept)
}

func (t *tail) lastLine() string {
	text := strings.TrimSpace(t.text())
	return text[strings.LastIndexByte(text, '\n')+1:]
}
