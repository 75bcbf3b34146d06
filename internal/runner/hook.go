package runner

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// Hook is a program that is told of something. Nothing depends on its end.
type Hook struct {
	Path string
	Type string   // its only argument
	Env  []string // NAME=VALUE, over what every script gets
}

// hookGrace is how long a hook may go on after it was told to end. 3.0.6: a second, then SIGKILL.
const hookGrace = time.Second

// RunHook runs a hook to its end, as a script with the same environment and nothing of the daemon's. It waits.
// started hears of the process as soon as there is one. When ctx is over the hook is told to end, and killed a second later.
func (r *Runner) RunHook(ctx context.Context, h Hook, started func(pid int)) Result {
	begin := time.Now()
	res := Result{RC: rcNotFound, Path: h.Path}
	cmd := Command{Path: h.Path}
	out, err := newCapture(false)
	if err != nil {
		res.Err = fmt.Errorf("cannot run %s: %w", h.Path, err)
		return res
	}
	p, err := r.startHook(h, out)
	out.started()
	if err != nil {
		res.RC, res.Err = explain(cmd, h.Type, err)
	} else {
		res.PID = p.Process.Pid
		started(res.PID)
		stop := out.watch()
		res.RC, res.Err = outcome(cmd, h.Type, endWith(ctx, p))
		stop()
	}
	_, res.Output = out.text()
	r.held.keep(out)
	res.Took = time.Since(begin)
	return res
}

func (r *Runner) startHook(h Hook, out *capture) (*exec.Cmd, error) {
	dir := r.workDir()
	readAhead(h.Path)
	p := exec.Command(h.Path, h.Type)
	p.Dir, p.Env = dir, append(r.environment(dir), h.Env...)
	if r.null != nil {
		p.Stdin = r.null
	}
	p.Stdout, p.Stderr = out.stdout, out.stderr
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return p, spawn(p)
}

// endWith waits for the process, and ends it and its group when ctx is over.
func endWith(ctx context.Context, p *exec.Cmd) error {
	done := make(chan error, 1)
	go func() { done <- p.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGTERM)
	select {
	case err := <-done:
		return err
	case <-time.After(hookGrace):
	}
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
	return <-done
}

// Lines are what it printed, for ha-log: the end of it, if it is long.
func (r Result) Lines() []string { return last(printable(r.Output), errorLines) }
