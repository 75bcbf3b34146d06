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

// locked asks whether somebody holds the lock, without disturbing it. For those who may not
// open the file the error is fs.ErrPermission if the kernel's list of locks does not tell either.
func locked(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return listed(path)
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	query := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &query); err != nil {
		return false, err
	}
	return query.Type != unix.F_UNLCK, nil
}

// listed looks for the lock in /proc/locks, which every user can read. The list names a file by
// device and inode; a file system that gives stat(2) another device than the list is not found.
func listed(path string) (bool, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return false, fs.ErrPermission
	}
	list, err := os.ReadFile("/proc/locks")
	if err != nil {
		return false, fs.ErrPermission
	}
	name := fmt.Sprintf(" %02x:%02x:%d ", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for line := range strings.Lines(string(list)) {
		if strings.Contains(line, "OFDLCK") && strings.Contains(line, name) {
			return true, nil
		}
	}
	return false, fs.ErrPermission
}

// holder finds the process that holds the lock: the one that the pid file or the lock file names,
// if it holds it indeed, or else whichever does. Those who may not look into other processes are
// given what the pid file says, if that is a daemon. 0 means not found.
func holder(path string) int {
	for range looks {
		pid := shows(path)
		if held, err := locked(lockPath(path)); pid != 0 || err == nil && !held {
			return pid
		}
		// A daemon that replaces itself hands the lock on from descriptor to descriptor: who looks at one after the
		// other may miss it.
		time.Sleep(lookAgain)
	}
	return shows(path)
}

const (
	looks     = 20
	lookAgain = 5 * time.Millisecond
)

// shows is the process that shows the lock at this moment, 0 if none does.
func shows(path string) int {
	lock := lockPath(path)
	fromPIDFile, _ := Read(path)
	fromLock, _ := Read(lock)
	for _, pid := range []int{fromPIDFile, fromLock} {
		if pid > 0 && holds(pid, lock) {
			return pid
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range processes {
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && holds(pid, lock) {
			return pid
		}
	}
	if os.Geteuid() != 0 && isOurs(fromPIDFile) {
		return fromPIDFile
	}
	return 0
}

// holds tells whether a process has the lock file open and locked. An open file description lock
// has no owner that F_OFD_GETLK could name, but proc(5) shows it with the descriptor.
func holds(pid int, lock string) bool {
	want, err := os.Stat(lock)
	if err != nil {
		return false
	}
	dir := fmt.Sprintf("/proc/%d", pid)
	fds, _ := os.ReadDir(dir + "/fd")
	for _, fd := range fds {
		if info, err := os.Stat(filepath.Join(dir, "fd", fd.Name())); err != nil || !os.SameFile(info, want) {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(dir, "fdinfo", fd.Name()))
		if strings.Contains(string(text), "OFDLCK") {
			return true
		}
	}
	return false
}
