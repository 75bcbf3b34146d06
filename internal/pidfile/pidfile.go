// Package pidfile keeps /run/heartbeat.pid and the lock beside it that allows one daemon a
// machine. The lock, not the number, says whether a daemon lives: a number may have been given
// to another process since.
package pidfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultPath is the pid file of 3.0.6.
const DefaultPath = "/run/heartbeat.pid"

// RunningError says that a daemon runs already.
type RunningError struct {
	PID int // 0 if it has not written its number yet
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return "another heartbeatd is starting on this machine"
	}
	return fmt.Sprintf("heartbeat is already running on this machine, pid %d", e.PID)
}

// File is the pid file of this process.
type File struct {
	path string
	lock *os.File
	// Warning says why the number could not be written, on a full disk for example. The lock
	// holds all the same.
	Warning error
}

// lockPath is a file of its own, readable by root only: the pid file is readable by all, and
// whoever can open a file can lock it and so keep the daemon from starting.
func lockPath(path string) string { return path + ".lock" }

// Create takes the lock and writes this process's number. While another daemon lives, ours or
// 3.0.6, the error is a [*RunningError]. One that is just ending is waited for: see [Settled].
func Create(path string) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the directory of the pid file: %w", err)
	}
	lock, err := os.OpenFile(lockPath(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of the pid file: %w", err)
	}
	// An open file description lock ends with the descriptor, however the process ends, and
	// can be asked about without taking it.
	err = take(lock)
	if isHeld(err) {
		if passes(path) {
			err = take(lock)
		}
	}
	if isHeld(err) {
		lock.Close()
		return nil, &RunningError{holder(path)}
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("locking the pid file: %w", err)
	}
	if pid, err := Read(path); err == nil && isOriginal(pid) && !ends(pid) {
		lock.Close()
		return nil, &RunningError{pid}
	}
	f := &File{path: path, lock: lock}
	f.number()
	f.Warning = write(path, os.Getpid())
	return f, nil
}

// number writes the number into the lock file too, where nobody removes it by mistake. Where
// that fails, [holder] finds it the long way.
func (f *File) number() {
	f.lock.WriteAt(number(os.Getpid()), 0) //nolint:errcheck // see above
}

// Ensure writes the number again where the pid file was removed or is wrong, as after a full
// disk, and takes the lock again where its file was removed: two daemons must not run because
// somebody tidied up. Call it now and then; not from two goroutines at once.
func (f *File) Ensure() error {
	mine, err := f.lock.Stat()
	if err != nil {
		return fmt.Errorf("looking after the lock of the pid file: %w", err)
	}
	if there, err := os.Stat(lockPath(f.path)); err != nil || !os.SameFile(mine, there) {
		if err := f.relock(); err != nil {
			return err
		}
	}
	if pid, err := Read(f.path); err == nil && pid == os.Getpid() {
		return nil
	}
	return write(f.path, os.Getpid())
}

func (f *File) relock() error {
	lock, err := os.OpenFile(lockPath(f.path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the lock of the pid file again: %w", err)
	}
	if err := take(lock); err != nil {
		lock.Close()
		return fmt.Errorf("locking the pid file again: %w", err)
	}
	f.lock.Close()
	f.lock = lock
	f.number()
	return nil
}

func take(lock *os.File) error {
	return unix.FcntlFlock(lock.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
}

func isHeld(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) }

// number is the pid as the files hold it. 3.0.6: eleven bytes, right-aligned.
func number(pid int) []byte { return fmt.Appendf(nil, "%10d\n", pid) }

// write replaces the file in one step: a reader sees the old number or the new one.
func write(path string, pid int) error {
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	err := os.WriteFile(tmp, number(pid), 0o644)
	if err == nil {
		err = os.Chmod(tmp, 0o644) // whatever the umask: monitoring reads it as any user
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("writing the pid file: %w", err)
	}
	return nil
}

// Remove removes the pid file and gives the lock back. 3.0.6 leaves the file: see
// docs/differences.md. The lock file stays, so that two daemons never lock different files.
func (f *File) Remove() error {
	err := os.Remove(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, f.lock.Close())
}

// Read gives the number in the file. An error that is fs.ErrNotExist means no file, any other
// a file without a number.
func Read(path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("reading the pid file: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("reading the pid file: %s holds no process number", path)
	}
	return pid, nil
}

// Alive tells whether a daemon lives; any user may ask. It goes by the lock, not by the pid file,
// which may have been removed or never written; pid is 0 where the number of a living daemon
// cannot be found. The error is that of [Read], and means nothing while a daemon lives.
func Alive(path string) (pid int, alive bool, err error) {
	pid, err = Read(path)
	if err == nil && isOriginal(pid) {
		return pid, true, nil
	}
	held, lockErr := locked(lockPath(path))
	switch {
	case held:
		return holder(path), true, err
	case errors.Is(lockErr, fs.ErrPermission):
		return pid, err == nil && isOurs(pid), err // the name of the process must do
	}
	return pid, false, err
}

// Settled is [Alive] for those who are about to start a daemon, and takes a moment where one is
// alive: a daemon that was killed keeps its lock until the kernel has cleared it away, and would
// be taken for one that runs on.
func Settled(path string) (pid int, alive bool) {
	pid, alive, _ = Alive(path)
	if alive && passes(path) {
		pid, alive, _ = Alive(path)
	}
	return pid, alive
}

// passes tells whether the daemon that holds the lock ends within settling. One that is being
// cleared away holds it without showing it any more: then the files say who it was.
func passes(path string) bool {
	pid := holder(path)
	for _, name := range []string{path, lockPath(path)} {
		if pid == 0 {
			pid, _ = Read(name)
		}
	}
	return ends(pid)
}

// settling is how long a daemon that was killed may take to be gone: a multiple of what the kernel
// needs for it on a busy machine, and not long for one who starts what runs already.
const settling = 250 * time.Millisecond

// ends tells whether a process ends within settling. One that is already gone, to the last thread,
// does.
func ends(pid int) bool {
	if pid <= 0 {
		return false
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH) // else a kernel before 5.3: it is believed to live
	}
	defer unix.Close(fd)
	until := time.Now().Add(settling)
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(max(0, time.Until(until).Milliseconds())))
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

// isOriginal tells whether pid is a daemon of Linux-HA, which holds no lock. Its program is
// called heartbeat; ours, by whatever name it was called, is heartbeatd.
func isOriginal(pid int) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err == nil && filepath.Base(strings.TrimSuffix(exe, " (deleted)")) == "heartbeat"
}

// isOurs judges by the name and the state that every user can read: a dead process keeps its name
// until its parent has asked after it.
func isOurs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), "(")
	i := strings.LastIndexByte(rest, ')') // proc(5): the name may hold anything; a state follows it
	if err != nil || i < 0 || len(rest) < i+3 {
		return false
	}
	name, state := rest[:i], rest[i+2]
	return (name == "heartbeatd" || name == "heartbeat") && state != 'Z' && state != 'X'
}
