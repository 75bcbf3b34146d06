package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrNotOurs is why a directory is not used.
var ErrNotOurs = errors.New("others can write there")

// OnlyOurs refuses a way to a directory on which somebody else could put another one in its place, now or later: who
// may write to a directory may rename what is in it, unless it is as /tmp is.
func OnlyOurs(dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		var link, st unix.Stat_t
		if err := errors.Join(unix.Lstat(dir, &link), unix.Stat(dir, &st)); err != nil {
			return err
		}
		if !ours(link.Uid) || !ours(st.Uid) || st.Mode&0o022 != 0 && st.Mode&unix.S_ISVTX == 0 {
			return fmt.Errorf("%s: %w", dir, ErrNotOurs)
		}
		if link.Mode&unix.S_IFMT == unix.S_IFLNK { // the way goes on where it leads
			real, err := filepath.EvalSymlinks(dir)
			if err != nil {
				return err
			}
			if err := OnlyOurs(real); err != nil {
				return err
			}
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func ours(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }
