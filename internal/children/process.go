package children

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/runner"
)

// Events is who is told of processes. Its methods are called from other goroutines than the caller's, for one
// program in the order of what happens to it.
type Events interface {
	Started(n, pid int)
	Failed(n int, why string)
	Ended(n int, end Ending)
}

// Processes are the processes of programs. Its methods do not wait.
type Processes struct {
	config  Config
	records *runner.Records
	starts  chan start
	mu      sync.Mutex
	pids    map[int]int     // of those that have not been waited for, by program
	refused map[string]bool // directories of which was said that they are not used; the starter's
}

// Config is how programs are started.
type Config struct {
	Env []string // NAME=VALUE, on top of the daemon's own environment
	// Cores has a directory for each user, where its programs run (3.0.6: cores/USER); where one is missing, is
	// closed to its user, or is not only its user's, they run in /.
	Cores string
	// StateDir keeps notes of what runs, so that the next daemon finds what one that was killed has left behind.
	// It must not survive a reboot. "" keeps none.
	StateDir string
	Kept     []int // processes that run on, see Adopt
	Log      func(level, text string)
	Events   Events
}

type start struct {
	n       int
	program Program
}

// NewProcesses returns the place where programs are started. Close must be called.
func NewProcesses(c Config) *Processes {
	p := &Processes{config: c, records: runner.NewRecords(c.StateDir), starts: make(chan start, 64), pids: map[int]int{}, refused: map[string]bool{}}
	go p.starter()
	return p
}

// Close starts nothing more.
func (p *Processes) Close() { close(p.starts) }

// Start starts a program. Programs are started in the order of the calls.
func (p *Processes) Start(n int, program Program) {
	select {
	case p.starts <- start{n, program}:
	default: // not a machine that could start one more
		go p.config.Events.Failed(n, fmt.Sprintf("Cannot exec %s: too many others wait to be started", program.Command))
	}
}

// starter starts one after the other, and none before those of an earlier daemon have ended: two of a kind
// would be in each other's way.
func (p *Processes) starter() {
	p.records.End(p.config.Log, p.config.Kept...)
	for s := range p.starts {
		p.start(s)
	}
}

func (p *Processes) start(s start) {
	cmd, err := p.launch(s.program)
	if err != nil {
		p.config.Events.Failed(s.n, err.Error())
		return
	}
	pid := cmd.Process.Pid
	_ = cmd.Process.Release() // it is waited for by its number
	p.records.Add(pid, s.program.Command)
	p.mu.Lock()
	p.pids[s.n] = pid
	p.mu.Unlock()
	p.config.Events.Started(s.n, pid)
	go p.watch(s.n, pid)
}

// watch tells of the end of a process.
func (p *Processes) watch(n, pid int) {
	end := p.wait(n, pid)
	p.records.Remove(pid)
	p.config.Events.Ended(n, end)
}

// Adopt goes on with a process that is a child of ours, because another image of this process has started it. Its
// number must be among Config.Kept.
func (p *Processes) Adopt(n, pid int) {
	p.mu.Lock()
	p.pids[n] = pid
	p.mu.Unlock()
	go p.watch(n, pid)
}

// wait waits for the end of a process. As long as its number is known here it belongs to this process: it is
// taken off the list before the kernel may give it to another.
func (p *Processes) wait(n, pid int) Ending {
	var info unix.Siginfo
	for unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	p.mu.Lock()
	delete(p.pids, n)
	p.mu.Unlock()
	var ws unix.WaitStatus
	err := error(unix.EINTR)
	for err == unix.EINTR {
		_, err = unix.Wait4(pid, &ws, 0, nil)
	}
	switch {
	case err != nil:
		return Ending{Code: -1}
	case ws.Signaled():
		return Ending{Signal: ws.Signal()}
	}
	return Ending{Code: ws.ExitStatus()}
}

// Signal sends a signal to a program and all it has started, as far as they are in its process group.
func (p *Processes) Signal(n int, sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pid, runs := p.pids[n]; runs {
		_ = unix.Kill(-pid, sig)
	}
}

// launch starts one process as 3.0.6 does: by a shell, so that quotes work; in a group of its own; as its user;
// with nothing of the daemon's but its environment. A session of its own keeps it off a terminal, too.
func (p *Processes) launch(program Program) (*exec.Cmd, error) {
	file, _, _ := strings.Cut(program.Command, " ")
	file, _, _ = strings.Cut(file, "\t")
	if err := unix.Access(file, unix.X_OK); err != nil {
		return nil, fmt.Errorf("Cannot exec %s: %s", file, sentence(err)) //nolint:staticcheck // 3.0.6's line
	}
	if err := program.Account.Unknown; err != nil {
		return nil, fmt.Errorf("Cannot exec %s: %w", program.Command, err) //nolint:staticcheck // as above
	}
	cmd, err := p.try(program, p.directory(program.Account))
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOENT) { // the user may not be where 3.0.6 puts it
		cmd, err = p.try(program, "/")
	}
	if err != nil {
		return nil, fmt.Errorf("Cannot exec %s: %w", program.Command, err) //nolint:staticcheck // as above
	}
	return cmd, nil
}

func (p *Processes) try(program Program, dir string) (*exec.Cmd, error) {
	cmd := exec.Command("/bin/sh", "-c", "exec "+program.Command)
	cmd.Dir = dir
	cmd.Env = append(runner.OwnEnvironment(), p.config.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	a := program.Account
	if int(a.UID) != os.Geteuid() || int(a.GID) != os.Getegid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: a.Groups}
	}
	return cmd, runner.Spawn(cmd)
}

// directory is where a program runs. Its core file has all that is in its memory, so nobody else may be able to put
// another directory there, and none but its user, or we, may write to it.
func (p *Processes) directory(a Account) string {
	if p.config.Cores == "" {
		return "/"
	}
	dir := filepath.Join(p.config.Cores, a.Name)
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return "/"
	}
	err := runner.OnlyOurs(p.config.Cores)
	if err == nil && (st.Uid != a.UID && int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0) {
		err = fmt.Errorf("%s: %w", dir, runner.ErrNotOurs)
	}
	if err != nil {
		if !p.refused[dir] {
			p.refused[dir] = true
			p.config.Log("WARN", fmt.Sprintf("programs of %s run in /, where they leave no core file: %v", a.Name, err))
		}
		return "/"
	}
	return dir
}

// sentence is an error as C prints it: with a capital letter.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// StartTime is when a process was started, in a word of the kernel's; "" if there is none.
func (p *Processes) StartTime(pid int) string { return runner.StartTime(pid) }
