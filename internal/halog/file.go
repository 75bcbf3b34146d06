package halog

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// file is a log file. It is opened for append, so that copytruncate works, and written with
// plain system calls and O_NONBLOCK, so that a FIFO without a reader costs lines and not the log.
type file struct {
	path     string
	tune     tuning
	fd       int // -1: not open
	dev, ino uint64
	torn     bool      // the last line was written in part: the next begins on a new line
	failure  error     // why it could not be opened
	retry    time.Time // not before then is it tried again
	checked  time.Time
}

func newFile(path string, t tuning) *file { return &file{path: path, tune: t, fd: -1} }

func (f *file) name() string { return f.path }

func (f *file) write(line []byte) error {
	if f.fd < 0 {
		if err := f.open(time.Now()); err != nil {
			return err
		}
	}
	if f.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := writeAll(f.fd, line)
	f.torn = n > 0 && line[n-1] != '\n' || n == 0 && f.torn
	if err == nil {
		return nil
	}
	// A full disk is waited for with the file open. After anything else (the device is
	// gone, a stale handle) only a new open can help.
	if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) && !errors.Is(err, unix.EAGAIN) {
		f.close()
	}
	return fmt.Errorf("write %s: %w", f.path, err)
}

func writeAll(fd int, b []byte) (n int, err error) {
	for n < len(b) {
		m, err := unix.Write(fd, b[n:])
		if m > 0 {
			n += m
		}
		switch {
		case err == unix.EINTR:
		case err != nil:
			return n, err
		case m == 0:
			return n, unix.EIO
		}
	}
	return n, nil
}

func (f *file) open(now time.Time) error {
	if f.failure != nil && now.Before(f.retry) {
		return f.failure
	}
	fd, err := openAppend(f.path)
	if err != nil {
		f.failure = fmt.Errorf("open %s: %w", f.path, err)
		f.retry = now.Add(f.tune.retry)
		return f.failure
	}
	f.adopt(fd)
	return nil
}

// adopt makes fd the open file.
func (f *file) adopt(fd int) {
	f.close()
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil {
		f.torn = f.torn && uint64(st.Dev) == f.dev && st.Ino == f.ino
		f.dev, f.ino = uint64(st.Dev), st.Ino
	}
	f.fd, f.failure = fd, nil
}

const openFlags = unix.O_WRONLY | unix.O_APPEND | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

// openAppend opens path, creating it 0644 and for hacluster:haclient as 3.0.6 does.
func openAppend(path string) (int, error) {
	fd, err := openRetry(path, openFlags)
	if err != unix.ENOENT {
		return fd, err
	}
	fd, err = openRetry(path, openFlags|unix.O_CREAT|unix.O_EXCL)
	if err == unix.EEXIST { // a dangling symlink, or somebody was faster
		return openRetry(path, openFlags|unix.O_CREAT)
	}
	if err != nil {
		return -1, err
	}
	_ = unix.Fchmod(fd, 0o644) // whatever the umask
	if uid, gid, ok := owner(); ok {
		_ = unix.Fchown(fd, uid, gid)
	}
	return fd, nil
}

func openRetry(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags, 0o644)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// owner is hacluster:haclient, where a package has made them.
func owner() (uid, gid int, ok bool) {
	u, err := user.Lookup("hacluster")
	if err != nil {
		return 0, 0, false
	}
	group := u.Gid
	if g, err := user.LookupGroup("haclient"); err == nil {
		group = g.Gid
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(group)
	return uid, gid, err1 == nil && err2 == nil
}

// refresh notices that the path names another file than the open one. 3.0.6 looks once a minute.
func (f *file) refresh(now time.Time, idle bool) (rotated bool) {
	if f.fd < 0 {
		if idle {
			_ = f.open(now) // the next line finds it open, or is lost with the reason kept
		}
		return false
	}
	if now.Sub(f.checked) < f.tune.check {
		return false
	}
	f.checked = now
	var st unix.Stat_t
	err := unix.Stat(f.path, &st)
	if err == nil && uint64(st.Dev) == f.dev && st.Ino == f.ino {
		return false
	}
	if err != nil && err != unix.ENOENT && err != unix.ENOTDIR {
		return false
	}
	fd, err := openAppend(f.path)
	if err == nil {
		f.adopt(fd)
		return true
	}
	// A file that only has another name now is better than none.
	if unix.Fstat(f.fd, &st) == nil && st.Nlink > 0 {
		return false
	}
	f.close()
	return false
}

func (f *file) reopen() {
	fd, err := openAppend(f.path)
	if err == nil {
		f.adopt(fd)
		return
	}
	if f.fd < 0 {
		f.retry = time.Time{}
	}
}

func (f *file) close() {
	if f.fd >= 0 {
		_ = unix.Close(f.fd)
	}
	f.fd = -1
}
