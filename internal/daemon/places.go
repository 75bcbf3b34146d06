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
		name  string
		mode  os.FileMode
		notes bool // read by the next daemon, which believes them
	}{{"rsctmp", 0o755 | os.ModeSticky, false}, {"scripts", 0o700, true}, {"children", 0o700, true}} {
		path := filepath.Join(run, inner.name)
		if d.innerPlace(path, inner.mode) && inner.notes {
			d.emptyPlace(path)
		}
	}
	d.place(lib, 0o755)
}

// innerPlace makes a directory in one that is ours, where others may have put something before it was.
func (d *daemon) innerPlace(path string, mode os.FileMode) (open bool) {
	if info, err := os.Lstat(path); err == nil && !info.IsDir() {
		d.logLine("WARN", fmt.Sprintf("%s is not a directory: removed", path))
		os.Remove(path) //nolint:errcheck // the next step says it
	}
	return d.place(path, mode)
}

// place makes one directory, of this owner and mode. The directory is opened first, so that what is
// changed is what was looked at. It tells whether somebody else could write there until now, and no more.
func (d *daemon) place(path string, mode os.FileMode) (open bool) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		d.logLine("ERROR", fmt.Sprintf("cannot make %s: %v", path, err))
		return false
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK, 0)
	if err == nil {
		defer f.Close()
		open, err = d.own(f)
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err != nil {
		d.logLine("WARN", fmt.Sprintf("%s is not as it should be: %v", path, err))
	}
	return open && err == nil
}

// own gives an open directory to this user, where this user may. It tells whether another could write to it.
func (d *daemon) own(f *os.File) (open bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return info.Mode()&0o022 != 0, nil
	}
	d.logLine("info", fmt.Sprintf("%s belonged to the user of number %d: it is ours now", f.Name(), st.Uid))
	return true, f.Chown(os.Geteuid(), -1) // the group has no right to write there
}

// emptyPlace removes what others may have put into a directory that is ours only now. It goes into no directory
// there: those may still be theirs, and a directory says nothing to who looks for files.
func (d *daemon) emptyPlace(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		d.logLine("WARN", fmt.Sprintf("%s cannot be emptied: %v", path, err))
		return
	}
	defer f.Close()
	removed, failed := 0, 0
	for again := true; again; { // a file system may pass over some while others are removed
		again = false
		for {
			names, _ := f.Readdirnames(1000)
			if len(names) == 0 {
				break
			}
			for _, name := range names {
				if os.Remove(filepath.Join(path, name)) == nil {
					removed, again = removed+1, true
				} else if !again {
					failed++
				}
			}
		}
		if again {
			failed = 0
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			break
		}
	}
	if removed+failed > 0 {
		d.logLine("WARN", fmt.Sprintf("%s could be written to by others: %d entries removed, %d left", path, removed, failed))
	}
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
