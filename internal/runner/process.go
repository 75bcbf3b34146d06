package runner

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
)

// run does one job from looking up its word to the end of its process.
func (r *Runner) run(j job) Result {
	res := Result{ID: j.id, RC: rcNotFound}
	r.records.await(r.config.Log)
	cmd, err := r.Locate(j.word)
	if err != nil {
		res.Path = config.ParseResource(j.word).Script
		res.Err, res.Took = err, time.Since(j.since)
		r.reportMissing(j, err)
		return res
	}
	res.Path = cmd.Path
	if do := r.config.Own(cmd); do != nil {
		r.config.Starting(j.id, cmd, j.op)
		within(j, cmd, do, &res)
		res.Took = time.Since(j.since)
		r.report(j, cmd, &res)
		return res
	}
	// The streams of a status are kept apart, because 3.0.6 judges by stdout alone. Otherwise
	// they share a file, so that their lines stay in order.
	out, err := newCapture(j.op == "status")
	if err != nil {
		res.Err = fmt.Errorf("cannot run %s: %w", cmd.Line(j.op), err)
		res.Took = time.Since(j.since)
		r.report(j, cmd, &res)
		return res
	}
	r.config.Starting(j.id, cmd, j.op)
	p, err := r.start(cmd, j.op, out)
	out.started()
	if err != nil {
		res.RC, res.Err = explain(cmd, j.op, err)
	} else {
		res.PID = p.Process.Pid
		r.records.add(res.PID, cmd.Line(j.op))
		stop := out.watch()
		res.RC, res.Err = outcome(cmd, j.op, p.Wait())
		stop()
		r.records.remove(res.PID)
	}
	res.Stdout, res.Output = out.text()
	r.held.keep(out)
	if cmd.Service != "" && j.op == "status" && res.Err == nil {
		res.Stdout, res.Err = judgeService(cmd, res.RC)
	}
	res.Took = time.Since(j.since)
	r.report(j, cmd, &res)
	return res
}

// start runs the command as 3.0.6 runs scripts: in a session of its own, so that no signal of a
// terminal reaches it, with umask 022.
func (r *Runner) start(c Command, op string, out *capture) (*exec.Cmd, error) {
	dir := r.workDir()
	build := func(path string, args ...string) *exec.Cmd {
		p := exec.Command(path, args...)
		p.Dir = dir
		p.Env = r.environment(dir)
		if r.null != nil {
			p.Stdin = r.null
		}
		p.Stdout, p.Stderr = out.stdout, out.stderr
		p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return p
	}
	readAhead(c.Path)
	p := build(c.Path, c.argv(op)...)
	err := spawn(p)
	// Somebody may just be writing the script, or another thread of ours may have forked
	// while it did.
	for i := 0; errors.Is(err, unix.ETXTBSY) && i < 20; i++ {
		time.Sleep(50 * time.Millisecond)
		p = build(c.Path, c.argv(op)...)
		err = spawn(p)
	}
	if errors.Is(err, unix.ENOEXEC) && looksLikeScript(c.Path) { // no #!: shells run it themselves
		p = build("/bin/sh", append([]string{c.Path}, c.argv(op)...)...)
		err = spawn(p)
	}
	return p, err
}

// readAhead brings into memory what the kernel reads to execute a script. Between fork and exec the parent's thread waits
// in the kernel, and as soon as garbage is collected all of this process waits for that thread: a disk that hangs
// would hold up every decision. Here it holds up this script alone.
func readAhead(path string) {
	line, _, _ := bytes.Cut(firstPage(path), []byte("\n"))
	if interpreter, ok := bytes.CutPrefix(line, []byte("#!")); ok {
		if word := bytes.Fields(interpreter); len(word) > 0 {
			firstPage(string(word[0]))
		}
	}
}

func firstPage(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil // exec says why
	}
	defer f.Close()
	page := make([]byte, 4096)
	n, _ := f.Read(page)
	return page[:n]
}

// spawn starts p with umask 022. The umask belongs to the thread's file system context, so it is
// set on a thread that stops sharing that with the rest of the process and ends afterwards.
func spawn(p *exec.Cmd) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		// Where containers forbid unshare the script gets the umask of the daemon.
		if unix.Unshare(unix.CLONE_FS) == nil {
			unix.Umask(0o022)
		}
		done <- UsualScore(p.Start)
	}()
	return <-done
}

// workDir is where scripts run: cores/root of 3.0.6, or / if that cannot be had.
func (r *Runner) workDir() string {
	dir := r.config.WorkDir
	if err := os.Mkdir(dir, 0o700); errors.Is(err, os.ErrNotExist) {
		_ = os.MkdirAll(filepath.Dir(dir), 0o755)
		_ = os.Mkdir(dir, 0o700)
	}
	if unix.Access(dir, unix.X_OK) == nil {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			return dir
		}
	}
	return "/"
}

// looksLikeScript is the test shells make before they run a file without #!: a program for
// another machine has zero bytes.
func looksLikeScript(path string) bool {
	return bytes.IndexByte(head(path), 0) < 0
}

func head(path string) []byte {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	buf := make([]byte, 256)
	n, _ := f.Read(buf)
	return buf[:n]
}

// explain turns a failed start into an exit status as a shell would give it and a reason that
// tells what to mend.
func explain(c Command, op string, err error) (rc int, why error) {
	say := func(reason string) error { return fmt.Errorf("cannot run %s: %s: %w", c.Line(op), reason, err) }
	_, statErr := os.Stat(c.Path)
	switch {
	case errors.Is(err, unix.ENOENT) && statErr == nil:
		return rcCannotRun, say(interpreterTrouble(c.Path))
	case errors.Is(err, unix.ENOEXEC):
		return rcCannotRun, say("it is neither a script nor a program for this machine")
	case errors.Is(err, unix.EACCES):
		return rcCannotRun, say("permission denied for it or its interpreter; is its file system mounted noexec?")
	}
	return rcNotFound, fmt.Errorf("cannot run %s: %w", c.Line(op), err)
}

// interpreterTrouble says what is wrong with the first line of a script that exists but is "not found".
func interpreterTrouble(path string) string {
	line, _, _ := strings.Cut(string(head(path)), "\n")
	if !strings.HasPrefix(line, "#!") {
		return "its loader or a library does not exist"
	}
	if strings.HasSuffix(line, "\r") {
		return "its first line ends with a carriage return (saved with DOS line ends)"
	}
	name, _, _ := strings.Cut(strings.TrimSpace(line[2:]), " ")
	return fmt.Sprintf("its interpreter %q does not exist", name)
}

// outcome is the exit status of a finished process, as a shell gives it.
func outcome(c Command, op string, err error) (rc int, why error) {
	if err == nil {
		return 0, nil
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return rcNotFound, fmt.Errorf("the end of %s is unknown: %w", c.Line(op), err)
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return rcSignal + int(ws.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// judgeService puts the verdict of systemctl status in words that the rule of 3.0.6 for status
// scripts understands. Only the exit status counts: the text quotes the service's own log, where
// any word may stand. systemctl(1): 0 active, 3 not active, 4 no such unit.
func judgeService(c Command, rc int) (stdout string, err error) {
	switch rc {
	case 0:
		return "running\n", nil
	case 3:
		return "stopped\n", nil
	}
	return "stopped\n", fmt.Errorf("systemd cannot tell whether %s is active: exit status %d of %s", c.Service, rc, c.Line("status"))
}
