package outdater

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"heartbeatd/internal/runner"
)

// Drbdadm is the program that marks a device.
type Drbdadm struct {
	Program string        // a name is looked for where distributions put it
	Limit   time.Duration // of one run; 0: DefaultLimit
}

// DefaultLimit leaves an asker of 3.0.6, who waits for a minute, the time to hear how it ended.
const DefaultLimit = 45 * time.Second

// searchPath is where drbd-utils of any distribution puts it.
const searchPath = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

// Installed says where the program is.
func (d Drbdadm) Installed() (string, error) {
	if filepath.IsAbs(d.Program) {
		return exec.LookPath(d.Program)
	}
	for _, dir := range filepath.SplitList(searchPath) {
		if path, err := exec.LookPath(filepath.Join(dir, d.Program)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", d.Program)
}

// Outdate runs `drbdadm outdate RESOURCE` and gives its exit status, and the last line it wrote. One that has not
// ended within the limit, or when ctx ends, is killed with all that it started.
func (d Drbdadm) Outdate(ctx context.Context, resource string) (status int, said string, err error) {
	var out tail
	status, err = d.run(ctx, &out, &out, "outdate", resource)
	return status, out.lastLine(), err
}

// Resources are the names that the configuration of DRBD has; upper: of stacked resources.
func (d Drbdadm) Resources(ctx context.Context, upper bool) ([]string, error) {
	args := []string{"sh-resources"}
	if upper {
		args = []string{"-S", "sh-resources"}
	}
	var out, errs tail
	status, err := d.run(ctx, &out, &errs, args...)
	if err == nil && status != 0 {
		err = fmt.Errorf("drbdadm %s: exit status %d: %s", strings.Join(args, " "), status, errs.lastLine())
	}
	return strings.Fields(string(out.kept)), err
}

func (d Drbdadm) run(ctx context.Context, stdout, stderr io.Writer, args ...string) (status int, err error) {
	program, err := d.Installed()
	if err != nil {
		return 0, err
	}
	limit := cmp.Or(d.Limit, DefaultLimit)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the machine has looked at the name
	cmd.Env = []string{"PATH=" + searchPath, "LC_ALL=C"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second // what it leaves behind may hold its output for ever
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := runner.UsualScore(cmd.Start); err != nil {
		return 0, fmt.Errorf("starting it: %w", err)
	}
	err = cmd.Wait()
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

// tail keeps the end of what a program writes.
type tail struct{ kept []byte }

const tailBytes = 64 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b[max(0, len(b)-tailBytes):]...)
	t.kept = bytes.Clone(t.kept[max(0, len(t.kept)-tailBytes):])
	return len(b), nil
}

func (t *tail) lastLine() string {
	text := strings.TrimSpace(string(t.kept))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
