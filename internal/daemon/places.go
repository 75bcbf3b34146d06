package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// makePlaces makes the directories the daemon writes to, and makes them ours. The packages of 3.0.6
// give /run/heartbeat to hacluster: who owns it could put links to other files where we write as root.
// What cannot be had is said and lived without.
func (d *daemon) makePlaces() {
	run, lib := d.opt.Paths.RunDir, d.opt.Paths.LibDir
	d.place(run, 0o755) // 3.0.6: the same; programs look for their socket there
	for _, inner := range []struct {
		name string
		mode os.FileMode
	}{{"rsctmp", 0o755 | os.ModeSticky}, {"scripts", 0o700}} {
		path := filepath.Join(run, inner.name)
		// What others may have put there before the directory was ours.
		if info, err := os.Lstat(path); err == nil && !info.IsDir() {
			d.logLine("WARN", fmt.Sprintf("%s is not a directory: removed", path))
			os.Remove(path) //nolint:errcheck // the next step says it
		}
		d.place(path, inner.mode)
	}
	d.place(lib, 0o755)
}

// place makes one directory, of this owner and mode. The directory is opened first, so that what is
// changed is what was looked at.
func (d *daemon) place(path string, mode os.FileMode) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		d.logLine("ERROR", fmt.Sprintf("cannot make %s: %v", path, err))
		return
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK, 0)
	if err == nil {
		defer f.Close()
		err = d.own(f)
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err != nil {
		d.logLine("WARN", fmt.Sprintf("%s is not as it should be: %v", path, err))
	}
}

// own gives an open directory to this user, where this user may.
func (d *daemon) own(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return nil
	}
	d.logLine("info", fmt.Sprintf("%s belonged to the user of number %d: it is ours now", f.Name(), st.Uid))
	return f.Chown(os.Geteuid(), -1) // the group has no right to write there
}

// ofOurs is more than any file of ours holds, in bytes.
const ofOurs = 4096

var errNoFile = errors.New("it is not a regular file")

// readSmall reads a file of ours without waiting: what stands in its place may be a FIFO, or without end.
func readSmall(path string) ([]byte, os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: %w", path, errNoFile)
	}
	b, err := io.ReadAll(io.LimitReader(f, ofOurs))
	return b, info, err
}
