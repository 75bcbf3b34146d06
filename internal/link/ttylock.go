package link

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockPlace is where programs that use serial lines say so, since UUCP.
const lockPlace = "/var/lock"

// ttyLock is our word that a line is in use; "" is none.
type ttyLock string

// lockTTY keeps terminal programs and a second daemon off the line, and keeps us off theirs. Where no lock can be
// written the line is used all the same. DIFFERS: 3.0.6 takes its own lock away as soon as its daemon runs.
func lockTTY(dir, device string) (ttyLock, error) {
	name := filepath.Join(dir, "LCK.."+filepath.Base(device))
	mine := fmt.Appendf(nil, "%10d\n", os.Getpid())
	for range 2 {
		switch err := writeNew(name, mine); {
		case err == nil:
			return ttyLock(name), nil
		case !errors.Is(err, fs.ErrExist):
			return "", nil
		}
		if pid := holder(name); pid == os.Getpid() {
			return ttyLock(name), nil // of an earlier life of this process
		} else if pid != 0 {
			return "", fmt.Errorf("cannot lock line %s: process %d uses it (%s)", device, pid, name)
		}
		_ = os.Remove(name) // whoever made it is dead, or had no right to
	}
	return "", nil
}

// writeNew makes a file that nobody sees half written.
func writeNew(name string, data []byte) error {
	own := name + ".heartbeat"
	_ = os.Remove(own) // of one that was killed here
	f, err := os.OpenFile(own, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return errNoLocks
	}
	defer os.Remove(own) //nolint:errcheck // the name that counts is the other
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(own, name)
}

var errNoLocks = errors.New("no lock can be made")

// holder is the live process that a lock file names, 0 for none. The directory may be open to everybody, so what
// another user than root has put there counts for nothing: he could keep us off the line.
func holder(name string) int {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return 0
	}
	text := make([]byte, 32)
	n, err := unix.Read(fd, text)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil || pid <= 0 || errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
		return 0
	}
	return pid
}

func (l ttyLock) release() {
	if l != "" && holder(string(l)) == os.Getpid() {
		_ = os.Remove(string(l))
	}
}
